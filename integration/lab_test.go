package integration

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/process"
)

// faultCase is one way in which spans get lost or out of sight, and what
// check-jaeger is to make of it.
type faultCase struct {
	// cause is its number in the catalogue of causes, and how says how it is
	// produced here. Together they are a row in docs/findings.md.
	cause, how string
	// env and flags are for check-jaeger. A {name} stands for what the place
	// knows by that name.
	env, flags []string

	// exit is check-jaeger's exit code.
	exit int
	// hop and code are of the finding that says it: the one that decides the
	// verdict, or a warning beside a good one.
	hop, code string
	// hint is part of the fix, or of that finding's hints. With exit code 2 it
	// is part of what stderr says.
	hint string
	// maybe are parts of the causes that cannot be told apart.
	maybe []string
}

// place is where a check is made.
type place struct {
	// in puts a program there; nil leaves it where it is.
	in func(process.Command) process.Command
	// names are what {name} stands for.
	names map[string]string
}

// environment is a place with the fault cases that are produced there.
type environment struct {
	name       string
	set        func(t *testing.T) place
	faultCases []faultCase
}

// TestLab produces each cause of the catalogue for real, and expects check-jaeger
// to find the first broken hop and the line that mends it.
func TestLab(t *testing.T) {
	t.Parallel()
	for _, w := range slices.Concat(frontEnvironments(), machineEnvironments()) {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			at := w.set(t)
			for _, a := range w.faultCases {
				t.Run(a.cause+" "+a.how, func(t *testing.T) {
					t.Parallel()
					a.examine(t, at)
				})
			}
		})
	}
}

// examine runs check-jaeger at the place and compares what it finds.
func (a faultCase) examine(t *testing.T, at place) {
	t.Helper()
	// Long enough to call a span lost and to try another way after that.
	got := at.check(t, a.env, append([]string{"--timeout", "8s"}, a.flags...)...)
	const exitUsage = 2
	if got.Code == exitUsage {
		if a.exit != exitUsage || !strings.Contains(got.Stderr, a.hint) {
			t.Errorf("got exit code 2, want %d, and %q in stderr:\n%s", a.exit, a.hint, got.Stderr)
		}
		return
	}
	var r labReport
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q: %v", got.Stdout, err)
	}
	if got.Code != a.exit {
		t.Fatalf("got exit code %d, want %d\n%s", got.Code, a.exit, r)
	}
	f, fix := r.decisive(a)
	if f.Code != a.code || f.Hop != a.hop {
		t.Errorf("got finding %s at hop %s, want %s at %s\n%s", f.Code, f.Hop, a.code, a.hop, r)
	}
	if !strings.Contains(strings.Join(append(f.Hints, fix), "\n"), a.hint) {
		t.Errorf("hints lack %q\n%s", a.hint, r)
	}
	for _, want := range a.maybe {
		if !strings.Contains(f.causes(), want) {
			t.Errorf("causes lack %q\n%s", want, r)
		}
	}
}

// check runs check-jaeger to its end, whatever its exit code.
func (p place) check(t *testing.T, env []string, flags ...string) process.Result {
	t.Helper()
	c := command(t, append([]string{"check-jaeger", "-o", "json"}, p.fill(flags)...)...)
	c.Env = append(c.Env, p.fill(env)...)
	if p.in != nil {
		c = p.in(c)
	}
	return process.Run(t, runTimeout, c)
}

// fill puts in what the names stand for.
func (p place) fill(words []string) []string {
	filled := slices.Clone(words)
	for name, value := range p.names {
		for i := range filled {
			filled[i] = strings.ReplaceAll(filled[i], "{"+name+"}", value)
		}
	}
	return filled
}

// labReport is what the lab looks at of check-jaeger's JSON.
type labReport struct {
	Verdict struct {
		Answer   string `json:"answer"`
		Probe    string `json:"probe"`
		Text     string `json:"text"`
		Fix      string `json:"fix"`
		Warnings int    `json:"warnings"`
	} `json:"verdict"`
	Findings  []labFinding `json:"findings"`
	ElapsedMS float64      `json:"elapsed_ms"`
}

type labFinding struct {
	ID     string   `json:"id"`
	Hop    string   `json:"hop"`
	Code   string   `json:"code"`
	Status string   `json:"status"`
	Fact   string   `json:"fact"`
	Hints  []string `json:"hints"`
	Causes []struct {
		Text    string `json:"text"`
		Command string `json:"command"`
	} `json:"causes"`
}

// decisive returns the finding that speaks of a, and the verdict's fix. Beside a
// good verdict that is the warning that is wanted.
func (r labReport) decisive(a faultCase) (labFinding, string) {
	for _, f := range r.Findings {
		if a.exit == 0 && f.Code == a.code || a.exit != 0 && f.ID == r.Verdict.Probe {
			return f, r.Verdict.Fix
		}
	}
	return labFinding{}, ""
}

func (f labFinding) causes() string {
	var b strings.Builder
	for _, c := range f.Causes {
		b.WriteString(c.Text + ": " + c.Command + "\n")
	}
	return b.String()
}

// String draws the report for a failed test.
func (r labReport) String() string {
	var b strings.Builder
	b.WriteString(r.Verdict.Text + "\nfix: " + r.Verdict.Fix + "\n")
	for _, f := range r.Findings {
		b.WriteString(f.Status + " " + f.Hop + " " + f.Code + ": " + f.Fact + "\n")
		for _, h := range f.Hints {
			b.WriteString("  hint: " + h + "\n")
		}
		if causes := f.causes(); causes != "" {
			b.WriteString("  maybe: " + strings.ReplaceAll(strings.TrimSpace(causes), "\n", "\n  maybe: ") + "\n")
		}
	}
	return b.String()
}
