package tracer

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/uber/jaeger-client-go"
)

// maxBurst bounds the spans that are taken from the queue before the transport
// gets its turn for other work.
const maxBurst = 1024

// takeMost bounds the spans that one look into the queue takes.
const takeMost = 256

// blockPatience is how long a finishing goroutine waits for a full queue while
// nothing is sent. It outlasts the restart of a collector and the pause before
// the next try (maxRetryGap).
const blockPatience = 10 * time.Second

// closeTimeout bounds the wait of the Close that jaeger-client-go's tracer
// calls, which has no context.
const closeTimeout = 5 * time.Second

// transport carries spans to Jaeger. Its methods are called from the reporter's
// goroutine alone, except wake. It books every span that Append gives it: each
// one is in the account held then, and in a settled one when Close returns.
type transport interface {
	jaeger.Transport
	// tick does what no span triggers, such as trying a closed port again, and
	// returns when it wants to be called next, 0 if it does not matter.
	tick() time.Duration
	// wake receives when tick should be called at once; it may be nil.
	wake() <-chan struct{}
}

// reporter implements jaeger.Reporter with a bounded queue and one goroutine
// that feeds the transport. Report waits only where reporterOptions.block says so.
type reporter struct {
	reporterOptions
	queue *queue
	done  chan struct{}
	// stalledAt is the number of spans sent when a Report last waited in vain;
	// -1 before the first.
	stalledAt   atomic.Int64
	taken       []*jaeger.Span
	drops       throttle
	loggedDrops int64
}

type reporterOptions struct {
	transport transport
	ledger    *ledger
	log       *slog.Logger
	queueSize int
	// flushEvery bounds the time that a span waits for its batch to fill.
	flushEvery time.Duration
	logSpans   bool
	// block makes Report wait while the queue is full, each time for patience
	// while nothing is sent.
	block    bool
	patience time.Duration
	// giveUp ends the waits inside the transport.
	giveUp context.CancelFunc
	// closing is closed when no more spans will come, so that the transport may
	// see it too.
	closing chan struct{}
}

func newReporter(o reporterOptions) *reporter {
	r := &reporter{
		reporterOptions: o,
		queue:           newQueue(o.queueSize),
		done:            make(chan struct{}),
		taken:           make([]*jaeger.Span, min(takeMost, o.queueSize)),
	}
	r.stalledAt.Store(-1)
	go r.run()
	return r
}

// Report implements jaeger.Reporter. It takes the span, or counts it.
func (r *reporter) Report(span *jaeger.Span) {
	r.ledger.finished.Add(1)
	if r.logSpans {
		sc := span.SpanContext()
		r.log.Info("span finished", "operation", span.OperationName(), "trace_id", sc.TraceID().String(),
			"span_id", sc.SpanID().String(), "duration", span.Duration())
	}
	span.Retain()
	verdict, room := r.queue.put(span)
	if verdict == queueFull && r.block {
		verdict = r.await(span, room)
	}
	switch verdict {
	case admitted:
		return
	case queueFull:
		r.ledger.enter(1, dropped)
	case queueClosed:
		r.ledger.enter(1, afterClose)
	}
	span.Release()
}

// await puts span into the queue when there is room, unless nothing at all is
// sent for as long as patience. Then, until something is sent again, no other
// span waits either: with a backend that is gone the application goes on.
func (r *reporter) await(span *jaeger.Span, room <-chan struct{}) admission {
	atStart := r.ledger.count(sent)
	if r.stalledAt.Load() == atStart {
		return queueFull
	}
	r.ledger.blocked.Add(1)
	timer := time.NewTimer(r.patience)
	defer timer.Stop()
	for {
		select {
		case <-room:
		case <-timer.C:
			now := r.ledger.count(sent)
			if now == atStart {
				r.stalledAt.Store(now)
				return queueFull
			}
			atStart = now
			timer.Reset(r.patience)
		}
		var verdict admission
		if verdict, room = r.queue.put(span); verdict != queueFull {
			return verdict
		}
	}
}

// Close implements jaeger.Reporter for those who close the jaeger tracer
// itself; ours calls close.
func (r *reporter) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.close(ctx); err != nil {
		r.log.Error("tracer not flushed", "error", err)
	}
}

// close is Tracer.Close.
func (r *reporter) close(ctx context.Context) error {
	if !r.queue.close() {
		select {
		case <-r.done:
		case <-ctx.Done():
		}
		return nil
	}
	late := make(chan int64, 1)
	stop := context.AfterFunc(ctx, func() {
		late <- r.lost()
		r.giveUp()
	})
	close(r.closing)
	<-r.done
	if stop() {
		r.giveUp()
		return nil
	}
	if left := r.lost() - <-late; left > 0 {
		return &CloseError{Left: left, Err: context.Cause(ctx)}
	}
	return nil
}

// lost returns the spans that the transport gave up.
func (r *reporter) lost() int64 { return r.ledger.count(failed, refused) }

func (r *reporter) run() {
	defer close(r.done)
	flush := time.NewTicker(r.flushEvery)
	defer flush.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-r.queue.ready:
			r.take(maxBurst)
		case <-flush.C:
			r.take(r.queueSize)
			r.flush()
			r.logDrops(time.Now())
		case <-due.C:
		case <-r.transport.wake():
		case <-r.closing:
			r.finish()
			return
		}
		if next := r.transport.tick(); next > 0 {
			due.Reset(next)
		}
	}
}

// take gives the transport up to most spans that are in the queue already, and
// reports whether it stopped for that bound. The transport books them from
// there; so the errors that it returns have nothing to add.
func (r *reporter) take(most int) (more bool) {
	for most > 0 {
		spans := r.taken[:min(most, len(r.taken))]
		n := r.queue.take(spans)
		r.ledger.enter(n, held)
		for i, span := range spans[:n] {
			_, _ = r.transport.Append(span)
			span.Release()
			spans[i] = nil
		}
		if n < len(spans) {
			return false
		}
		most -= n
	}
	return true
}

func (r *reporter) flush() {
	_, _ = r.transport.Flush()
	r.ledger.metrics.ReporterQueueLength.Update(int64(r.queue.len()))
}

// finish delivers what is there; the queue admits no more.
func (r *reporter) finish() {
	for r.take(maxBurst) {
		r.transport.tick()
	}
	r.flush()
	if err := r.transport.Close(); err != nil {
		r.log.Warn("transport not closed cleanly", "error", err)
	}
	r.drops.reset()
	r.logDrops(time.Now())
}

// logDrops tells of spans that the queue had no room for since it last did.
func (r *reporter) logDrops(now time.Time) {
	n := r.ledger.count(dropped) - r.loggedDrops
	if n == 0 || !r.drops.allow(now) {
		return
	}
	r.loggedDrops += n
	r.log.Warn("spans dropped: queue full", "dropped", n, "queue_size", r.queueSize)
}
