package load

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/client"
)

// Run makes the calls of opts, and returns when the last one is done. An error means
// that the options are invalid and nothing was sent. When ctx ends before the run does,
// the calls in flight are canceled and observed as such, and the outcome is Interrupted;
// that is not an error.
func Run(ctx context.Context, opts Options) (Outcome, error) {
	if err := opts.check(); err != nil {
		return Outcome{}, err
	}
	opts.Request.Discard, opts.Request.NoEvents = true, true
	template, err := opts.Request.Template()
	if err != nil {
		return Outcome{}, err
	}
	r := newRun(opts, func(ctx context.Context) (client.Result, error) {
		return opts.Client.Send(ctx, template)
	})
	return r.do(ctx), nil
}

// run is what the workers of a run share.
type run struct {
	caller  *caller
	opts    Options
	pace    pacer
	share   share
	started time.Time

	// taken numbers the calls, measured those after the warm-up.
	taken, measured atomic.Int64
	sent            atomic.Int64
	// stopped is the time.Duration from started at which the first worker made no further
	// call because ctx ended; 0 if none did.
	stopped   atomic.Int64
	observing sync.Mutex
}

func newRun(opts Options, send func(context.Context) (client.Result, error)) *run {
	if opts.Observe == nil {
		opts.Observe = func(Result) {}
	}
	return &run{
		caller:  newCaller(opts, send),
		opts:    opts,
		pace:    pacer(opts.Rate),
		share:   newShare(opts.TraceShare),
		started: time.Now(),
	}
}

func (r *run) do(ctx context.Context) Outcome {
	var workers sync.WaitGroup
	for range r.opts.Concurrency {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	return Outcome{
		Start:       r.started,
		End:         time.Now(),
		Interrupted: r.stopped.Load() > 0,
		Sent:        r.sent.Load(),
		Unsent:      r.unsent(),
	}
}

// work makes one call after the other until the run is over.
func (r *run) work(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		result, ok := r.next()
		if !ok {
			return
		}
		if !r.wait(ctx, timer, result.Start) {
			r.interrupt()
			return
		}
		if r.opts.Rate > 0 {
			result.Delay = time.Since(result.Start)
		}
		r.sent.Add(1)
		_, _ = r.caller.call(ctx, &result, r.share.includes(result.Seq)) // the result has the error
		if result.Kind == Canceled {
			r.interrupt()
		}
		r.observing.Lock()
		r.opts.Observe(result)
		r.observing.Unlock()
	}
}

// next returns the next call: its number, when it is due, and whether it is part of the
// warm-up; false when the run has no more calls.
func (r *run) next() (Result, bool) {
	now := time.Now()
	elapsed := now.Sub(r.started)
	result := Result{Start: now}
	if r.overAt(elapsed) {
		return result, false
	}
	result.Seq = r.taken.Add(1) - 1
	due := elapsed
	if r.opts.Rate > 0 {
		due = r.pace.due(result.Seq)
		result.Start = r.started.Add(due)
	}
	result.Warmup = due < r.opts.Warmup
	if result.Warmup {
		return result, true
	}
	if n := r.opts.Requests; n > 0 && r.measured.Add(1) > n {
		return result, false
	}
	return result, !r.overAt(due)
}

// overAt reports whether the run's time is over when elapsed has passed.
func (r *run) overAt(elapsed time.Duration) bool {
	return r.opts.Duration > 0 && elapsed >= addCapped(r.opts.Warmup, r.opts.Duration)
}

// wait waits until due and returns true, or false when ctx ends before that or has
// ended.
func (r *run) wait(ctx context.Context, timer *time.Timer, due time.Time) bool {
	if ctx.Err() != nil {
		return false
	}
	left := time.Until(due)
	if left <= 0 {
		return true
	}
	timer.Reset(left)
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *run) interrupt() {
	r.stopped.CompareAndSwap(0, max(1, int64(time.Since(r.started))))
}

// unsent returns how many calls were due and not made, once the workers are done.
// Without a rate a call is due when a worker is free, so there are none.
func (r *run) unsent() int64 {
	if r.opts.Rate == 0 {
		return 0
	}
	until := addCapped(r.opts.Warmup, r.opts.Duration)
	switch {
	case r.stopped.Load() > 0:
		until = time.Duration(r.stopped.Load())
	case r.opts.Duration == 0:
		return 0 // it ended with its last call
	}
	due := r.pace.count(until)
	if r.opts.Requests > 0 {
		due = min(due, addCapped(r.pace.count(r.opts.Warmup), r.opts.Requests))
	}
	return max(due-r.sent.Load(), 0)
}

// addCapped returns the sum of two numbers that are not negative, and MaxInt64 where
// it would overflow.
func addCapped[T ~int64](a, b T) T {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
