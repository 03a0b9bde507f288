package doctor

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// A probe that only compares the results of others still runs after the timeout,
// which a lost canary and the other paths use up.
func TestJudgesRunsWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		judges := okay("judges", "slow")
		judges.Needs, judges.After, judges.Judges = nil, []string{"slow"}, true
		late := okay("late")
		late.After = []string{"slow"}
		report := runFakes(t, Options{Timeout: time.Millisecond}, slow("slow", time.Minute), judges, late)
		want := []string{"slow unknown late", "judges ok fine", "late unknown not-run"}
		if diff := cmp.Diff(want, probetest.Lines(report.Findings)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	})
}

func TestCanaryTooSoonToSay(t *testing.T) {
	t.Parallel()
	agent := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t,
		"reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, agent.LocalAddr().String()),
		"query.url", probetest.Serve(t, probetest.Answer(404, "", probetest.NotFoundBody)).URL,
	))
	report := run(t.Context(), []probe.Probe{canary.Probe()}, target, Options{Timeout: 200 * time.Millisecond})
	if got, want := probetest.Lines(report.Findings)[0], "canary unknown canary-not-awaited"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if report.Verdict.Answer != AnswerUnknown {
		t.Errorf("got %s, want unknown", report.Verdict.Answer)
	}
}

// A collector that hangs until the time is up has not refused anything.
func TestCanaryThatHasNoTimeToLeave(t *testing.T) {
	t.Parallel()
	hanging := probetest.Serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	target := probetest.Outside(probetest.Load(t, "reporter.collector.endpoint", hanging.URL+"/api/traces"))
	report := run(t.Context(), []probe.Probe{canary.Probe()}, target, Options{Timeout: 100 * time.Millisecond})
	if got, want := probetest.Lines(report.Findings)[0], "canary unknown canary-not-awaited"; got != want {
		t.Errorf("got %q, want %q: %+v", got, want, report.Findings[0])
	}
}

// However many paths are checked, only the configured one decides.
func TestThoroughRunDecidesNothingMore(t *testing.T) {
	t.Parallel()
	_, pairs := probetest.StartBackend(t)
	target := probetest.Outside(probetest.Load(t, pairs...))
	target.Thorough = true
	target.Dial = probetest.UsualPorts(map[string]string{"tcp 4318": probetest.Hostport(probetest.Serve(t, http.NotFound).URL)})
	report := Run(t.Context(), target, Options{})
	if report.Verdict.Answer != AnswerYes {
		t.Errorf("got %+v, want yes", report.Verdict)
	}
	want := []string{
		"ports warn ports-foreign", "http-path unknown http-path-no-help", "udp-compact-path unknown other-path-no-help",
		"udp-binary-path unknown other-path-no-help", "udp-zipkin-path unknown other-path-no-help",
		"otlp-grpc-path unknown other-path-no-help", "otlp-path unknown other-path-no-help", "zipkin-path unknown other-path-no-help",
	}
	if diff := cmp.Diff(want, probetest.About(want, report.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// fake is a probe with a fixed finding.
func fake(id string, f probe.Finding, needs ...string) probe.Probe {
	return probe.Probe{ID: id, Hop: probe.HopNetwork, Title: id + " is well", Needs: needs, Run: func(context.Context, *probe.Env) probe.Finding { return f }}
}

func okay(id string, needs ...string) probe.Probe {
	return fake(id, probe.Found(probe.StatusOK, "fine", "it is well"), needs...)
}

// slow is a probe that is ok after d.
func slow(id string, d time.Duration, needs ...string) probe.Probe {
	p := okay(id, needs...)
	p.Run = func(ctx context.Context, _ *probe.Env) probe.Finding {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return probe.Found(probe.StatusUnknown, "late", "not in time")
		case <-timer.C:
			return probe.Found(probe.StatusOK, "fine", "it is well")
		}
	}
	return p
}

func runFakes(t *testing.T, opts Options, probes ...probe.Probe) Report {
	t.Helper()
	return run(t.Context(), probes, probetest.Outside(probetest.Load(t)), opts)
}

func TestOneCauseMakesOneFailure(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{},
		fake("a", probe.Found(probe.StatusFail, "broken", "a is broken")),
		okay("b", "a"),
		okay("c", "b"),
		okay("d"),
		fake("e", probe.Found(probe.StatusWarn, "odd", "e is odd")),
		okay("f", "e"),
		fake("g", probe.NotUsed("no g here")),
		okay("h", "g"),
		fake("i", probe.Found(probe.StatusUnknown, "fog", "i cannot see")),
		okay("j", "i"),
	)
	want := []string{
		"a fail broken", "b skip need-failed", "c skip need-failed", "d ok fine", "e warn odd", "f ok fine",
		"g skip not-used", "h ok fine", "i unknown fog", "j skip need-failed",
	}
	if diff := cmp.Diff(want, probetest.Lines(report.Findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if got, want := report.Findings[1].Fact, "not run: needs a, which failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := report.Findings[2].Fact, "not run: needs b, which was skipped"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := report.Findings[9].Fact, "not run: needs i, which was inconclusive"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFindingsCarryTheirProbe(t *testing.T) {
	t.Parallel()
	report := runFakes(t, Options{}, okay("a"), fake("b", probe.Found(probe.StatusOK, "fine", "it is well").AtHop(probe.HopStorage)))
	got := report.Findings
	if got[0].Title != "a is well" || got[0].Hop != probe.HopNetwork {
		t.Errorf("got title %q and hop %s, want the probe's", got[0].Title, got[0].Hop)
	}
	if got[1].Hop != probe.HopStorage {
		t.Errorf("got hop %s, want the hop of the finding", got[1].Hop)
	}
}

// The order is kept without waiting for what settles a finding.
func TestFollowersDoNotWaitForSettling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		first := slow("first", time.Second)
		first.RunsBeside = []string{"slow"}
		first.Finalize = func(_ *probe.Env, f probe.Finding) probe.Finding { return f }
		second := slow("second", time.Second)
		second.Follows = []string{"first"}
		run(t.Context(), []probe.Probe{slow("slow", 3*time.Second), first, second}, probe.Target{}, Options{})
		if got, want := time.Since(start), 3*time.Second; got != want {
			t.Errorf("run took %s, want %s: first and second beside slow", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var order []string
		note := func(p probe.Probe) probe.Probe {
			run := p.Run
			p.Run = func(ctx context.Context, env *probe.Env) probe.Finding {
				f := run(ctx, env)
				order = append(order, p.ID)
				return f
			}
			return p
		}
		second := note(slow("second", 0))
		second.Follows = []string{"first"}
		run(t.Context(), []probe.Probe{note(slow("first", time.Second)), second}, probe.Target{}, Options{})
		if want := []string{"first", "second"}; !slices.Equal(order, want) {
			t.Errorf("got the order %q, want %q", order, want)
		}
	})
}

func TestProbesRunSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		report := run(t.Context(), []probe.Probe{slow("a", time.Second), slow("b", time.Second), slow("c", time.Second, "a")}, probe.Target{}, Options{})
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
		probes := []probe.Probe{slow("a", time.Second), okay("b"), slow("c", 2*time.Second)}
		run(t.Context(), probes, probe.Target{}, Options{Observe: func(f probe.Finding) {
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
		patient.Unbounded = true
		probes := []probe.Probe{slow("a", time.Hour), patient, okay("c", "b")}
		report := run(t.Context(), probes, probe.Target{}, Options{Timeout: 5 * time.Second})
		if diff := cmp.Diff([]string{"a unknown late", "b unknown late", "c skip need-failed"}, probetest.Lines(report.Findings)); diff != "" {
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
// that wait for it end as well.
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
				stuck.Run = func(_ context.Context, env *probe.Env) probe.Finding {
					<-release
					env.Publish("too late")
					return probe.Found(probe.StatusOK, "fine", "it is well")
				}
				stuck.Finalize = func(env *probe.Env, f probe.Finding) probe.Finding {
					if env.Published != nil {
						t.Errorf("learned %v from a probe that has not ended", env.Published)
					}
					return f
				}
				after.After = []string{"a"}
				start := time.Now()
				report := run(ctx, []probe.Probe{stuck, after, okay("c")}, probe.Target{}, Options{Timeout: 5 * time.Second})
				if diff := cmp.Diff(tt.want, probetest.Lines(report.Findings)); diff != "" {
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
		report := run(t.Context(), []probe.Probe{slow("a", time.Hour), last}, probe.Target{}, Options{Timeout: time.Second})
		if diff := cmp.Diff([]string{"a unknown late", "b unknown not-run"}, probetest.Lines(report.Findings)); diff != "" {
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
		p.Run = func(ctx context.Context, env *probe.Env) probe.Finding {
			inner(ctx, env)
			return probe.Found(probe.StatusFail, "lost", "all is lost")
		}
		report := run(ctx, []probe.Probe{p, okay("b", "a")}, probe.Target{}, Options{})
		if diff := cmp.Diff([]string{"a unknown interrupted", "b skip need-failed"}, probetest.Lines(report.Findings)); diff != "" {
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
	p.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		env.Publish(1)
		panic("oh no")
	}
	report := runFakes(t, Options{}, p, okay("b"))
	if diff := cmp.Diff([]string{"a unknown probe-panicked", "b ok fine"}, probetest.Lines(report.Findings)); diff != "" {
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

func TestResultsPassOnlyToProbesThatWait(t *testing.T) {
	t.Parallel()
	teacher := okay("a")
	teacher.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		env.Publish(42)
		return probe.Found(probe.StatusOK, "fine", "it is well")
	}
	var got int
	var known, wrongType, passed bool
	pupil := okay("b")
	pupil.After = []string{"a", "left-out"}
	pupil.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		got, known = probe.Result[int](env, "a")
		_, wrongType = probe.Result[string](env, "a")
		passed = env.Passed("left-out")
		return probe.Found(probe.StatusOK, "fine", "it is well")
	}
	thief := okay("c")
	thief.Run = func(_ context.Context, env *probe.Env) probe.Finding {
		probe.Result[int](env, "a")
		return probe.Found(probe.StatusOK, "fine", "it is well")
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
	probes := []probe.Probe{okay("a"), okay("b", "a"), okay("c", "b"), okay("d")}
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
	if err := (Options{Only: []string{probe.IDCanary}, Skip: []string{probe.IDSampler}}).Validate(); err != nil {
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
	for i, want := range []string{"did you mean canary?", "otdemo check-jaeger --list shows all probes"} {
		if got := joined.Unwrap()[i].(interface{ Hint() string }).Hint(); got != want {
			t.Errorf("got the hint %q, want %q", got, want)
		}
	}
}
