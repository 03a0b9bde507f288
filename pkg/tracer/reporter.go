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
// that feeds the transport. Report never blocks.
type reporter struct {
	reporterOptions
	queue chan *jaeger.Span
	done  chan struct{}
	// closed makes new spans count as late; gone says that nobody reads the
	// queue any more.
	closed, gone atomic.Bool
	drops        throttle
	loggedDrops  int64
}

type reporterOptions struct {
	transport transport
	ledger    *ledger
	log       *slog.Logger
	queueSize int
	// flushEvery bounds the time that a span waits for its batch to fill.
	flushEvery time.Duration
	logSpans   bool
	// giveUp ends the waits inside the transport.
	giveUp context.CancelFunc
	// closing is closed when no more spans will come, so that the transport may
	// see it too.
	closing chan struct{}
}

func newReporter(o reporterOptions) *reporter {
	r := &reporter{
		reporterOptions: o,
		queue:           make(chan *jaeger.Span, o.queueSize),
		done:            make(chan struct{}),
	}
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
	if r.closed.Load() {
		r.ledger.enter(1, afterClose)
		return
	}
	select {
	case r.queue <- span.Retain():
	default:
		span.Release()
		r.ledger.enter(1, dropped)
		return
	}
	// The goroutine may have ended since closed was read: it looked at the queue
	// a last time after it had set gone, so either it saw this span or gone is
	// seen here.
	if r.gone.Load() {
		r.sweep()
	}
}

// sweep counts what came into the queue after its last reader.
func (r *reporter) sweep() {
	for {
		select {
		case span := <-r.queue:
			span.Release()
			r.ledger.enter(1, afterClose)
		default:
			return
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
	if !r.closed.CompareAndSwap(false, true) {
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
		case span := <-r.queue:
			r.take(span)
			r.takeMore(maxBurst)
		case <-flush.C:
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

// take books a span over from the queue and gives it to the transport, which
// books it from there; so the returned error has nothing to add.
func (r *reporter) take(span *jaeger.Span) {
	r.ledger.enter(1, held)
	_, _ = r.transport.Append(span)
	span.Release()
}

// takeMore takes up to limit spans that are in the queue already.
func (r *reporter) takeMore(limit int) {
	for range min(limit, len(r.queue)) {
		r.take(<-r.queue)
	}
}

func (r *reporter) flush() {
	_, _ = r.transport.Flush()
	r.ledger.metrics.ReporterQueueLength.Update(int64(len(r.queue)))
}

// finish delivers what is there, then leaves the queue to the late.
func (r *reporter) finish() {
	for len(r.queue) > 0 {
		r.takeMore(maxBurst)
		r.transport.tick()
	}
	r.flush()
	if err := r.transport.Close(); err != nil {
		r.log.Warn("transport not closed cleanly", "error", err)
	}
	r.gone.Store(true)
	r.sweep()
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
