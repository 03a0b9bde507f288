package tracer

import (
	"log/slog"
	"sync"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// outbox is the way out for libraries whose own does not keep books. Spans come
// encoded: a library's span may still be changed by a late SetTag, so it is read
// in Finish, where the library holds its lock.
type outbox struct {
	*feeder[[]byte]

	mu      sync.Mutex
	failLog throttle
}

// newOutbox starts the outbox that sends what connect returns.
func newOutbox(cfg config.Config, opts Options, connect func(retrier) (batchOptions, error)) (*outbox, error) {
	books := newLedger(jaeger.NewMetrics(opts.Metrics, nil))
	o, r := newFeederOptions[[]byte](cfg, opts, books)
	b, err := connect(r)
	if err != nil {
		o.giveUp()
		return nil, err
	}
	b.ledger = books
	o.transport, o.log = &batches{batchOptions: b}, b.log
	return &outbox{feeder: newFeeder(o)}, nil
}

// post sends a span that was encoded, or counts it as failed if it could not be.
func (o *outbox) post(span []byte, err error) {
	if err == nil {
		o.put(span)
		return
	}
	o.ledger.finished.Add(1)
	o.ledger.enter(1, failed)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failLog.allow(time.Now()) {
		o.log.Warn("span not encoded", "reason", err, "failed", o.ledger.count(failed))
	}
}

// batches implements transport for spans that were encoded when they finished:
// it collects them up to the bounds and sends each batch as one. From one
// goroutine.
type batches struct {
	batchOptions
	spans            [][]byte
	size             int
	failLog, sizeLog throttle
}

type batchOptions struct {
	ledger *ledger
	log    *slog.Logger
	// Bounds of a batch, and of a span for itself, in bytes as they were encoded.
	maxSpans, maxBytes, maxSpanBytes int
	// send delivers a batch, with all the tries that it deserves. The spans are
	// no longer its own when it returns.
	send func(spans [][]byte) error
	// release gives back what send holds between batches; it may be nil.
	release func()
}

// Append implements transport. It sends the batch when it is full, and may then
// wait as long as Flush.
func (b *batches) Append(span []byte) (int, error) {
	if len(span) > b.maxSpanBytes {
		b.tooLarge(len(span))
		return 1, errTooLarge
	}
	flushed := 0
	var err error
	if b.size+len(span) > b.maxBytes {
		flushed, err = b.Flush()
	}
	b.spans = append(b.spans, span)
	b.size += len(span)
	if len(b.spans) < b.maxSpans {
		return flushed, err
	}
	n, ferr := b.Flush()
	if err == nil {
		err = ferr
	}
	return flushed + n, err
}

func (b *batches) tooLarge(size int) {
	b.ledger.move(1, held, tooLarge)
	if b.sizeLog.allow(time.Now()) {
		b.log.Warn("span too large for a request", "size", size, "max_size", b.maxSpanBytes,
			"too_large", b.ledger.count(tooLarge))
	}
}

// Flush implements transport.
func (b *batches) Flush() (int, error) {
	n := len(b.spans)
	if n == 0 {
		return 0, nil
	}
	err := b.send(b.spans)
	clear(b.spans)
	b.spans, b.size = b.spans[:0], 0
	if err != nil {
		b.ledger.move(n, held, failed)
		if b.failLog.allow(time.Now()) {
			logFailed(b.log, n, err, b.ledger)
		}
		return n, err
	}
	b.ledger.move(n, held, sent)
	b.failLog.reset()
	return n, nil
}

// Close implements transport.
func (b *batches) Close() error {
	_, err := b.Flush()
	if b.release != nil {
		b.release()
	}
	return err
}

// tick implements transport; there is nothing to do between batches.
func (b *batches) tick() time.Duration { return 0 }

// wake implements transport.
func (b *batches) wake() <-chan struct{} { return nil }
