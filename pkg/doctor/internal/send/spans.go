package send

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// RawSpan is one span made without a tracer, so that a probe has the exact
// bytes that it sends. It is always a complete emitBatch or Batch with a
// process and a span: less than that crashes some Jaegers, as an empty datagram
// does.
type RawSpan struct {
	ID    trace.TraceID
	Batch *jaeger.Batch
}

// NewRawSpan returns a span of the doctor's own, with a new trace id.
func NewRawSpan(operation string, start time.Time) RawSpan {
	id := trace.TraceID{High: rand.Uint64(), Low: rand.Uint64() | 1}
	return RawSpan{ID: id, Batch: Batch(Span(id, trace.SpanID(id.Low), operation, start, time.Microsecond))}
}

// Batch returns spans of the doctor's own service.
func Batch(spans ...*jaeger.Span) *jaeger.Batch {
	return &jaeger.Batch{Process: &jaeger.Process{ServiceName: probe.CheckService}, Spans: spans}
}

// Span returns a sampled span without a parent.
func Span(id trace.TraceID, span trace.SpanID, operation string, start time.Time, d time.Duration) *jaeger.Span {
	// Bit 0 of a span's flags in jaeger.thrift.
	const sampled = 1
	return &jaeger.Span{
		TraceIdHigh: int64(id.High), TraceIdLow: int64(id.Low), SpanId: int64(span), OperationName: operation,
		Flags: sampled, StartTime: start.UnixMicro(), Duration: d.Microseconds(),
	}
}

// Encoding is one of thrift's.
type Encoding = func(thrift.TTransport) thrift.TProtocol

// CompactProtocol is thrift's compact protocol.
func CompactProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTCompactProtocolConf(t, nil)
}

// BinaryProtocol is thrift's binary protocol.
func BinaryProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTBinaryProtocolConf(t, nil)
}

// Encode returns the span as a oneway call of Agent.emitBatch.
func (h RawSpan) Encode(ctx context.Context, protocol Encoding) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	p := protocol(buf)
	if err := agent.NewAgentClientProtocol(buf, p, p).EmitBatch(ctx, h.Batch); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// thriftBody returns the span as it is posted to port 14268: a Batch in thrift's
// binary protocol.
func thriftBody(ctx context.Context, h RawSpan) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	if err := h.Batch.Write(ctx, BinaryProtocol(buf)); err != nil {
		return nil, fmt.Errorf("encode a span for HTTP: %w", err)
	}
	return buf.Bytes(), nil
}

func otlpBody(_ context.Context, h RawSpan) ([]byte, error) {
	var spans []*tracepb.Span
	for _, s := range h.Batch.Spans {
		id, start := traceOf(s), uint64(s.StartTime)*uint64(time.Microsecond)
		spans = append(spans, &tracepb.Span{
			TraceId:           binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, id.High), id.Low),
			SpanId:            binary.BigEndian.AppendUint64(nil, uint64(s.SpanId)),
			Name:              s.OperationName,
			StartTimeUnixNano: start,
			EndTimeUnixNano:   start + uint64(s.Duration)*uint64(time.Microsecond),
		})
	}
	service := &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: probe.CheckService}}
	return proto.Marshal(&coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{{Key: "service.name", Value: service}}},
		ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
	}}})
}

type object = map[string]any

// otlpJSON is the first span as an ExportTraceServiceRequest in OTLP's JSON, where
// ids are hexadecimal and 64-bit numbers are text.
func otlpJSON(_ context.Context, h RawSpan) ([]byte, error) {
	start, operation := h.Batch.Spans[0].StartTime, h.Batch.Spans[0].OperationName
	nano := func(micro int64) string { return strconv.FormatInt(micro*int64(time.Microsecond), 10) }
	span := object{
		"traceId": h.ID.String(), "spanId": trace.SpanID(h.ID.Low).String(), "name": operation, "kind": 1,
		"startTimeUnixNano": nano(start), "endTimeUnixNano": nano(start + 1),
	}
	service := object{"key": "service.name", "value": object{"stringValue": probe.CheckService}}
	return json.Marshal(object{"resourceSpans": []object{{
		"resource":   object{"attributes": []object{service}},
		"scopeSpans": []object{{"spans": []object{span}}},
	}}})
}

func zipkinBody(_ context.Context, h RawSpan) ([]byte, error) {
	var spans []object
	for _, s := range h.Batch.Spans {
		spans = append(spans, object{
			"traceId": traceOf(s).String(), "id": trace.SpanID(s.SpanId).String(), "name": s.OperationName,
			"timestamp": s.StartTime, "duration": max(1, s.Duration),
			"localEndpoint": object{"serviceName": probe.CheckService},
		})
	}
	return json.Marshal(spans)
}

func traceOf(s *jaeger.Span) trace.TraceID {
	return trace.TraceID{High: uint64(s.TraceIdHigh), Low: uint64(s.TraceIdLow)}
}
