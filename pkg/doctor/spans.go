package doctor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/trace"
)

// handmade is one span made without a tracer, so that a probe holds the very
// bytes that it sends. It is always a whole emitBatch or Batch with a process
// and a span: less than that crashes some Jaegers, as an empty datagram does.
type handmade struct {
	id    trace.TraceID
	batch *jaeger.Batch
}

// flagSampled is bit 0 of a span's flags in jaeger.thrift.
const flagSampled = 1

func newHandmade(operation string, start time.Time) handmade {
	id := trace.TraceID{High: rand.Uint64(), Low: rand.Uint64() | 1}
	return handmade{id: id, batch: &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: checkService},
		Spans: []*jaeger.Span{{
			TraceIdHigh:   int64(id.High),
			TraceIdLow:    int64(id.Low),
			SpanId:        int64(id.Low),
			OperationName: operation,
			Flags:         flagSampled,
			StartTime:     start.UnixMicro(),
			Duration:      1,
		}},
	}}
}

// datagram returns the span as jaeger-client-go sends it to port 6831: a oneway
// call of Agent.emitBatch in thrift's compact protocol.
func (h handmade) datagram(ctx context.Context) ([]byte, error) {
	return h.encoded(ctx, compactProtocol)
}

// body returns the span as it is posted to port 14268: a Batch in thrift's
// binary protocol.
func (h handmade) body(ctx context.Context) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	if err := h.batch.Write(ctx, thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
		return nil, fmt.Errorf("encode a span for HTTP: %w", err)
	}
	return buf.Bytes(), nil
}
