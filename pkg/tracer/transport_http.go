package tracer

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// httpTransport sends binary thrift to a collector. It encodes each span at once,
// since jaeger-client-go uses the span again; while a batch is tried, spans wait in
// the reporter's queue.
type httpTransport struct {
	*batcher[[]byte]
	encoder *spanEncoder
	sender  *thriftSender
	// encoded holds the spans of the batch, one behind the other.
	encoded []byte
}

// newHTTPTransport returns an error if the endpoint is no URL of HTTP.
func newHTTPTransport(
	c config.Collector, counters *spanCounters, log *slog.Logger, r retrier,
) (*httpTransport, error) {
	h, err := newHTTPSender(c.Endpoint, c, http.Header{"Content-Type": {"application/x-thrift"}})
	if err != nil {
		return nil, err
	}
	s := &thriftSender{httpSender: h, counters: counters}
	b := newBatcher(batchOptions[[]byte]{
		sender:   s,
		log:      log.With("url", h.url),
		maxSpans: httpBatchSpans,
		sizeOf:   func(span []byte) int { return len(span) },
	}, counters, r)
	return &httpTransport{batcher: b, encoder: newBinaryEncoder(), sender: s}, nil
}

// Append implements transport, see batcher.Append.
func (t *httpTransport) Append(span *jaeger.Span) {
	if t.sender.process == nil {
		t.prepare(span)
	}
	if len(t.batch) == 0 {
		t.encoded = t.encoded[:0]
	}
	start := len(t.encoded)
	encoded, err := t.encoder.appendSpan(t.encoded, span)
	if err != nil {
		t.fail(1, err)
		return
	}
	size := len(encoded) - start
	if size > t.maxSpanBytes {
		t.tooLarge("operation", span.OperationName(), "trace_id", span.SpanContext().TraceID().String(),
			"size", size, "max_size", t.maxSpanBytes)
		return
	}
	if t.fullWith(size) {
		t.Flush()
		encoded = encoded[:copy(encoded, encoded[start:])]
		start = 0
	}
	t.encoded = encoded
	t.batcher.Append(encoded[start:])
}

// prepare encodes the process, which all batches repeat.
func (t *httpTransport) prepare(span *jaeger.Span) {
	t.sender.process = t.encoder.appendProcess(nil, span)
	around := len(t.sender.process) + binaryOverhead
	t.maxBytes, t.maxSpanBytes = httpBatchBytes-around, httpSpanBytes-around
}

// thriftSender implements sender for spans in binary thrift.
type thriftSender struct {
	*httpSender
	counters *spanCounters
	process  []byte
	seqNo    int64
}

func (s *thriftSender) prepare(spans [][]byte) func(context.Context) *sendError {
	s.seqNo++
	size := binaryOverhead + len(s.process)
	for _, span := range spans {
		size += len(span)
	}
	return s.post(appendBinaryBatch(make([]byte, 0, size),
		spanBatch{process: s.process, spans: spans, n: len(spans), seqNo: s.seqNo, stats: clientStats(s.counters.losses())}))
}
