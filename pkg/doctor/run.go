package doctor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/compose"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// abandonAfter is how long probes may run after the end of a run: many times
// what any has needed on a busy machine.
const abandonAfter = time.Second

// Options set how to run the probes. The zero value runs all of them.
type Options struct {
	// Timeout bounds the whole run; 0 means 10 s.
	Timeout time.Duration
	// Only names the probes to run, with those they need; empty means all.
	Only []string
	// Skip names probes to leave out. Probes that need one run without it.
	Skip []string
	// Observe gets each finding as soon as it and all before it in the report
	// are there. It is called from the goroutine of Run.
	Observe func(probe.Finding)
}

// Validate returns an error that names every unknown id in Only and Skip.
func (o Options) Validate() error {
	known := ids(Probes())
	var errs []error
	for _, id := range slices.Concat(o.Only, o.Skip) {
		if !slices.Contains(known, id) {
			text := "otdemo check-jaeger --list shows all probes"
			if near := config.Nearest(id, known); near != "" {
				text = "did you mean " + near + "?"
			}
			errs = append(errs, hint.New(fmt.Errorf("unknown probe %q", id), text))
		}
	}
	return errors.Join(errs...)
}

// ValidateCompose returns an error with a hint if target.Compose names a file
// that cannot be read or is not a compose file.
func ValidateCompose(target probe.Target) error { return compose.Validate(target) }

// Run examines target and returns the findings, in the order of Probes. Probes
// that do not wait for each other run in parallel. Run returns when all have
// ended: at the latest soon after opts.Timeout or the end of ctx, when a probe
// that is still running is abandoned and its finding reports that.
func Run(ctx context.Context, target probe.Target, opts Options) Report {
	return run(ctx, Probes(), target, opts)
}

func run(ctx context.Context, probes []probe.Probe, target probe.Target, opts Options) Report {
	start := time.Now()
	if opts.Timeout <= 0 {
		opts.Timeout = probe.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()

	target = target.WithDefaults()
	named := slices.Clone(opts.Only)
	if target.Compose != "" {
		named = append(named, probe.IDCompose) // who names a compose file wants it checked
	}
	jobs := newJobs(choose(probes, opts.Only, opts.Skip), named, len(opts.Only) == 0)
	var wg sync.WaitGroup
	sent := new(probe.SentSpans)
	for _, j := range jobs {
		wg.Go(func() { j.run(ctx, target, sent) })
	}
	report := Report{SchemaVersion: SchemaVersion, Started: start}
	for _, j := range jobs {
		// Jobs end soon after ctx does, so this wait ends, too.
		<-j.done
		report.Findings = append(report.Findings, j.Finding)
		if opts.Observe != nil {
			opts.Observe(j.Finding)
		}
	}
	wg.Wait()
	report.ElapsedMS = milliseconds(time.Since(start))
	report.Verdict = judge(jobs)
	return report
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// choose returns the probes to run: those named and the ones they need or read,
// without the skipped ones.
func choose(probes []probe.Probe, only, skip []string) []probe.Probe {
	wanted := slices.Clone(only)
	// Both stand earlier in the list, so one pass from the end finds all.
	for _, p := range slices.Backward(probes) {
		if slices.Contains(wanted, p.ID) && !slices.Contains(skip, p.ID) {
			wanted = append(wanted, p.Needs...)
			wanted = append(wanted, p.From...)
		}
	}
	return slices.DeleteFunc(slices.Clone(probes), func(p probe.Probe) bool {
		return slices.Contains(skip, p.ID) || len(only) > 0 && !slices.Contains(wanted, p.ID)
	})
}

// job is one probe of a run. Its outcome may be read once done is closed.
type job struct {
	probe probe.Probe
	// requested is set unless the probe runs only because another one needs it,
	// and named if its id or its file was given.
	requested, named bool
	// all are the jobs of the run by id.
	all map[string]*job
	// ran is closed when the probe has run, done when its finding is final.
	ran, done chan struct{}
	probe.Outcome
}

func newJobs(probes []probe.Probe, named []string, whole bool) []*job {
	all := make(map[string]*job, len(probes))
	jobs := make([]*job, len(probes))
	for i, p := range probes {
		isNamed := slices.Contains(named, p.ID)
		jobs[i] = &job{
			probe: p, named: isNamed, requested: isNamed || whole,
			all: all, ran: make(chan struct{}), done: make(chan struct{}),
		}
		all[p.ID] = jobs[i]
	}
	return jobs
}

// run waits for what the probe waits for, runs it, and closes done.
func (j *job) run(ctx context.Context, target probe.Target, sent *probe.SentSpans) {
	defer close(j.done)
	env := j.newEnv(target, sent)
	for _, id := range j.probe.Follows {
		if earlier := j.all[id]; earlier != nil {
			<-earlier.ran
		}
	}
	start := time.Now()
	f, ended := j.examine(ctx, env)
	elapsed := time.Since(start)
	close(j.ran)
	if !ended {
		env = j.newEnv(target, sent)
	}
	j.await(env, j.probe.RunsBeside)
	if j.probe.Finalize != nil {
		f = j.probe.Finalize(env, f)
	}
	f.ID, f.Title = j.probe.ID, j.probe.Title
	if f.Hop == probe.HopNone {
		f.Hop = j.probe.Hop
	}
	f.ElapsedMS = milliseconds(elapsed)
	j.Outcome = probe.Outcome{Finding: f, Published: env.Published}
}

func (j *job) newEnv(target probe.Target, sent *probe.SentSpans) *probe.Env {
	// Who names a probe wants it run, even if nothing is wrong.
	target.Thorough = target.Thorough || j.named
	env := &probe.Env{Target: target, Probe: &j.probe, Earlier: make(map[string]*probe.Outcome), Sent: sent}
	j.await(env, j.probe.Needs)
	j.await(env, j.probe.After)
	return env
}

// await gives env the outcomes of those probes that are in the run, when they are final.
func (j *job) await(env *probe.Env, ids []string) {
	for _, id := range ids {
		if other := j.all[id]; other != nil {
			<-other.done
			env.Earlier[id] = &other.Outcome
		}
	}
}

// examine returns the finding of the probe, and whether the probe has ended: if
// not, env is still in use.
func (j *job) examine(whole context.Context, env *probe.Env) (f probe.Finding, ended bool) {
	for _, id := range j.probe.Needs {
		need := env.Earlier[id]
		if need != nil && !need.Finding.Status.Passes() && need.Finding.Code != probe.CodeNotUsed {
			return probe.Found(probe.StatusSkip, probe.CodeNeedFailed, "not run: needs %s, which %s", id, describe(need.Finding.Status)), true
		}
	}
	if whole.Err() != nil && !j.probe.Judges {
		return probe.Unfinished(whole), true
	}
	ctx := whole
	if !j.probe.Unbounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, probe.NetworkTimeout)
		defer cancel()
	}
	f, ended = j.within(whole, ctx, env)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// What a probe finds while it is cancelled does not count.
		return probe.Unfinished(ctx), ended
	case !ended:
		return probe.Unknown(probe.CodeAbandoned, "abandoned: the probe was still running %s after the end of the check", abandonAfter), false
	}
	return f, true
}

// within runs the probe and waits for its end, or until it is clear that it does
// not end with the whole run. It is then left to itself, and so is its Env.
func (j *job) within(whole, ctx context.Context, env *probe.Env) (f probe.Finding, ended bool) {
	done := make(chan probe.Finding, 1)
	go func() { done <- j.guarded(ctx, env) }()
	select {
	case f := <-done:
		return f, true
	case <-whole.Done():
	}
	grace := time.NewTimer(abandonAfter)
	defer grace.Stop()
	select {
	case f := <-done:
		return f, true
	case <-grace.C:
		return probe.Finding{}, false
	}
}

// guarded turns a panic into a finding: a bug here proves nothing about Jaeger.
func (j *job) guarded(ctx context.Context, env *probe.Env) (f probe.Finding) {
	defer func() {
		if r := recover(); r != nil {
			env.Published = nil
			f = probe.Unknown(probe.CodePanicked, "bug in otdemo: the probe panicked: %v", r).
				Saw(string(debug.Stack()))
		}
	}()
	return j.probe.Run(ctx, env)
}

func describe(s probe.Status) string {
	switch s {
	case probe.StatusFail:
		return "failed"
	case probe.StatusSkip:
		return "was skipped"
	default:
		return "was inconclusive"
	}
}
