package tracer

import (
	"log/slog"
	"sync"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// encodedReporter is the way out for libraries whose own does not keep books. Spans come
// encoded: a library's span may still be changed by a late SetTag, so it is read
// in Finish, where the library holds its lock.
type encodedReporter struct {
	*spanReporter[[]byte]

	mu      sync.Mutex
	failLog throttle
}

// newEncodedReporter starts the encodedReporter that sends what connect returns.
func newEncodedReporter(cfg config.Config, opts Options, connect func(retrier) (batchOptions, error)) (*encodedReporter, error) {
	counters := newSpanCounters(jaeger.NewMetrics(opts.Metrics, nil))
	o, r := newReporterOptions[[]byte](cfg, opts, counters)
	b, err := connect(r)
	if err != nil {
		o.cancel()
		return nil, err
	}
	b.counters = counters
	o.transport, o.log = &batcher{batchOptions: b}, b.log
	return &encodedReporter{spanReporter: newSpanReporter(o)}, nil
}

// reportEncoded sends a span that was encoded, or counts it as failed if it could not be.
func (o *encodedReporter) reportEncoded(span []byte, err error) {
	if err == nil {
		o.report(span)
		return
	}
	o.counters.finished.Add(1)
	o.counters.add(1, failed)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failLog.allow(time.Now()) {
		o.log.Warn("span not encoded", "reason", err, "failed", o.counters.count(failed))
	}
}

// batcher implements transport for spans that were encoded when they finished:
// it collects them up to the bounds and sends each batch as one. From one
// goroutine.
type batcher struct {
	batchOptions
	spans            [][]byte
	size             int
	failLog, sizeLog throttle
}

type batchOptions struct {
	counters *spanCounters
	log      *slog.Logger
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
func (b *batcher) Append(span []byte) (int, error) {
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

func (b *batcher) tooLarge(size int) {
	b.counters.move(1, inFlight, tooLarge)
	if b.sizeLog.allow(time.Now()) {
		b.log.Warn("span too large for a request", "size", size, "max_size", b.maxSpanBytes,
			"too_large", b.counters.count(tooLarge))
	}
}

// Flush implements transport.
func (b *batcher) Flush() (int, error) {
	n := len(b.spans)
	if n == 0 {
		return 0, nil
	}
	err := b.send(b.spans)
	clear(b.spans)
	b.spans, b.size = b.spans[:0], 0
	if err != nil {
		b.counters.move(n, inFlight, failed)
		if b.failLog.allow(time.Now()) {
			logFailed(b.log, n, err, b.counters)
		}
		return n, err
	}
	b.counters.move(n, inFlight, sent)
	b.failLog.reset()
	return n, nil
}

// Close implements transport.
func (b *batcher) Close() error {
	_, err := b.Flush()
	if b.release != nil {
		b.release()
	}
	return err
}

// tick implements transport; there is nothing to do between batches.
func (b *batcher) tick() time.Duration { return 0 }

// wake implements transport.
func (b *batcher) wake() <-chan struct{} { return nil }
