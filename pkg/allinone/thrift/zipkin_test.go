package thrift

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/trace"
)

const micros = 1_700_000_000_000_000

func tag(key string, value trace.Value) trace.Tag { return trace.Tag{Key: key, Value: value} }

func at(micro int64) time.Time { return time.UnixMicro(micros + micro).UTC() }

// shared returns a span that a client and a server both made, with every kind of
// annotation.
func shared() *zipkincore.Span {
	high, parent := int64(1), int64(3)
	client := &zipkincore.Endpoint{ServiceName: "shop", Ipv4: 0x7f000001}
	server := &zipkincore.Endpoint{ServiceName: "till", Ipv4: -1, Port: -2, Ipv6: []byte{1}}
	value := func(key string, kind zipkincore.AnnotationType, bytes ...byte) *zipkincore.BinaryAnnotation {
		return &zipkincore.BinaryAnnotation{Key: key, AnnotationType: kind, Value: bytes}
	}
	return &zipkincore.Span{
		TraceID: 2, TraceIDHigh: &high, ID: 4, ParentID: &parent, Name: "pay", Debug: true,
		Annotations: []*zipkincore.Annotation{
			{Timestamp: micros, Value: "cs", Host: client},
			{Timestamp: micros + 10, Value: "sr", Host: server},
			{Timestamp: micros + 20, Value: `{"event":"paid","sum":"5"}`},
			{Timestamp: micros + 25, Value: "plain"},
			{Timestamp: micros + 26, Value: ""},
			{Timestamp: micros + 30, Value: "ss", Host: server},
			{Timestamp: micros + 40, Value: "cr", Host: client},
		},
		BinaryAnnotations: []*zipkincore.BinaryAnnotation{
			value("s", zipkincore.AnnotationType_STRING, 'v'),
			value("b", zipkincore.AnnotationType_BOOL, 1),
			value("i16", zipkincore.AnnotationType_I16, 0xff, 0xfe),
			value("i32", zipkincore.AnnotationType_I32, 0, 0, 1, 0),
			value("i64", zipkincore.AnnotationType_I64, 0, 0, 0, 0, 0, 0, 0, 7),
			value("d", zipkincore.AnnotationType_DOUBLE, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0),
			value("x", zipkincore.AnnotationType_BYTES, 0, 255),
			value("short", zipkincore.AnnotationType_I32, 1),
			value("none", zipkincore.AnnotationType_I32),
			value("odd", 77, 1),
			value("lc", zipkincore.AnnotationType_STRING, 'g', 'o'),
			value("jaeger.hostname", zipkincore.AnnotationType_STRING, 'h'),
			{Key: "sa", Host: server, Value: []byte{1}},
		},
	}
}

// The same as Jaeger 1.62 makes of it.
func TestDecodeZipkinEverything(t *testing.T) {
	t.Parallel()
	process := &trace.Process{Service: "shop", Tags: []trace.Tag{
		tag("hostname", trace.String("h")), tag("ip", trace.Int64(0x7f000001)),
	}}
	id := trace.TraceID{High: 1, Low: 2}
	parent := []trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: 3}}
	client := trace.Span{
		TraceID: id, SpanID: 4, Operation: "pay", Flags: 2, References: parent,
		Start: at(0), Duration: 40 * time.Microsecond, Process: process,
		Tags: []trace.Tag{
			tag("s", trace.String("v")),
			tag("b", trace.Bool(true)),
			tag("i16", trace.Int64(-2)),
			tag("i32", trace.Int64(256)),
			tag("i64", trace.Int64(7)),
			tag("d", trace.Float64(1.5)),
			tag("x", trace.Binary([]byte{0, 255})),
			tag("short", trace.String("Cannot parse Zipkin value AQ==: unexpected EOF")),
			tag("none", trace.String("Cannot parse Zipkin value : EOF")),
			tag("odd", trace.String("Cannot parse Zipkin value AQ==: unknown zipkin annotation type: 77")),
			tag("component", trace.String("go")),
			tag("peer.service", trace.String("till")),
			tag("peer.ipv4", trace.Int64(0xffffffff)),
			tag("peer.ipv6", trace.Binary([]byte{1})),
			tag("peer.port", trace.Int64(0xfffe)),
			tag("span.kind", trace.String("client")),
		},
		Logs: []trace.Log{
			{Time: at(20), Fields: []trace.Tag{tag("event", trace.String("paid")), tag("sum", trace.String("5"))}},
			{Time: at(25), Fields: []trace.Tag{tag("event", trace.String("plain"))}},
		},
	}
	server := trace.Span{
		TraceID: id, SpanID: 4, Operation: "pay", Flags: 2, References: parent,
		Start: at(10), Duration: 20 * time.Microsecond, Process: process,
		Tags: []trace.Tag{tag("span.kind", trace.String("server"))},
	}
	want := ingest.Batch{Spans: []trace.Span{client, server}}
	ways := map[string]func() (ingest.Batch, error){
		"compact": func() (ingest.Batch, error) { return DecodeCompact(wiretest.ZipkinCompact(shared())) },
		"binary":  func() (ingest.Batch, error) { return DecodeBinary(wiretest.ZipkinBinary(shared())) },
		"body":    func() (ingest.Batch, error) { return DecodeZipkin(wiretest.ZipkinBody(shared())) },
	}
	for name, decode := range ways {
		got, err := decode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Who made a span stands in one of several places.
func TestZipkinService(t *testing.T) {
	t.Parallel()
	host := func(name string) *zipkincore.Endpoint { return &zipkincore.Endpoint{ServiceName: name} }
	event := func(value, service string) *zipkincore.Annotation {
		return &zipkincore.Annotation{Value: value, Host: host(service)}
	}
	label := func(key, service string) *zipkincore.BinaryAnnotation {
		return &zipkincore.BinaryAnnotation{Key: key, Host: host(service), AnnotationType: zipkincore.AnnotationType_STRING}
	}
	tests := []struct {
		name string
		span zipkincore.Span
		want string
	}{
		{"nowhere", zipkincore.Span{}, "unknown-service-name"},
		{"kind first", zipkincore.Span{
			Annotations:       []*zipkincore.Annotation{event("e", "event"), event("sr", "server")},
			BinaryAnnotations: []*zipkincore.BinaryAnnotation{label("lc", "component")},
		}, "server"},
		{"component", zipkincore.Span{
			Annotations:       []*zipkincore.Annotation{event("e", "event")},
			BinaryAnnotations: []*zipkincore.BinaryAnnotation{label("lc", "component")},
		}, "component"},
		{"event", zipkincore.Span{
			Annotations:       []*zipkincore.Annotation{event("sr", ""), event("e", "event")},
			BinaryAnnotations: []*zipkincore.BinaryAnnotation{label("k", "tag")},
		}, "event"},
		{"tag", zipkincore.Span{BinaryAnnotations: []*zipkincore.BinaryAnnotation{label("k", "tag")}}, "tag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := zipkinProcess(&tt.span, nil).Service; got != tt.want {
				t.Errorf("got service %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDecodeZipkinFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       ingest.Reason
	}{
		{"empty", "", ingest.Truncated},
		{"list of 2^31", "\x0c\x7f\xff\xff\xff", ingest.Oversized},
		{"cut", string(wiretest.ZipkinBody(shared())[:30]), ingest.Truncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			batch, err := DecodeZipkin([]byte(tt.body))
			if err == nil || ingest.ReasonOf(err) != tt.want {
				t.Errorf("got reason %q (%v, %d spans), want %q", ingest.ReasonOf(err), err, len(batch.Spans), tt.want)
			}
		})
	}
}
