package tracer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// Bounds of a request to the collector.
const (
	// httpBatchSpans keeps well below the collector's queue of 2000 spans, which
	// Jaeger 1 overflows silently behind a 202: four programs at full speed lost
	// none with batches of 100, and 1% with 400, which cost a fifth less CPU.
	httpBatchSpans = 100
	// httpBatchBytes ends a batch of large spans early.
	httpBatchBytes = 1 << 20
	// httpSpanBytes is below the 20 MiB at which Jaeger 2 refuses a body.
	httpSpanBytes = 16 << 20
)

// httpTransport posts binary thrift to a collector. Only 202 is success; what
// may pass is tried again, with growing pauses, before its batch counts as
// failed. While it tries, spans wait in the reporter's queue.
//
// It implements jaeger.Transport and transport, from one goroutine.
type httpTransport struct {
	httpOptions
	sender           *httpSender
	process          []byte
	spans            []byte
	n                int
	seqNo            int64
	failLog, sizeLog throttle
}

type httpOptions struct {
	collector config.Collector
	encoder   *spanEncoder
	counters  *spanCounters
	log       *slog.Logger
	// ctx, patience and closing are the retrier's.
	ctx     context.Context
	timeout time.Duration
	closing <-chan struct{}
}

// newHTTPTransport returns an error if the endpoint is no URL of HTTP.
func newHTTPTransport(o httpOptions) (*httpTransport, error) {
	p, err := newHTTPSender(o.collector.Endpoint, o.collector, http.Header{"Content-Type": {"application/x-thrift"}},
		retrier{ctx: o.ctx, timeout: o.timeout, closing: o.closing})
	if err != nil {
		return nil, err
	}
	t := &httpTransport{httpOptions: o, sender: p}
	t.log = o.log.With("url", p.url)
	return t, nil
}

// Append implements jaeger.Transport. It posts the batch when it is full, and
// may then wait as long as Flush.
func (t *httpTransport) Append(span *jaeger.Span) (int, error) {
	if t.process == nil {
		t.process = t.encoder.appendProcess(nil, span)
	}
	before := len(t.spans)
	encoded, err := t.encoder.appendSpan(t.spans, span)
	if err != nil {
		t.fail(1, err)
		return 1, err
	}
	t.spans = encoded[:before]
	size := len(encoded) - before
	if size+len(t.process)+binaryOverhead > httpSpanBytes {
		t.tooLarge(span, size)
		return 1, errTooLarge
	}
	flushed := 0
	if t.n > 0 && len(encoded)+len(t.process)+binaryOverhead > httpBatchBytes {
		flushed, err = t.Flush()
		encoded = encoded[:copy(encoded, encoded[before:])]
	}
	t.spans = encoded
	t.n++
	if t.n < httpBatchSpans {
		return flushed, err
	}
	n, ferr := t.Flush()
	if err == nil {
		err = ferr
	}
	return flushed + n, err
}

func (t *httpTransport) tooLarge(span *jaeger.Span, size int) {
	t.counters.move(1, inFlight, tooLarge)
	if t.sizeLog.allow(time.Now()) {
		t.log.Warn("span too large for a request", "operation", span.OperationName(),
			"trace_id", span.SpanContext().TraceID().String(), "size", size, "max_size", httpSpanBytes,
			"too_large", t.counters.count(tooLarge))
	}
}

// Flush implements jaeger.Transport. It waits for the collector, at the longest
// retryTimeout and one request.
func (t *httpTransport) Flush() (int, error) {
	n := t.n
	if n == 0 {
		return 0, nil
	}
	t.seqNo++
	body := appendBinaryBatch(make([]byte, 0, binaryOverhead+len(t.process)+len(t.spans)),
		spanBatch{process: t.process, spans: t.spans, n: n, seqNo: t.seqNo, stats: t.counters.losses()})
	t.spans, t.n = t.spans[:0], 0
	if err := t.sender.send(body); err != nil {
		t.fail(n, err)
		return n, err
	}
	t.counters.move(n, inFlight, sent)
	t.failLog.reset()
	return n, nil
}

// fail books spans that will not be tried again, and says why.
func (t *httpTransport) fail(n int, err error) {
	t.counters.move(n, inFlight, failed)
	if t.failLog.allow(time.Now()) {
		logFailed(t.log, n, err, t.counters)
	}
}

// logFailed tells of spans that were given up.
func logFailed(log *slog.Logger, n int, err error, counters *spanCounters) {
	reason, body := err.Error(), ""
	if se, ok := errors.AsType[*sendError](err); ok {
		reason, body = se.reason, se.body
	}
	log.Warn("spans not accepted", "spans", n, "reason", reason, "body", body, "failed", counters.count(failed))
}

// Close implements jaeger.Transport.
func (t *httpTransport) Close() error {
	_, err := t.Flush()
	t.sender.close()
	return err
}

// tick implements transport; there is nothing to do between batches.
func (t *httpTransport) tick() time.Duration { return 0 }

// wake implements transport.
func (t *httpTransport) wake() <-chan struct{} { return nil }
