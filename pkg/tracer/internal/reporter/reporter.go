// Package reporter gets finished spans from the application to a transport, and counts
// what becomes of each: a bounded queue, one goroutine, batches, retries. Start at
// New; StartEncoded is for libraries whose spans are encoded when they finish, and
// Batcher for transports that send batches.
package reporter

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
)

// maxBurst bounds the spans that are taken from the queue before the transport
// can do other work.
const maxBurst = 1024

// maxTake bounds the spans that are taken from the queue at once.
const maxTake = 256

// blockTimeout is how long a goroutine that finishes a span waits for a full queue
// while nothing is sent. It is longer than the restart of a collector and the pause
// before the next try (MaxRetryGap).
const blockTimeout = 10 * time.Second

// Env is what a reporter needs from its process; no field is nil.
type Env struct {
	Logger  *slog.Logger
	Metrics metrics.Factory
	// Block makes Finish wait while the queue is full.
	Block bool
}

// Transport carries finished spans of type T to a backend. Its methods are called
// from the reporter's goroutine alone. It counts every span that Append
// gets: each one is InFlight then, and in a final state when Close returns.
type Transport[T any] interface {
	// Append adds a span to the batch, and sends the batch when it is full.
	Append(span T)
	// Flush sends the batch.
	Flush()
	// Close flushes and releases the transport's resources.
	Close()
	// Tick does what no span triggers, such as trying a closed port again, and
	// returns the time until it has to be called next, 0 if it does not matter.
	Tick() time.Duration
}

// Reporter is a bounded queue and the one goroutine that passes its spans to a
// transport.
type Reporter[T any] struct {
	Env
	Config    config.Reporter
	Counters  *Counters
	Transport Transport[T]
	// Retrier is for the transport: the reporter's end ends its waits.
	Retrier Retrier
	cancel  context.CancelFunc
	// closing is closed when no more spans will come.
	closing chan struct{}
	queue   *queue[T]
	done    chan struct{}
	// stalledAt is the number of spans sent when Enqueue last waited in vain; -1
	// before the first time.
	stalledAt      atomic.Int64
	burst          []T
	drops, failLog Throttle
	loggedDrops    int64
}

// New returns a reporter without a transport, for Start.
func New[T any](cfg config.Reporter, env Env) *Reporter[T] {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Reporter[T]{
		Env:      env,
		Config:   cfg,
		Counters: NewCounters(jaeger.NewMetrics(env.Metrics, nil)),
		cancel:   cancel,
		closing:  make(chan struct{}),
		queue:    newQueue[T](cfg.QueueSize),
		done:     make(chan struct{}),
		burst:    make([]T, min(maxTake, cfg.QueueSize)),
	}
	r.Retrier = Retrier{Ctx: ctx, Timeout: RetryTimeout, Closing: r.closing}
	r.stalledAt.Store(-1)
	return r
}

// Start starts the goroutine, which Shutdown ends.
func (r *Reporter[T]) Start(t Transport[T]) {
	r.Transport = t
	go r.run()
}

// Enqueue puts a finished span into the queue, or counts it as lost. It blocks only with
// Env.Block.
func (r *Reporter[T]) Enqueue(span T) {
	r.Counters.Finished.Add(1)
	verdict, room := r.queue.put(span)
	if verdict == queueFull && r.Block {
		verdict = r.awaitSpace(span, room)
	}
	switch verdict {
	case admitted:
	case queueFull:
		r.Counters.Add(1, dropped)
	case queueClosed:
		r.Counters.Add(1, afterClose)
	}
}

// Report enqueues a span that was encoded, or counts it as failed if it could not be.
func (r *Reporter[T]) Report(span T, err error) {
	if err == nil {
		r.Enqueue(span)
		return
	}
	r.Counters.Finished.Add(1)
	r.Counters.Add(1, Failed)
	if r.failLog.Allow() {
		r.Logger.Warn("span not encoded", "reason", err, "failed", r.Counters.Count(Failed))
	}
}

// awaitSpace puts span into the queue when there is space, unless nothing at all is
// sent for blockTimeout. Then, until something is sent again, no other span waits
// either: the application continues without its backend.
func (r *Reporter[T]) awaitSpace(span T, room <-chan struct{}) admission {
	atStart := r.Counters.Count(Sent)
	if r.stalledAt.Load() == atStart {
		return queueFull
	}
	r.Counters.blocked.Add(1)
	timer := time.NewTimer(blockTimeout)
	defer timer.Stop()
	for {
		select {
		case <-room:
		case <-timer.C:
			now := r.Counters.Count(Sent)
			if now == atStart {
				r.stalledAt.Store(now)
				return queueFull
			}
			atStart = now
			timer.Reset(blockTimeout)
		}
		var verdict admission
		if verdict, room = r.queue.put(span); verdict != queueFull {
			return verdict
		}
	}
}

// Stats returns the counts.
func (r *Reporter[T]) Stats() Stats { return r.Counters.Stats(r.queue.len()) }

// Shutdown delivers what was finished before, see Close of package tracer.
func (r *Reporter[T]) Shutdown(ctx context.Context) error {
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
		r.cancel()
	})
	close(r.closing)
	<-r.done
	if stop() {
		r.cancel()
		return nil
	}
	if left := r.lost() - <-late; left > 0 {
		return &CloseError{Left: left, Err: context.Cause(ctx)}
	}
	return nil
}

// lost returns the number of spans that the transport gave up.
func (r *Reporter[T]) lost() int64 { return r.Counters.Count(Failed, Refused) }

func (r *Reporter[T]) run() {
	defer close(r.done)
	flush := time.NewTicker(r.Config.FlushInterval)
	defer flush.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-r.queue.ready:
			r.forward(maxBurst)
		case <-flush.C:
			r.forward(r.Config.QueueSize)
			r.flush()
			r.logDrops()
		case <-due.C:
		case <-r.closing:
			r.finish()
			return
		}
		if next := r.Transport.Tick(); next > 0 {
			due.Reset(next)
		}
	}
}

// forward passes up to most spans from the queue to the transport, which counts them
// from there, and reports whether it stopped at that bound.
func (r *Reporter[T]) forward(most int) (more bool) {
	for most > 0 {
		spans := r.burst[:min(most, len(r.burst))]
		n := r.queue.take(spans)
		r.Counters.Add(n, InFlight)
		for _, span := range spans[:n] {
			r.Transport.Append(span)
		}
		clear(spans[:n])
		if n < len(spans) {
			return false
		}
		most -= n
	}
	return true
}

func (r *Reporter[T]) flush() {
	r.Transport.Flush()
	r.Counters.Metrics.ReporterQueueLength.Update(int64(r.queue.len()))
}

// finish delivers what is in the queue, which accepts no more.
func (r *Reporter[T]) finish() {
	for r.forward(maxBurst) {
		r.Transport.Tick()
	}
	r.flush()
	r.Transport.Close()
	r.drops.Reset()
	r.logDrops()
}

func (r *Reporter[T]) logDrops() {
	n := r.Counters.Count(dropped) - r.loggedDrops
	if n == 0 || !r.drops.Allow() {
		return
	}
	r.loggedDrops += n
	r.Logger.Warn("spans dropped: queue full", "dropped", n, "queue_size", r.Config.QueueSize)
}
