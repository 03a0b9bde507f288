package otlp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	colpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// benchSpans is how many spans a batch of the benchmarks has.
const benchSpans = 100

// benchRequest returns a batch of ordinary spans: 6 attributes and an event each.
func benchRequest() *colpb.ExportTraceServiceRequest {
	in := sample()
	resource := in.ResourceSpans[0].Resource
	scope := &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: "net/http", Version: "1"}}
	for i := range benchSpans {
		scope.Spans = append(scope.Spans, &tracepb.Span{
			TraceId: id128(byte(i/10 + 1)), SpanId: id(byte(i + 1)), ParentSpanId: id(byte(i + 2)), Name: "GET /users/{id}",
			Kind: tracepb.Span_SPAN_KIND_SERVER, StartTimeUnixNano: 1e18, EndTimeUnixNano: 1e18 + 5e6,
			Attributes: []*commonpb.KeyValue{
				attr("http.request.method", text("GET")), attr("url.path", text(fmt.Sprintf("/users/%d", i))),
				attr("http.response.status_code", integer(200)), attr("server.address", text("users.example")),
				attr("server.port", integer(8080)), attr("user_agent.original", text("curl/8.5.0")),
			},
			Events: []*tracepb.Span_Event{{TimeUnixNano: 1e18, Name: "cache.miss", Attributes: []*commonpb.KeyValue{attr("key", text("u"))}}},
		})
	}
	return &colpb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{Resource: resource, ScopeSpans: []*tracepb.ScopeSpans{scope}}}}
}

// benchJSON returns the same batch in the JSON of OTLP, whose ids are hexadecimal.
func benchJSON() []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceSpans":[{"scopeSpans":[{"spans":[`)
	for i := range benchSpans {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"traceId":"%032x","spanId":"%016x","parentSpanId":"%016x","name":"GET /users/{id}","kind":2,`+
			`"startTimeUnixNano":"1000000000000000000","endTimeUnixNano":"1000000000005000000","attributes":[`+
			`{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"url.path","value":{"stringValue":"/users/%d"}},`+
			`{"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"server.address","value":{"stringValue":"users.example"}},`+
			`{"key":"server.port","value":{"intValue":"8080"}},{"key":"user_agent.original","value":{"stringValue":"curl/8.5.0"}}],`+
			`"events":[{"timeUnixNano":"1000000000000000000","name":"cache.miss","attributes":[{"key":"key","value":{"stringValue":"u"}}]}]}`,
			i/10+1, i+1, i+2, i)
	}
	b.WriteString(`]}]}]}`)
	return b.Bytes()
}

// generated only unmarshals: what it makes is not yet made into spans.
func generated(body []byte) error {
	return proto.Unmarshal(body, new(colpb.ExportTraceServiceRequest))
}

func generatedJSON(body []byte) error {
	// Hexadecimal ids are read as base64, which takes as long.
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, new(colpb.ExportTraceServiceRequest))
}

func byHand(body []byte) error {
	_, err := Decode(body)
	return err
}

func byHandJSON(body []byte) error {
	_, err := JSON.Decode(body)
	return err
}

// BenchmarkDecode compares decoding by hand, into spans, with generated code, into
// messages.
func BenchmarkDecode(b *testing.B) {
	binary, err := proto.Marshal(benchRequest())
	if err != nil {
		b.Fatal(err)
	}
	const million = 1 << 20
	hollow := hostileBodies(b)
	for _, bb := range []struct {
		name           string
		body           []byte
		spans          int
		hand, standard func([]byte) error
		fails          bool
	}{
		{"protobuf", binary, benchSpans, byHand, generated, false},
		{"json", benchJSON(), benchSpans, byHandJSON, generatedJSON, false},
		{"hollow_events_1MiB", hollow["events"], 0, byHand, generated, true},
		{"hollow_attributes_1MiB", hollow["attributes"], 0, byHand, generated, true},
		{"json_unknown_1MiB", slices.Concat([]byte(`{"a":[1`), bytes.Repeat([]byte(",1"), million/2), []byte("]}")), 0, byHandJSON, generatedJSON, true},
		{"json_same_name_1MiB", []byte("{" + strings.Repeat(`"a":1,`, million/6) + `"a":1}`), 0, byHandJSON, generatedJSON, true},
	} {
		for name, decode := range map[string]func([]byte) error{"hand": bb.hand, "generated": bb.standard} {
			b.Run(bb.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(bb.body)))
				for b.Loop() {
					if err := decode(bb.body); err != nil && !bb.fails {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
