package jaeger

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/thrift"
)

// httpTransport sends binary thrift to a collector. It encodes each span at once, so
// that a batch is bounded by its size; while a batch is tried, spans wait in the
// reporter's queue.
type httpTransport struct {
	*reporter.Batcher[[]byte]
	encoder *thrift.Encoder
	sender  *thriftSender
	encoded []byte // the spans of the batch, one behind the other
}

func newHTTPTransport(
	c config.Collector, counters *reporter.Counters, log *slog.Logger, r reporter.Retrier,
) (*httpTransport, error) {
	h, err := httpsend.New(c.Endpoint, c, http.Header{"Content-Type": {"application/x-thrift"}})
	if err != nil {
		return nil, err
	}
	s := &thriftSender{Sender: h, counters: counters}
	b := reporter.NewBatcher(reporter.BatchOptions[[]byte]{
		Sender:       s,
		Log:          log.With("url", h.URL),
		MaxSpans:     httpsend.BatchSpans,
		MaxBytes:     httpsend.BatchBytes,
		MaxSpanBytes: httpsend.SpanBytes,
		SizeOf:       func(span []byte) int { return len(span) },
	}, counters, r)
	return &httpTransport{Batcher: b, encoder: thrift.NewBinary(), sender: s}, nil
}

// Append implements reporter.Transport.
func (t *httpTransport) Append(span *jaeger.Span) {
	if t.sender.process == nil {
		t.sender.process = t.encoder.AppendProcess(nil, span)
	}
	if len(t.Batch) == 0 {
		t.encoded = t.encoded[:0]
	}
	start := len(t.encoded)
	encoded, err := t.encoder.AppendSpan(t.encoded, span)
	switch size := len(encoded) - start; {
	case err != nil:
		t.Fail(1, err)
	case size > t.MaxSpanBytes:
		t.TooLarge("operation", span.OperationName(), "trace_id", span.SpanContext().TraceID().String(),
			"size", size, "max_size", t.MaxSpanBytes)
	default:
		t.encoded = encoded
		t.Batcher.Append(encoded[start:])
		if len(t.Batch) == 1 { // those before it were sent
			t.encoded = append(t.encoded[:0], t.Batch[0]...)
			t.Batch[0] = t.encoded
		}
	}
}

// thriftSender implements reporter.Sender for spans in binary thrift.
type thriftSender struct {
	*httpsend.Sender
	counters *reporter.Counters
	process  []byte
	seqNo    int64
}

func (s *thriftSender) Prepare(spans [][]byte) func(context.Context) *reporter.SendError {
	s.seqNo++
	size := thrift.BinaryOverhead + len(s.process)
	for _, span := range spans {
		size += len(span)
	}
	return s.Post(thrift.AppendBinary(make([]byte, 0, size),
		thrift.Batch{Process: s.process, Spans: spans, N: len(spans), SeqNo: s.seqNo, Stats: s.counters.Losses()}))
}
