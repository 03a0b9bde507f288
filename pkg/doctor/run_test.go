package doctor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fake is a probe with a fixed finding.
func fake(id string, f Finding, needs ...string) Probe {
	return Probe{ID: id, Hop: HopNetwork, Title: id + " is well", Needs: needs, Run: func(context.Context, *Env) Finding { return f }}
}

func okay(id string, needs ...string) Probe {
	return fake(id, found(StatusOK, "fine", "it is well"), needs...)
}

// slow is a probe that is ok after d.
func slow(id string, d time.Duration, needs ...string) Probe {
	p := okay(id, needs...)
	p.Run = func(ctx context.Context, _ *Env) Finding {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return found(StatusUnknown, "late", "not in time")
		case <-timer.C:
			return found(StatusOK, "fine", "it is well")
		}
	}
	return p
}

// lines shows findings as "id status code".
func lines(findings []Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, strings.Join([]string{f.ID, string(f.Status), string(f.Code)}, " "))
	}
	return out
}

func runFakes(t *testing.T, opts Options, probes ...Probe) Report {
	t.Helper()
	return run(t.Context(), probes, outside(load(t)), opts)
}

func TestOneCauseMakesOneFailure(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{},
		fake("a", found(StatusFail, "broken", "a is broken")),
		okay("b", "a"),
		okay("c", "b"),
		okay("d"),
		fake("e", found(StatusWarn, "odd", "e is odd")),
		okay("f", "e"),
		fake("g", notUsed("no g here")),
		okay("h", "g"),
		fake("i", found(StatusUnknown, "fog", "i cannot see")),
		okay("j", "i"),
	)
	want := []string{
		"a fail broken", "b skip need-failed", "c skip need-failed", "d ok fine", "e warn odd", "f ok fine",
		"g skip not-used", "h ok fine", "i unknown fog", "j skip need-failed",
	}
	if diff := cmp.Diff(want, lines(report.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if got, want := report.Findings[1].Fact, "not run: needs a, which failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := report.Findings[2].Fact, "not run: needs b, which was not run"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := report.Findings[9].Fact, "not run: needs i, which could not tell"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFindingsCarryTheirProbe(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{}, okay("a"), fake("b", found(StatusOK, "fine", "it is well").at(HopStorage)))
	got := report.Findings
	if got[0].Title != "a is well" || got[0].Hop != HopNetwork {
		t.Errorf("got title %q and hop %s, want the probe's", got[0].Title, got[0].Hop)
	}
	if got[1].Hop != HopStorage {
		t.Errorf("got hop %s, want the one that the finding blames", got[1].Hop)
	}
}

// The order is kept without waiting for what settles a finding.
func TestFollowersDoNotWaitForSettling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		first := slow("first", time.Second)
		first.Beside = []string{"slow"}
		first.Settle = func(_ *Env, f Finding) Finding { return f }
		second := slow("second", time.Second)
		second.Follows = []string{"first"}
		run(t.Context(), []Probe{slow("slow", 3*time.Second), first, second}, Target{}, Options{})
		if got, want := time.Since(start), 3*time.Second; got != want {
			t.Errorf("run took %s, want %s: first and second beside slow", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var order []string
		note := func(p Probe) Probe {
			run := p.Run
			p.Run = func(ctx context.Context, env *Env) Finding {
				f := run(ctx, env)
				order = append(order, p.ID)
				return f
			}
			return p
		}
		second := note(slow("second", 0))
		second.Follows = []string{"first"}
		run(t.Context(), []Probe{note(slow("first", time.Second)), second}, Target{}, Options{})
		if want := []string{"first", "second"}; !slices.Equal(order, want) {
			t.Errorf("got the order %q, want %q", order, want)
		}
	})
}

func TestProbesRunSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		report := run(t.Context(), []Probe{slow("a", time.Second), slow("b", time.Second), slow("c", time.Second, "a")}, Target{}, Options{})
		if got, want := time.Since(start), 2*time.Second; got != want {
			t.Errorf("run took %s, want %s", got, want)
		}
		if got := report.ElapsedMS; got != 2000 {
			t.Errorf("got %v ms, want 2000", got)
		}
		if got := report.Findings[2].ElapsedMS; got != 1000 {
			t.Errorf("got %v ms for c, want its own 1000", got)
		}
	})
}

func TestObserverGetsFindingsInOrderAndSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got []string
		var at []time.Duration
		probes := []Probe{slow("a", time.Second), okay("b"), slow("c", 2*time.Second)}
		run(t.Context(), probes, Target{}, Options{Observe: func(f Finding) {
			got = append(got, f.ID)
			at = append(at, time.Since(start))
		}})
		if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{time.Second, time.Second, 2 * time.Second}, at); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		patient := slow("b", time.Hour)
		patient.Patient = true
		probes := []Probe{slow("a", time.Hour), patient, okay("c", "b")}
		report := run(t.Context(), probes, Target{}, Options{Timeout: 5 * time.Second})
		if diff := cmp.Diff([]string{"a unknown late", "b unknown late", "c skip need-failed"}, lines(report.Findings)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		if got, want := report.Findings[0].ElapsedMS, 3000.0; got != want {
			t.Errorf("a took %v ms, want its share of %v", got, want)
		}
		if got, want := time.Since(start), 5*time.Second; got != want {
			t.Errorf("run took %s, want %s", got, want)
		}
	})
}

// A probe that ignores its context does not keep the run from ending, and those
// that wait for it have an end, too.
func TestRunEndsBeforeItsProbes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cancel time.Duration
		want   []string
		took   time.Duration
	}{
		"the time is up": {time.Hour, []string{"a unknown probe-abandoned", "b unknown not-run", "c ok fine"}, 6 * time.Second},
		"a signal":       {2 * time.Second, []string{"a unknown interrupted", "b unknown interrupted", "c ok fine"}, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(tt.cancel, cancel)
				release := make(chan struct{})
				defer close(release)
				stuck, after := okay("a"), okay("b")
				stuck.Run = func(_ context.Context, env *Env) Finding {
					<-release
					env.learn("too late")
					return found(StatusOK, "fine", "it is well")
				}
				stuck.Settle = func(env *Env, f Finding) Finding {
					if env.learned != nil {
						t.Errorf("learned %v from a probe that has not ended", env.learned)
					}
					return f
				}
				after.After = []string{"a"}
				start := time.Now()
				report := run(ctx, []Probe{stuck, after, okay("c")}, Target{}, Options{Timeout: 5 * time.Second})
				if diff := cmp.Diff(tt.want, lines(report.Findings)); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
				if got := time.Since(start); got != tt.took {
					t.Errorf("run took %s, want %s", got, tt.took)
				}
			})
		})
	}
}

func TestNothingStartsWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		last := okay("b")
		last.After = []string{"a"}
		report := run(t.Context(), []Probe{slow("a", time.Hour), last}, Target{}, Options{Timeout: time.Second})
		if diff := cmp.Diff([]string{"a unknown late", "b unknown not-run"}, lines(report.Findings)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	})
}

func TestInterruptIsNoFinding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		p := slow("a", time.Hour)
		inner := p.Run
		p.Run = func(ctx context.Context, env *Env) Finding {
			inner(ctx, env)
			return found(StatusFail, "lost", "all is lost")
		}
		report := run(ctx, []Probe{p, okay("b", "a")}, Target{}, Options{})
		if diff := cmp.Diff([]string{"a unknown interrupted", "b skip need-failed"}, lines(report.Findings)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		if report.Verdict.Answer != AnswerUnknown {
			t.Errorf("got %s, want unknown", report.Verdict.Answer)
		}
	})
}

func TestPanicIsUnknown(t *testing.T) {
	t.Parallel()
	p := okay("a")
	p.Run = func(_ context.Context, env *Env) Finding {
		env.learn(1)
		panic("oh no")
	}
	report := runFakes(t, Options{}, p, okay("b"))
	if diff := cmp.Diff([]string{"a unknown probe-panicked", "b ok fine"}, lines(report.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	f := report.Findings[0]
	if got, want := f.Fact, "bug in otdemo: the probe panicked: oh no"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(f.Evidence) != 1 || !strings.Contains(f.Evidence[0], "run_test.go") {
		t.Errorf("got evidence %q, want a stack", f.Evidence)
	}
}

func TestFactsPassOnlyToThoseWhoWait(t *testing.T) {
	t.Parallel()
	teacher := okay("a")
	teacher.Run = func(_ context.Context, env *Env) Finding {
		env.learn(42)
		return found(StatusOK, "fine", "it is well")
	}
	var got int
	var known, wrongType, passed bool
	pupil := okay("b")
	pupil.After = []string{"a", "left-out"}
	pupil.Run = func(_ context.Context, env *Env) Finding {
		got, known = fact[int](env, "a")
		_, wrongType = fact[string](env, "a")
		passed = env.passed("left-out")
		return found(StatusOK, "fine", "it is well")
	}
	thief := okay("c")
	thief.Run = func(_ context.Context, env *Env) Finding {
		fact[int](env, "a")
		return found(StatusOK, "fine", "it is well")
	}
	report := runFakes(t, Options{}, teacher, pupil, thief)
	if got != 42 || !known || wrongType || passed {
		t.Errorf("got %d known=%t wrongType=%t passed=%t, want 42 true false false", got, known, wrongType, passed)
	}
	if got, want := report.Findings[2].Fact, "bug in otdemo: the probe panicked: probe c does not wait for a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyAndSkip(t *testing.T) {
	t.Parallel()
	probes := []Probe{okay("a"), okay("b", "a"), okay("c", "b"), okay("d")}
	tests := map[string]struct {
		only, skip, want []string
	}{
		"all":                  {nil, nil, []string{"a", "b", "c", "d"}},
		"only takes needs":     {[]string{"c"}, nil, []string{"a", "b", "c"}},
		"skip":                 {nil, []string{"b"}, []string{"a", "c", "d"}},
		"only and skip a need": {[]string{"c"}, []string{"b"}, []string{"c"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range choose(probes, tt.only, tt.skip) {
				got = append(got, p.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("probes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateNamesUnknownProbes(t *testing.T) {
	t.Parallel()
	if err := (Options{Only: []string{idCanary}, Skip: []string{idSampler}}).Validate(); err != nil {
		t.Errorf("got %v for known probes", err)
	}
	err := Options{Only: []string{"canari"}, Skip: []string{"x"}}.Validate()
	if err == nil {
		t.Fatal("got no error")
	}
	if got, want := err.Error(), "unknown probe \"canari\"\nunknown probe \"x\""; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got %T, want joined errors", err)
	}
	hint := joined.Unwrap()[0].(interface{ Hint() string }).Hint()
	if !slices.Contains(strings.Split(strings.TrimPrefix(hint, "probes are: "), ", "), idCanary) {
		t.Errorf("hint %q does not list the probes", hint)
	}
}
