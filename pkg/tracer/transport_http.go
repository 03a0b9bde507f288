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
	client  *http.Client
	url     string // without user info
	process []byte
	spans   []byte
	n       int
	seqNo   int64
	// down says that the last batch failed.
	down             bool
	failLog, sizeLog throttle
}

type httpOptions struct {
	collector config.Collector
	encoder   *spanEncoder
	ledger    *ledger
	log       *slog.Logger
	// life ends all waits; what is unsent then is given up.
	life context.Context
	// patience is how long a batch is tried, httpPatience outside tests.
	patience time.Duration
	// closing is closed when the tracer is about to end, which shortens retries.
	closing <-chan struct{}
}

// newHTTPTransport returns an error if the endpoint is no URL of HTTP.
func newHTTPTransport(o httpOptions) (*httpTransport, error) {
	u, err := parseHTTPURL("reporter.collector.endpoint", o.collector.Endpoint)
	if err != nil {
		return nil, err
	}
	if u.User != nil && o.collector.User == "" {
		o.collector.User = u.User.Username()
		o.collector.Password, _ = u.User.Password()
	}
	u.User = nil
	t := &httpTransport{httpOptions: o, url: u.String(), client: newHTTPClient()}
	// A redirect would turn the POST into a GET that carries nothing.
	t.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.log = o.log.With("url", t.url)
	return t, nil
}

// newHTTPClient returns a client of its own. Requests bring their deadlines.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: httpTimeout,
		},
	}
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
	t.ledger.move(1, held, tooLarge)
	if t.sizeLog.allow(time.Now()) {
		t.log.Warn("span too large for a request", "operation", span.OperationName(),
			"trace_id", span.SpanContext().TraceID().String(), "size", size, "max_size", httpSpanBytes,
			"too_large", t.ledger.count(tooLarge))
	}
}

// Flush implements jaeger.Transport. It waits for the collector, at the longest
// httpPatience and one request.
func (t *httpTransport) Flush() (int, error) {
	n := t.n
	if n == 0 {
		return 0, nil
	}
	t.seqNo++
	body := appendBinaryBatch(make([]byte, 0, binaryOverhead+len(t.process)+len(t.spans)),
		spanBatch{process: t.process, spans: t.spans, n: n, seqNo: t.seqNo, stats: t.ledger.client()})
	t.spans, t.n = t.spans[:0], 0
	err := t.post(body)
	t.down = err != nil
	if err != nil {
		t.fail(n, err)
		return n, err
	}
	t.ledger.move(n, held, sent)
	t.failLog.reset()
	return n, nil
}

// fail books spans that will not be tried again, and says why.
func (t *httpTransport) fail(n int, err error) {
	t.ledger.move(n, held, failed)
	if !t.failLog.allow(time.Now()) {
		return
	}
	reason, body := err.Error(), ""
	if pe, ok := errors.AsType[*postError](err); ok {
		reason, body = pe.reason, pe.body
	}
	t.log.Warn("spans not accepted", "spans", n, "reason", reason, "body", body, "failed", t.ledger.count(failed))
}

// Close implements jaeger.Transport.
func (t *httpTransport) Close() error {
	_, err := t.Flush()
	t.client.CloseIdleConnections()
	return err
}

// tick implements transport; there is nothing to do between batches.
func (t *httpTransport) tick() time.Duration { return 0 }

// wake implements transport.
func (t *httpTransport) wake() <-chan struct{} { return nil }
