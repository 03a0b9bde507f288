package doctor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// defaultTimeout is for a whole run. A span may need a flush of its batch and a
// refresh of Elasticsearch's index, a second each, several times over on a busy
// machine.
const defaultTimeout = 10 * time.Second

// abandonAfter is how long after the end of a run its probes may need to end, too:
// many times what any has needed on a busy machine.
const abandonAfter = time.Second

// Options say how to run the probes. The zero value runs all of them.
type Options struct {
	// Timeout bounds the whole run; 0 means 10 s.
	Timeout time.Duration
	// Only names the probes to run, with those they need; empty means all.
	Only []string
	// Skip names probes to leave out. Probes that need one run without it.
	Skip []string
	// Observe gets each finding as soon as it and all before it in the report
	// are there. It is called from the goroutine of Run.
	Observe func(Finding)
}

// Validate returns an error that names every unknown id in Only and Skip.
func (o Options) Validate() error {
	var known []string
	for _, p := range Probes() {
		known = append(known, p.ID)
	}
	var errs []error
	for _, id := range slices.Concat(o.Only, o.Skip) {
		if !slices.Contains(known, id) {
			errs = append(errs, &unknownProbeError{id: id, known: known})
		}
	}
	return errors.Join(errs...)
}

type unknownProbeError struct {
	id    string
	known []string
}

func (e *unknownProbeError) Error() string { return fmt.Sprintf("unknown probe %q", e.id) }

// Hint lists the probes there are.
func (e *unknownProbeError) Hint() string { return "probes are: " + strings.Join(e.known, ", ") }

// Run examines target and returns what was found, in the order of Probes.
// Probes that do not wait for each other run side by side. Run returns when all
// of them have: at the latest soon after opts.Timeout or the end of ctx, when a
// probe that is still at work is abandoned, as its finding says.
func Run(ctx context.Context, target Target, opts Options) Report {
	return run(ctx, Probes(), target, opts)
}

func run(ctx context.Context, probes []Probe, target Target, opts Options) Report {
	start := time.Now()
	timeout := opts.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	target = target.withDefaults()
	jobs := newJobs(choose(probes, opts.Only, opts.Skip))
	for _, j := range jobs {
		j.named = slices.Contains(opts.Only, j.probe.ID)
		j.asked = j.named || len(opts.Only) == 0
	}
	var wg sync.WaitGroup
	sent := new(sentSpans)
	for _, j := range jobs {
		wg.Go(func() { j.run(ctx, target, sent) })
	}
	report := Report{SchemaVersion: SchemaVersion, Started: start}
	for _, j := range jobs {
		// Jobs end soon after ctx does, so this wait does, too.
		<-j.done
		report.Findings = append(report.Findings, j.finding)
		if opts.Observe != nil {
			opts.Observe(j.finding)
		}
	}
	wg.Wait()
	report.ElapsedMS = milliseconds(time.Since(start))
	report.Verdict = judge(jobs)
	return report
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// choose returns the probes to run: only those named, what they need and what they
// look at, without the skipped ones.
func choose(probes []Probe, only, skip []string) []Probe {
	wanted := slices.Clone(only)
	// Both stand earlier in the list, so one pass from the end finds all.
	for _, p := range slices.Backward(probes) {
		if slices.Contains(wanted, p.ID) && !slices.Contains(skip, p.ID) {
			wanted = append(wanted, p.Needs...)
			wanted = append(wanted, p.From...)
		}
	}
	return slices.DeleteFunc(slices.Clone(probes), func(p Probe) bool {
		return slices.Contains(skip, p.ID) || len(only) > 0 && !slices.Contains(wanted, p.ID)
	})
}

// job is a probe on its way to an outcome, which may be read once done is
// closed.
type job struct {
	probe Probe
	// asked says that the probe was not only brought along by one that needs it,
	// and named that it was asked for by its id.
	asked, named bool
	waits        []*job
	// follows is waited for until its probes have run.
	follows []*job
	// beside is waited for before Settle.
	beside []*job
	// ran is closed when the probe has run, done when its finding is settled, too.
	ran, done chan struct{}
	outcome
}

func newJobs(probes []Probe) []*job {
	byID := make(map[string]*job, len(probes))
	jobs := make([]*job, 0, len(probes))
	for _, p := range probes {
		j := &job{probe: p, ran: make(chan struct{}), done: make(chan struct{})}
		for _, id := range slices.Concat(p.Needs, p.After) {
			if earlier := byID[id]; earlier != nil {
				j.waits = append(j.waits, earlier)
			}
		}
		for _, id := range p.Follows {
			if earlier := byID[id]; earlier != nil {
				j.follows = append(j.follows, earlier)
			}
		}
		for _, id := range p.Beside {
			if earlier := byID[id]; earlier != nil {
				j.beside = append(j.beside, earlier)
			}
		}
		byID[p.ID] = j
		jobs = append(jobs, j)
	}
	return jobs
}

// run waits for what the probe waits for, runs it, and closes done.
func (j *job) run(ctx context.Context, target Target, sent *sentSpans) {
	defer close(j.done)
	env := j.newEnv(target, sent)
	for _, earlier := range j.follows {
		<-earlier.ran
	}
	start := time.Now()
	f, ended := j.examine(ctx, env)
	elapsed := time.Since(start)
	close(j.ran)
	if !ended {
		env = j.newEnv(target, sent)
	}
	for _, other := range j.beside {
		<-other.done
		env.earlier[other.probe.ID] = &other.outcome
	}
	if j.probe.Settle != nil {
		f = j.probe.Settle(env, f)
	}
	f.ID, f.Title = j.probe.ID, j.probe.Title
	if f.Hop == HopNone {
		f.Hop = j.probe.Hop
	}
	f.ElapsedMS = milliseconds(elapsed)
	j.outcome = outcome{finding: f, learned: env.learned}
}

// newEnv waits for what the probe waits for.
func (j *job) newEnv(target Target, sent *sentSpans) *Env {
	env := &Env{Target: target, probe: &j.probe, earlier: make(map[string]*outcome), sent: sent}
	for _, earlier := range j.waits {
		<-earlier.done
		env.earlier[earlier.probe.ID] = &earlier.outcome
	}
	return env
}

// examine returns what the probe found, and whether it has ended: if not, env is
// still in use.
func (j *job) examine(whole context.Context, env *Env) (f Finding, ended bool) {
	for _, id := range j.probe.Needs {
		need := env.earlier[id]
		switch {
		case need == nil, need.finding.Status.passes(), need.finding.Code == codeNotUsed:
		default:
			return found(StatusSkip, codeNeedFailed, "not run: needs %s, which %s", id, describe(need.finding.Status)), true
		}
	}
	if whole.Err() != nil && !j.probe.Judges {
		return unfinished(whole), true
	}
	ctx := whole
	if !j.probe.Patient {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, networkTimeout)
		defer cancel()
	}
	f, ended = j.within(whole, ctx, env)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		// What a probe sees while it is torn down is no finding.
		return unfinished(ctx), ended
	case !ended:
		return found(StatusUnknown, codeAbandoned, "abandoned: the probe was still at work %s after the end of the check", abandonAfter), false
	}
	return f, true
}

// within runs the probe and waits for its end, or until it is clear that it does
// not end with the whole run. It is then left to itself, and so is its Env.
func (j *job) within(whole, ctx context.Context, env *Env) (f Finding, ended bool) {
	done := make(chan Finding, 1)
	go func() { done <- j.guarded(ctx, env) }()
	select {
	case f := <-done:
		return f, true
	case <-whole.Done():
	}
	patience := time.NewTimer(abandonAfter)
	defer patience.Stop()
	select {
	case f := <-done:
		return f, true
	case <-patience.C:
		return Finding{}, false
	}
}

func unfinished(ctx context.Context) Finding {
	if errors.Is(ctx.Err(), context.Canceled) {
		return found(StatusUnknown, codeInterrupted, "interrupted")
	}
	return found(StatusUnknown, codeNotRun, "not run: the time was up").hint("--timeout 30s")
}

// guarded turns a panic into a finding: a bug here says nothing about Jaeger.
func (j *job) guarded(ctx context.Context, env *Env) (f Finding) {
	defer func() {
		if r := recover(); r != nil {
			env.learned = nil
			f = found(StatusUnknown, codePanicked, "bug in otdemo: the probe panicked: %v", r).
				saw(string(debug.Stack()))
		}
	}()
	return j.probe.Run(ctx, env)
}

func describe(s Status) string {
	switch s {
	case StatusFail:
		return "failed"
	case StatusSkip:
		return "was not run"
	default:
		return "could not tell"
	}
}
