package send

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Encode returns the span as a oneway call of Agent.emitBatch.
func (h RawSpan) Encode(ctx context.Context, protocol func(thrift.TTransport) thrift.TProtocol) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	p := protocol(buf)
	if err := agent.NewAgentClientProtocol(buf, p, p).EmitBatch(ctx, h.Batch); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// RawSpan is one span made without a tracer, so that a probe has the exact
// bytes that it sends. It is always a complete emitBatch or Batch with a
// process and a span: less than that crashes some Jaegers, as an empty datagram
// does.
type RawSpan struct {
	ID    trace.TraceID
	Batch *jaeger.Batch
}

// FlagSampled is bit 0 of a span's flags in jaeger.thrift.
const FlagSampled = 1

// NewRawSpan returns a span of the doctor's own, with a new trace id.
func NewRawSpan(operation string, start time.Time) RawSpan {
	id := trace.TraceID{High: rand.Uint64(), Low: rand.Uint64() | 1}
	return RawSpan{ID: id, Batch: &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: probe.CheckService},
		Spans: []*jaeger.Span{{
			TraceIdHigh:   int64(id.High),
			TraceIdLow:    int64(id.Low),
			SpanId:        int64(id.Low),
			OperationName: operation,
			Flags:         FlagSampled,
			StartTime:     start.UnixMicro(),
			Duration:      1,
		}},
	}}
}

// Datagram returns the span as jaeger-client-go sends it to port 6831: a oneway
// call of Agent.emitBatch in thrift's compact protocol.
func (h RawSpan) Datagram(ctx context.Context) ([]byte, error) {
	return h.Encode(ctx, CompactProtocol)
}

// body returns the span as it is posted to port 14268: a Batch in thrift's
// binary protocol.
func (h RawSpan) body(ctx context.Context) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	if err := h.Batch.Write(ctx, thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
		return nil, fmt.Errorf("encode a span for HTTP: %w", err)
	}
	return buf.Bytes(), nil
}
