package reporter

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// gate is a transport that takes a span only when it is let through, and then
// counts it as sent, or as failed.
type gate struct {
	counters *Counters
	ctx      context.Context
	let      chan State
}

func (g *gate) Append(*jaeger.Span) {
	select {
	case to := <-g.let:
		g.counters.Move(1, InFlight, to)
	case <-g.ctx.Done():
		g.counters.Move(1, InFlight, Failed)
	}
}

func (*gate) Flush()              {}
func (*gate) Close()              {}
func (*gate) Tick() time.Duration { return 0 }

// newReporter makes a blocking reporter.
func newReporter(queueSize int) *Reporter[*jaeger.Span] {
	return New[*jaeger.Span](config.Reporter{QueueSize: queueSize, FlushInterval: time.Hour},
		Env{Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NullFactory, Block: true})
}

// newGated makes a blocking reporter above a gate. Its queue holds two spans, and
// its goroutine takes up to two more.
func newGated(t *testing.T) (*Reporter[*jaeger.Span], *gate) {
	t.Helper()
	r := newReporter(2)
	g := &gate{counters: r.Counters, ctx: r.Retrier.Ctx, let: make(chan State)}
	r.Start(g)
	t.Cleanup(func() {
		r.cancel()
		_ = r.Shutdown(context.Background())
		testkit.CheckBalance(t, r.Stats())
	})
	return r, g
}

// fill reports spans until the next one would have to wait: one is in the gate.
func fill(r *Reporter[*jaeger.Span], spans []*jaeger.Span) {
	r.Enqueue(spans[0])
	synctest.Wait()
	r.Enqueue(spans[1])
	r.Enqueue(spans[2])
	synctest.Wait()
}

func TestBlockWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, g := newGated(t)
		const made = 20
		var wg sync.WaitGroup
		for _, span := range testkit.NewSpans(made) {
			wg.Go(func() { r.Enqueue(span) })
		}
		synctest.Wait()
		if s := r.Stats(); s.Blocked == 0 || s.Dropped != 0 || s.Finished != made {
			t.Errorf("while nothing is sent: got %+v, want some blocked and none dropped", s)
		}
		for range made {
			g.let <- Sent
		}
		wg.Wait()
		synctest.Wait()
		if s := r.Stats(); s.Sent != made || s.Lost() != 0 {
			t.Errorf("got %+v, want %d sent", s, made)
		}
	})
}

// A backend that is gone holds each goroutine up once; what then finds the queue
// full is dropped at once, until something is sent again.
func TestBlockEndsWithoutProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, g := newGated(t)
		spans := testkit.NewSpans(8)
		fill(r, spans)
		wait := func(span *jaeger.Span) time.Duration {
			start := time.Now()
			r.Enqueue(span)
			return time.Since(start)
		}
		if got := wait(spans[3]); got != blockTimeout {
			t.Errorf("the first waited %v, want %v", got, blockTimeout)
		}
		if got := wait(spans[4]); got != 0 {
			t.Errorf("the second waited %v, want none", got)
		}
		// A batch that fails makes room, but is no reason to wait again.
		g.let <- Failed
		synctest.Wait()
		fill(r, spans[4:7])
		if got := wait(spans[7]); got != 0 {
			t.Errorf("after a failure it waited %v, want none", got)
		}
		before := r.Stats().Dropped
		g.let <- Sent
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, span := range testkit.NewSpans(4) {
				r.Enqueue(span)
			}
		}()
		for range 4 {
			g.let <- Sent
		}
		<-done
		if s := r.Stats(); s.Dropped != before {
			t.Errorf("got %d more dropped after the backend was back, want none", s.Dropped-before)
		}
	})
}

// Close lets those go who wait for room, and counts their spans.
func TestCloseFreesTheBlocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, g := newGated(t)
		spans := testkit.NewSpans(5)
		fill(r, spans)
		var wg sync.WaitGroup
		for _, span := range spans[3:] {
			wg.Go(func() { r.Enqueue(span) })
		}
		synctest.Wait()
		go func() {
			for range 3 {
				g.let <- Sent
			}
		}()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		want := Stats{Finished: 5, Sent: 3, AfterClose: 2, Blocked: 2}
		if got := r.Stats(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestQueue(t *testing.T) {
	t.Parallel()
	const size = 5
	q := newQueue[*jaeger.Span](size)
	spans := testkit.NewSpans(40)
	var got []*jaeger.Span
	into := make([]*jaeger.Span, 3)
	next := 0
	for next < len(spans) {
		for next < len(spans) {
			if verdict, _ := q.put(spans[next]); verdict == queueFull {
				break
			}
			next++
		}
		got = append(got, into[:q.take(into)]...)
	}
	for q.len() > 0 {
		got = append(got, into[:q.take(into)]...)
	}
	for i, span := range got {
		if span != spans[i] {
			t.Fatalf("span %d is out of order", i)
		}
	}
	if len(got) != len(spans) {
		t.Errorf("got %d spans, want %d", len(got), len(spans))
	}
	for i, span := range q.ring {
		if span != nil {
			t.Errorf("the queue still holds the span at %d", i)
		}
	}
}

// The reader is woken for half a queue, and again while that much is left.
func TestQueueWakes(t *testing.T) {
	t.Parallel()
	q := newQueue[*jaeger.Span](8)
	woken := func() bool {
		select {
		case <-q.ready:
			return true
		default:
			return false
		}
	}
	spans := testkit.NewSpans(9)
	for i, span := range spans[:8] {
		q.put(span)
		if got, want := woken(), i == 3; got != want {
			t.Errorf("span %d: woken %v, want %v", i, got, want)
		}
	}
	verdict, room := q.put(spans[8])
	if verdict != queueFull {
		t.Errorf("got %d, want the queue full", verdict)
	}
	q.take(make([]*jaeger.Span, 3))
	select {
	case <-room:
	default:
		t.Error("nobody is told that there is room")
	}
	if !woken() {
		t.Error("five spans are left and nobody is woken")
	}
	q.take(make([]*jaeger.Span, 3))
	if woken() {
		t.Error("woken for two spans")
	}
	if !q.close() || q.close() {
		t.Error("close does not tell the first from the second")
	}
	if verdict, _ := q.put(spans[8]); verdict != queueClosed {
		t.Errorf("after close: got %d, want closed", verdict)
	}
}

// A span whose goroutine lost the race with Close is counted, not left behind.
func TestReportAfterTheLastRead(t *testing.T) {
	t.Parallel()
	spans := testkit.NewSpans(2)
	rep := newReporter(10)
	rep.queue.close()
	// The first one comes when the goroutine has emptied the queue, the second
	// one when it has ended; both had seen the reporter open.
	rep.Transport = closeHook{&gate{}, func() { rep.Enqueue(spans[0]) }}
	rep.finish()
	if s := rep.Counters.Stats(rep.queue.len()); s.AfterClose != 1 || s.Queued != 0 {
		t.Errorf("got %+v, want 1 after close", s)
	}
	rep.Enqueue(spans[1])
	if s := rep.Counters.Stats(rep.queue.len()); s.AfterClose != 2 || s.Queued != 0 || s.Finished != 2 {
		t.Errorf("got %+v, want 2 after close", s)
	}
}

// closeHook does something before its transport is closed.
type closeHook struct {
	Transport[*jaeger.Span]
	before func()
}

func (h closeHook) Close() {
	h.before()
	h.Transport.Close()
}

// What was dropped since the last warning is logged at the end.
func TestLastDropsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, g := newGated(t)
		l := &testkit.Logs{}
		r.Logger, r.Block = l.Logger(), false
		spans := testkit.NewSpans(6)
		fill(r, spans)
		r.Enqueue(spans[3]) // one in the gate, two in the queue
		r.logDrops()
		r.Enqueue(spans[4])
		r.Enqueue(spans[5])
		r.logDrops()
		go func() {
			for range 3 {
				g.let <- Sent
			}
		}()
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if got := strings.Count(l.String(), "spans dropped"); got != 2 {
			t.Errorf("got %d warnings, want one at once and one at the end:\n%s", got, l)
		}
		l.Want(t, "spans dropped", "dropped=1")
		l.Want(t, "spans dropped", "dropped=2")
	})
}
