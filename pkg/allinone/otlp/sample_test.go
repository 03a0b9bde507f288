package otlp

import (
	"math"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// marshal encodes with OpenTelemetry's own code. TracesData and
// ExportTraceServiceRequest have the same fields.
func marshal(tb testing.TB, m proto.Message) []byte {
	tb.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func text(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

func integer(n int64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: n}}
}

func double(f float64) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: f}}
}

func boolean(b bool) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: b}}
}

func raw(b ...byte) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: b}}
}

func array(values ...*commonpb.AnyValue) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: values}}}
}

func object(members ...*commonpb.KeyValue) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: members}}}
}

func attr(key string, value *commonpb.AnyValue) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: value}
}

func id(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }

func id128(n byte) []byte { return append(id(0xaa), id(n)...) }

const start = 1_700_000_000_123_456_789

// sample has all that OTLP's spans can hold.
func sample() *tracepb.TracesData {
	full := &tracepb.Span{
		TraceId: id128(1), SpanId: id(2), ParentSpanId: id(3), TraceState: "a=1", Name: "full",
		Kind: tracepb.Span_SPAN_KIND_SERVER, StartTimeUnixNano: start, EndTimeUnixNano: start + 2500,
		Attributes: []*commonpb.KeyValue{
			attr("text", text("żółć <&>")), attr("int", integer(math.MinInt64)), attr("double", double(0.1)),
			attr("bool", boolean(true)), attr("bytes", raw(0, 1, 0xff)), attr("unset", nil), attr("empty", &commonpb.AnyValue{}),
			attr("array", array(integer(1), text("<two>"), double(3.5), boolean(false), raw(1), &commonpb.AnyValue{}, array())),
			attr("object", object(attr("z", integer(1)), attr("a", object()), attr("z", double(math.NaN())))),
		},
		Events: []*tracepb.Span_Event{
			{TimeUnixNano: start + 1000, Name: "named", Attributes: []*commonpb.KeyValue{attr("n", integer(1))}},
			{TimeUnixNano: start + 2000, Name: "hidden", Attributes: []*commonpb.KeyValue{attr("event", text("own"))}},
		},
		Links: []*tracepb.Span_Link{
			{TraceId: id128(9), SpanId: id(9)},
			{TraceId: id128(8), SpanId: id(8), Attributes: []*commonpb.KeyValue{attr("opentracing.ref_type", text("child_of"))}},
			{TraceId: id128(1), SpanId: id(3)},
		},
		Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "broken"},
	}
	plain := &tracepb.Span{
		TraceId: id128(1), SpanId: id(3), Name: "plain", StartTimeUnixNano: start, EndTimeUnixNano: start,
		Status: &tracepb.Status{Code: tracepb.Status_STATUS_CODE_OK},
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{
		{
			Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{
				attr("service.name", text("shop")), attr("host.name", text("höst")), attr("pid", integer(7)),
			}},
			ScopeSpans: []*tracepb.ScopeSpans{
				{Scope: &commonpb.InstrumentationScope{Name: "lib", Version: "1.2"}, Spans: []*tracepb.Span{full}},
				{Spans: []*tracepb.Span{plain}},
			},
		},
		{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{{TraceId: id128(2), SpanId: id(4), Kind: 99}}}}},
		{Resource: &resourcepb.Resource{Attributes: []*commonpb.KeyValue{attr("service.name", text("without spans"))}}},
	}}
}

// sampleBatches are what Jaeger 1.62 makes of the sample, in the order of the
// translator's tags.
func sampleBatches() []ingest.Batch {
	shop := &trace.Process{Service: "shop", Tags: []trace.Tag{
		{Key: "host.name", Value: trace.String("höst")}, {Key: "pid", Value: trace.Int64(7)},
	}}
	nobody := &trace.Process{Service: "OTLPResourceNoServiceName"}
	self := trace.TraceID{High: 0xaa, Low: 1}
	at := time.Unix(0, start).UTC()
	return []ingest.Batch{
		{Process: shop, Spans: []trace.Span{
			{
				TraceID: self, SpanID: 2, Operation: "full", Process: shop, Start: at, Duration: 2500,
				References: []trace.Reference{
					{Type: trace.FollowsFrom, TraceID: self, SpanID: 3},
					{Type: trace.FollowsFrom, TraceID: trace.TraceID{High: 0xaa, Low: 9}, SpanID: 9},
					{Type: trace.ChildOf, TraceID: trace.TraceID{High: 0xaa, Low: 8}, SpanID: 8},
				},
				Tags: []trace.Tag{
					{Key: "otel.scope.name", Value: trace.String("lib")},
					{Key: "otel.scope.version", Value: trace.String("1.2")},
					{Key: "text", Value: trace.String("żółć <&>")},
					{Key: "int", Value: trace.Int64(math.MinInt64)},
					{Key: "double", Value: trace.Float64(0.1)},
					{Key: "bool", Value: trace.Bool(true)},
					{Key: "bytes", Value: trace.Binary([]byte{0, 1, 0xff})},
					{Key: "unset", Value: trace.String("")},
					{Key: "empty", Value: trace.String("")},
					{Key: "array", Value: trace.String(`[1,"\u003ctwo\u003e",3.5,false,"AQ==",null,[]]`)},
					{Key: "object", Value: trace.String(`{"a":{},"z":"NaN"}`)},
					{Key: "span.kind", Value: trace.String("server")},
					{Key: "otel.status_code", Value: trace.String("ERROR")},
					{Key: "error", Value: trace.Bool(true)},
					{Key: "otel.status_description", Value: trace.String("broken")},
					{Key: "w3c.tracestate", Value: trace.String("a=1")},
				},
				Logs: []trace.Log{
					{Time: at.Add(1000), Fields: []trace.Tag{
						{Key: "event", Value: trace.String("named")}, {Key: "n", Value: trace.Int64(1)},
					}},
					{Time: at.Add(2000), Fields: []trace.Tag{{Key: "event", Value: trace.String("own")}}},
				},
			},
			{
				TraceID: self, SpanID: 3, Operation: "plain", Process: shop, Start: at,
				Tags: []trace.Tag{{Key: "otel.status_code", Value: trace.String("OK")}},
			},
		}},
		{Process: nobody, Spans: []trace.Span{
			{TraceID: trace.TraceID{High: 0xaa, Low: 2}, SpanID: 4, Process: nobody, Start: time.Unix(0, 0).UTC()},
		}},
	}
}
