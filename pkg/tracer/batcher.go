package tracer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// sender sends batches of spans of type T to one backend. It is used from one
// goroutine.
type sender[T any] interface {
	// prepare returns a function that sends spans once. It is called until it
	// returns nil or an error that is not retryable; spans do not change meanwhile.
	prepare(spans []T) (try func(ctx context.Context) *sendError)
	// close releases the connections.
	close()
}

// Errors after which a batch is sent in halves, until one span remains.
var (
	// errTooLarge: the request, or a span in it, is larger than the collector allows.
	errTooLarge = errors.New("span is too large")
	// errUnencodable: the batch holds what protobuf cannot carry, such as text that
	// is not UTF-8.
	errUnencodable = errors.New("span cannot be encoded")
)

// partialSuccess is a collector's response to a request of which it accepted a part,
// or all of it with a warning.
type partialSuccess struct {
	rejected int64
	message  string
}

func (p *partialSuccess) Error() string {
	return fmt.Sprintf("the collector rejected %d spans: %s", p.rejected, p.message)
}

// batcher implements transport: it collects spans up to the bounds of a batch,
// sends each batch, and counts what became of its spans. It is used from one
// goroutine.
type batcher[T any] struct {
	batchOptions[T]
	retrier  retrier
	counters *spanCounters
	batch    []T
	size     int

	failLog, sizeLog, warnLog throttle
}

type batchOptions[T any] struct {
	sender sender[T]
	log    *slog.Logger
	// maxSpans bounds a batch.
	maxSpans int
	// sizeOf returns the encoded size of a span in bytes; nil if the sender encodes.
	// Without it maxBytes, for a batch, and maxSpanBytes are not used.
	sizeOf                 func(span T) int
	maxBytes, maxSpanBytes int
	// describe returns the log attributes of a span that was too large for the
	// collector; nil if the sender never returns errTooLarge.
	describe func(span T) []any
}

// newBatcher returns the batcher whose batches are tried as r has it.
func newBatcher[T any](o batchOptions[T], counters *spanCounters, r retrier) *batcher[T] {
	return &batcher[T]{batchOptions: o, retrier: r, counters: counters}
}

// Append implements transport. It sends the batch when it is full, and may then
// block as long as Flush.
func (b *batcher[T]) Append(span T) {
	if b.sizeOf != nil {
		size := b.sizeOf(span)
		if size > b.maxSpanBytes {
			b.tooLarge("size", size, "max_size", b.maxSpanBytes)
			return
		}
		if b.fullWith(size) {
			b.Flush()
		}
		b.size += size
	}
	b.batch = append(b.batch, span)
	if len(b.batch) >= b.maxSpans {
		b.Flush()
	}
}

// fullWith reports whether size more bytes need another batch.
func (b *batcher[T]) fullWith(size int) bool { return len(b.batch) > 0 && b.size+size > b.maxBytes }

// Flush implements transport. It waits for the backend, at the longest the
// retrier's timeout and one request.
func (b *batcher[T]) Flush() {
	if len(b.batch) == 0 {
		return
	}
	b.send(b.batch)
	clear(b.batch)
	b.batch, b.size = b.batch[:0], 0
}

// send sends spans and counts each of them. A batch with a span that no request
// can carry is divided until that span is alone.
func (b *batcher[T]) send(spans []T) {
	err := b.retrier.deliver(b.sender.prepare(spans))
	if err == nil {
		b.counters.move(len(spans), inFlight, sent)
		b.failLog.reset()
		return
	}
	if partial, ok := errors.AsType[*partialSuccess](err); ok {
		b.retrier.down = false
		b.partlySent(len(spans), partial)
		return
	}
	large := errors.Is(err, errTooLarge)
	switch half := len(spans) / 2; {
	case half > 0 && (large || errors.Is(err, errUnencodable)):
		b.send(spans[:half])
		b.send(spans[half:])
	case large:
		b.tooLarge(append(b.describe(spans[0]), "reason", err)...)
	default:
		b.fail(len(spans), err)
	}
}

// partlySent counts a batch of n spans that the collector accepted with a
// reservation.
func (b *batcher[T]) partlySent(n int, p *partialSuccess) {
	rejected := int(min(max(p.rejected, 0), int64(n)))
	b.counters.move(n-rejected, inFlight, sent)
	if rejected > 0 {
		b.fail(rejected, p)
	} else if b.warnLog.allow(time.Now()) {
		b.log.Warn("spans accepted with a warning", "spans", n, "reason", p.message)
	}
}

// fail counts spans that will not be tried again, and logs why.
func (b *batcher[T]) fail(n int, err error) {
	b.counters.move(n, inFlight, failed)
	if !b.failLog.allow(time.Now()) {
		return
	}
	reason, body := err.Error(), ""
	if se, ok := errors.AsType[*sendError](err); ok {
		reason, body = se.reason, se.body
	}
	b.log.Warn("spans not accepted", "spans", n, "reason", reason, "body", body, "failed", b.counters.count(failed))
}

// tooLarge counts a span that no request can carry, and logs it with attrs.
func (b *batcher[T]) tooLarge(attrs ...any) {
	b.counters.move(1, inFlight, tooLarge)
	if b.sizeLog.allow(time.Now()) {
		b.log.Warn("span too large for a request", append(attrs, "too_large", b.counters.count(tooLarge))...)
	}
}

// Close implements transport. What the last batch loses is logged in any case.
func (b *batcher[T]) Close() {
	b.failLog.reset()
	b.Flush()
	b.sender.close()
}

// tick implements transport; there is nothing to do between batches.
func (*batcher[T]) tick() time.Duration { return 0 }

// wake implements transport.
func (*batcher[T]) wake() <-chan struct{} { return nil }
