package tracer

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
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

// transport carries finished spans of type T to a backend. Its methods are called
// from the feeder's goroutine alone, except wake. It books every span that Append
// gives it: each one is in the account held then, and in a settled one when Close
// returns. So what Append, Flush and Close return is for those who ask.
type transport[T any] interface {
	// Append takes a span, and sends when that fills a batch.
	Append(span T) (int, error)
	// Flush sends what Append took.
	Flush() (int, error)
	// Close flushes and releases what the transport holds.
	Close() error
	// tick does what no span triggers, such as trying a closed port again, and
	// returns when it wants to be called next, 0 if it does not matter.
	tick() time.Duration
	// wake receives when tick should be called at once; it may be nil.
	wake() <-chan struct{}
}

// feeder is a bounded queue and the one goroutine that feeds a transport from it.
type feeder[T any] struct {
	feederOptions[T]
	queue *queue[T]
	done  chan struct{}
	// stalledAt is the number of spans sent when a put last waited in vain; -1
	// before the first.
	stalledAt   atomic.Int64
	taken       []T
	drops       throttle
	loggedDrops int64
}

type feederOptions[T any] struct {
	transport transport[T]
	ledger    *ledger
	log       *slog.Logger
	queueSize int
	// flushEvery bounds the time that a span waits for its batch to fill.
	flushEvery time.Duration
	logSpans   bool
	// block makes put wait while the queue is full, each time for patience while
	// nothing is sent.
	block    bool
	patience time.Duration
	// giveUp ends the waits inside the transport.
	giveUp context.CancelFunc
	// closing is closed when no more spans will come, so that the transport may
	// see it too.
	closing chan struct{}
	// release is called with each span that the transport has taken; it may be
	// nil.
	release func(T)
}

// newFeederOptions returns what the configuration says of a feeder, and what a
// transport below it waits with, so that the feeder's end ends its waits; the
// transport itself is yet to be set. Whoever makes no feeder of it calls giveUp.
func newFeederOptions[T any](cfg config.Config, opts Options, books *ledger) (feederOptions[T], retrier) {
	life, giveUp := context.WithCancel(context.Background())
	closing := make(chan struct{})
	return feederOptions[T]{
		ledger:     books,
		log:        opts.Logger,
		queueSize:  cfg.Reporter.QueueSize,
		flushEvery: cfg.Reporter.FlushInterval,
		logSpans:   cfg.Reporter.LogSpans,
		block:      opts.Block,
		patience:   blockPatience,
		giveUp:     giveUp,
		closing:    closing,
	}, retrier{life: life, patience: sendPatience, closing: closing}
}

func newFeeder[T any](o feederOptions[T]) *feeder[T] {
	f := &feeder[T]{
		feederOptions: o,
		queue:         newQueue[T](o.queueSize),
		done:          make(chan struct{}),
		taken:         make([]T, min(takeMost, o.queueSize)),
	}
	f.stalledAt.Store(-1)
	go f.run()
	return f
}

// put books a finished span and takes it. It returns false when it could not,
// and has counted that. It waits only where feederOptions.block says so.
func (f *feeder[T]) put(span T) bool {
	f.ledger.finished.Add(1)
	verdict, room := f.queue.put(span)
	if verdict == queueFull && f.block {
		verdict = f.await(span, room)
	}
	switch verdict {
	case admitted:
		return true
	case queueFull:
		f.ledger.enter(1, dropped)
	case queueClosed:
		f.ledger.enter(1, afterClose)
	}
	return false
}

// await puts span into the queue when there is room, unless nothing at all is
// sent for as long as patience. Then, until something is sent again, no other
// span waits either: with a backend that is gone the application goes on.
func (f *feeder[T]) await(span T, room <-chan struct{}) admission {
	atStart := f.ledger.count(sent)
	if f.stalledAt.Load() == atStart {
		return queueFull
	}
	f.ledger.blocked.Add(1)
	timer := time.NewTimer(f.patience)
	defer timer.Stop()
	for {
		select {
		case <-room:
		case <-timer.C:
			now := f.ledger.count(sent)
			if now == atStart {
				f.stalledAt.Store(now)
				return queueFull
			}
			atStart = now
			timer.Reset(f.patience)
		}
		var verdict admission
		if verdict, room = f.queue.put(span); verdict != queueFull {
			return verdict
		}
	}
}

// stats returns the books.
func (f *feeder[T]) stats() Stats { return f.ledger.snapshot(f.queue.len()) }

// close is Tracer.Close.
func (f *feeder[T]) close(ctx context.Context) error {
	if !f.queue.close() {
		select {
		case <-f.done:
		case <-ctx.Done():
		}
		return nil
	}
	late := make(chan int64, 1)
	stop := context.AfterFunc(ctx, func() {
		late <- f.lost()
		f.giveUp()
	})
	close(f.closing)
	<-f.done
	if stop() {
		f.giveUp()
		return nil
	}
	if left := f.lost() - <-late; left > 0 {
		return &CloseError{Left: left, Err: context.Cause(ctx)}
	}
	return nil
}

// lost returns the spans that the transport gave up.
func (f *feeder[T]) lost() int64 { return f.ledger.count(failed, refused) }

func (f *feeder[T]) run() {
	defer close(f.done)
	flush := time.NewTicker(f.flushEvery)
	defer flush.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-f.queue.ready:
			f.take(maxBurst)
		case <-flush.C:
			f.take(f.queueSize)
			f.flush()
			f.logDrops(time.Now())
		case <-due.C:
		case <-f.transport.wake():
		case <-f.closing:
			f.finish()
			return
		}
		if next := f.transport.tick(); next > 0 {
			due.Reset(next)
		}
	}
}

// take gives the transport up to most spans that are in the queue already, and
// reports whether it stopped for that bound. The transport books them from
// there; so the errors that it returns have nothing to add.
func (f *feeder[T]) take(most int) (more bool) {
	var none T
	for most > 0 {
		spans := f.taken[:min(most, len(f.taken))]
		n := f.queue.take(spans)
		f.ledger.enter(n, held)
		for i, span := range spans[:n] {
			_, _ = f.transport.Append(span)
			if f.release != nil {
				f.release(span)
			}
			spans[i] = none
		}
		if n < len(spans) {
			return false
		}
		most -= n
	}
	return true
}

func (f *feeder[T]) flush() {
	_, _ = f.transport.Flush()
	f.ledger.metrics.ReporterQueueLength.Update(int64(f.queue.len()))
}

// finish delivers what is there; the queue admits no more.
func (f *feeder[T]) finish() {
	for f.take(maxBurst) {
		f.transport.tick()
	}
	f.flush()
	if err := f.transport.Close(); err != nil {
		f.log.Warn("transport not closed cleanly", "error", err)
	}
	f.drops.reset()
	f.logDrops(time.Now())
}

// logDrops tells of spans that the queue had no room for since it last did.
func (f *feeder[T]) logDrops(now time.Time) {
	n := f.ledger.count(dropped) - f.loggedDrops
	if n == 0 || !f.drops.allow(now) {
		return
	}
	f.loggedDrops += n
	f.log.Warn("spans dropped: queue full", "dropped", n, "queue_size", f.queueSize)
}
