package reporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
)

// Sender sends batches of spans of type T to one backend. It is used from one
// goroutine.
type Sender[T any] interface {
	// Prepare returns a function that sends spans once. It is called until it
	// returns nil or an error that is not retryable; spans do not change meanwhile.
	Prepare(spans []T) (try func(ctx context.Context) *SendError)
	// Close releases the connections.
	Close()
}

// ErrTooLarge is the cause when a request, or a span in it, is larger than the
// collector allows: the batch is sent in halves, until one span remains.
var ErrTooLarge = errors.New("span is too large")

// PartialSuccess is a collector's response to a request of which it accepted a part,
// or all of it with a warning.
type PartialSuccess struct {
	Rejected int64
	Message  string
}

func (p *PartialSuccess) Error() string {
	return fmt.Sprintf("the collector rejected %s: %s", plural.Of(p.Rejected, "span", "spans"), p.Message)
}

// Batcher implements Transport: it collects spans up to the bounds of a batch,
// sends each batch, and counts what became of its spans. It is used from one
// goroutine.
type Batcher[T any] struct {
	BatchOptions[T]
	retrier  Retrier
	counters *Counters
	Batch    []T
	size     int

	failLog, sizeLog, warnLog Throttle
}

// BatchOptions are the bounds of a batch, and what sends it.
type BatchOptions[T any] struct {
	Sender Sender[T]
	Log    *slog.Logger
	// MaxSpans bounds a batch.
	MaxSpans int
	// SizeOf returns the encoded size of a span in bytes; nil if the sender encodes.
	// Without it MaxBytes, for a batch, and MaxSpanBytes are not used.
	SizeOf                 func(span T) int
	MaxBytes, MaxSpanBytes int
	// Describe returns the log attributes of a span that was too large for the
	// collector; nil if the sender never returns ErrTooLarge.
	Describe func(span T) []any
}

// NewBatcher returns the batcher whose batches are tried as r has it.
func NewBatcher[T any](o BatchOptions[T], counters *Counters, r Retrier) *Batcher[T] {
	return &Batcher[T]{BatchOptions: o, retrier: r, counters: counters}
}

// Append implements Transport. It sends the batch when it is full, and may then
// block as long as Flush.
func (b *Batcher[T]) Append(span T) {
	if b.SizeOf != nil {
		size := b.SizeOf(span)
		if size > b.MaxSpanBytes {
			b.TooLarge("size", size, "max_size", b.MaxSpanBytes)
			return
		}
		if b.size+size > b.MaxBytes {
			b.Flush()
		}
		b.size += size
	}
	b.Batch = append(b.Batch, span)
	if len(b.Batch) >= b.MaxSpans {
		b.Flush()
	}
}

// Flush implements Transport. It waits for the backend, at the longest the
// retrier's timeout and one request.
func (b *Batcher[T]) Flush() {
	if len(b.Batch) == 0 {
		return
	}
	b.send(b.Batch)
	clear(b.Batch)
	b.Batch, b.size = b.Batch[:0], 0
}

// send sends spans and counts each of them. A batch with a span that is too
// large is divided until that span is alone.
func (b *Batcher[T]) send(spans []T) {
	err := b.retrier.deliver(b.Sender.Prepare(spans))
	if err == nil {
		b.counters.Move(len(spans), InFlight, Sent)
		b.failLog.Reset()
		return
	}
	if partial, ok := errors.AsType[*PartialSuccess](err); ok {
		b.retrier.down = false
		b.partlySent(len(spans), partial)
		return
	}
	switch half := len(spans) / 2; {
	case !errors.Is(err, ErrTooLarge):
		b.Fail(len(spans), err)
	case half > 0:
		b.send(spans[:half])
		b.send(spans[half:])
	default:
		b.TooLarge(append(b.Describe(spans[0]), "reason", err)...)
	}
}

// partlySent counts a batch of n spans that the collector accepted with a
// reservation.
func (b *Batcher[T]) partlySent(n int, p *PartialSuccess) {
	rejected := int(min(max(p.Rejected, 0), int64(n)))
	b.counters.Move(n-rejected, InFlight, Sent)
	if rejected > 0 {
		b.Fail(rejected, p)
	} else if b.warnLog.Allow() {
		b.Log.Warn("spans accepted with a warning", "spans", n, "reason", p.Message)
	}
}

// Fail counts spans that will not be tried again, and logs why.
func (b *Batcher[T]) Fail(n int, err error) {
	b.counters.Move(n, InFlight, Failed)
	if !b.failLog.Allow() {
		return
	}
	reason, body := err.Error(), ""
	if se, ok := errors.AsType[*SendError](err); ok {
		reason, body = se.Reason, se.Body
	}
	b.Log.Warn("spans not accepted", "spans", n, "reason", reason, "body", body, "failed", b.counters.Count(Failed))
}

// TooLarge counts a span that no request can carry, and logs it with attrs.
func (b *Batcher[T]) TooLarge(attrs ...any) {
	b.counters.Move(1, InFlight, TooLarge)
	if b.sizeLog.Allow() {
		b.Log.Warn("span too large for a request", append(attrs, "too_large", b.counters.Count(TooLarge))...)
	}
}

// Close implements Transport. What the last batch loses is logged in any case.
func (b *Batcher[T]) Close() {
	b.failLog.Reset()
	b.Flush()
	b.Sender.Close()
}

// Tick implements Transport; there is nothing to do between batches.
func (*Batcher[T]) Tick() time.Duration { return 0 }

// StartEncoded starts a reporter that sends the batches of b, for libraries whose own
// does not count its losses. Spans come encoded: a library's span may still be changed
// by a late SetTag, so it is read in Finish, where the library holds its lock.
func StartEncoded(cfg config.Config, env Env, b BatchOptions[[]byte]) *Reporter[[]byte] {
	r := New[[]byte](cfg.Reporter, env)
	r.Logger = b.Log
	b.SizeOf = func(span []byte) int { return len(span) }
	r.Start(NewBatcher(b, r.Counters, r.Retrier))
	return r
}
