package cmd

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ill is a report with a finding of each status.
func ill() doctor.Report {
	return doctor.Report{
		SchemaVersion: 1,
		Started:       time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		ElapsedMS:     41.5,
		Verdict: doctor.Verdict{
			Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork, Probe: "agent-udp", Code: "udp-refused", Warnings: 1,
			Text: "spans do NOT reach Jaeger: first broken hop: network: nothing listens on udp localhost:6831",
			Fix:  "docker run -p 6831:6831/udp ... (/udp is needed)",
		},
		Findings: []doctor.Finding{
			{ID: "config-effective", Hop: doctor.HopConfig, Title: "the configuration makes sense", Code: "config-effective", Status: doctor.StatusOK, Fact: "tracer jaeger", Evidence: []string{"not shown when well"}, ElapsedMS: 0.1},
			{ID: "sampler", Hop: doctor.HopSampling, Title: "the sampler keeps traces", Code: "sampler-keeps-few", Status: doctor.StatusWarn, Fact: "1 in 1000 is kept", Hints: []string{"--sampler-param 1"}},
			{ID: "sampling-strategy", Hop: doctor.HopSampling, Title: "the strategy keeps traces", Code: "not-used", Status: doctor.StatusSkip, Fact: "the sampler uses no server"},
			{
				ID: "agent-udp", Hop: doctor.HopNetwork, Title: "the port is reachable", Code: "udp-refused", Status: doctor.StatusFail,
				Fact:      "nothing listens on udp localhost:6831",
				Evidence:  []string{"sent 93 bytes", "response: connection refused <ICMP>"},
				Causes:    []doctor.Cause{{Text: "6831/udp is not published", Command: "docker ps"}, {Text: "100% something else,\nreally"}},
				Hints:     []string{"docker run -p 6831:6831/udp ... (/udp is needed)"},
				ElapsedMS: 3.2,
			},
			{ID: "canary", Hop: doctor.HopDelivery, Title: "a span can be read back", Code: "need-failed", Status: doctor.StatusSkip, Fact: "not run: needs agent-udp, which failed"},
			{ID: "clock", Hop: doctor.HopClock, Title: "the clocks agree", Code: "clock-unknown", Status: doctor.StatusUnknown, Fact: "no Date header received"},
		},
	}
}

func TestReportForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, form, color string
	}{
		{"text", "text", "never"},
		{"text-color", "text", "always"},
		{"short", "short", "never"},
		{"junit", "junit", "never"},
		{"github", "github", "never"},
		{"json", "json", "never"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := testEnv()
			a := &app{env: env, color: newChoice(tt.color)}
			if err := a.writeReport(ill(), tt.form, false); err != nil {
				t.Fatal(err)
			}
			got := env.Stdout.(*bytes.Buffer).String()
			golden := filepath.Join("testdata", "report-"+tt.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUntilWell(t *testing.T) {
	t.Parallel()
	well := doctor.Report{Verdict: doctor.Verdict{OK: true, Answer: doctor.AnswerYes}}
	network := doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork}}
	hopeless := doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopConfig}}
	tests := map[string]struct {
		limit   time.Duration
		answer  func(elapsed time.Duration) doctor.Report
		wantOK  bool
		tries   int
		elapsed time.Duration
	}{
		"well at once":  {limit: time.Minute, answer: func(time.Duration) doctor.Report { return well }, wantOK: true, tries: 1},
		"never well":    {limit: 10 * time.Second, answer: func(time.Duration) doctor.Report { return network }, tries: 6, elapsed: 7750 * time.Millisecond},
		"configuration": {limit: time.Hour, answer: func(time.Duration) doctor.Report { return hopeless }, tries: 1},
		"well later": {limit: time.Minute, wantOK: true, tries: 5, elapsed: 3750 * time.Millisecond, answer: func(elapsed time.Duration) doctor.Report {
			if elapsed < 2*time.Second {
				return network
			}
			return well
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, tries := time.Now(), 0
				report := untilWell(t.Context(), tt.limit, nil, func(context.Context) doctor.Report {
					tries++
					return tt.answer(time.Since(start))
				})
				if report.Verdict.OK != tt.wantOK || tries != tt.tries || time.Since(start) != tt.elapsed {
					t.Errorf("well %v after %d tries and %s, want %v after %d and %s",
						report.Verdict.OK, tries, time.Since(start), tt.wantOK, tt.tries, tt.elapsed)
				}
			})
		})
	}
}

func TestUntilWellShowsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var progress bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		untilWell(ctx, time.Minute, &progress, func(context.Context) doctor.Report { return ill() })
		if got, want := progress.String(), "waiting, 1m0s left (first broken hop: network)"; !strings.Contains(got, want) {
			t.Errorf("progress %q, want %q in it", got, want)
		}
		if !strings.HasSuffix(progress.String(), clearLine) {
			t.Errorf("progress %q does not end with an empty line", progress.String())
		}
	})
}
