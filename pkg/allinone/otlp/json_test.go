package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otdemo/otdemo/pkg/trace"
)

// otlpJSON encodes the sample with protobuf's own code and turns the ids into
// hexadecimal.
func otlpJSON(tb testing.TB, opts protojson.MarshalOptions) []byte {
	tb.Helper()
	b, err := opts.Marshal(sample())
	if err != nil {
		tb.Fatal(err)
	}
	ids := regexp.MustCompile(`(?i)("(?:trace_?|span_?|parent_?span_?)id": *")([^"]+)"`)
	return ids.ReplaceAllFunc(b, func(match []byte) []byte {
		parts := ids.FindSubmatch(match)
		id, err := base64.StdEncoding.DecodeString(string(parts[2]))
		if err != nil {
			tb.Fatal(err)
		}
		return fmt.Appendf(nil, `%s%s"`, parts[1], hex.EncodeToString(id))
	})
}

// The same spans, as JSON in each way that protobuf may write it, give the same
// batches as in protobuf.
func TestJSONIsReadAsProtobuf(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]protojson.MarshalOptions{
		"names":      {},
		"snake_case": {UseProtoNames: true},
		"numbers":    {UseEnumNumbers: true},
		"all fields": {EmitUnpopulated: true, Multiline: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := otlpJSON(t, opts)
			got, err := JSON.Decode(body)
			if err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			clear(body) // its memory is used again
			if diff := cmp.Diff(Request{Batches: sampleBatches()}, got, equalValues); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// oneSpan has fields of a span inside a request.
func oneSpan(fields string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000000000000000000000000000000AA","spanId":"00000000000000bb"` + fields + `}]}]}]}`
}

func TestJSONScalars(t *testing.T) {
	t.Parallel()
	attribute := func(value string) string { return `,"attributes":[{"key":"k","value":` + value + `}]` }
	tests := []struct {
		name, value string
		want        trace.Value
	}{
		{"integer as text", `{"intValue":"-9223372036854775808"}`, trace.Int64(-1 << 63)},
		{"integer as a number", `{"intValue":9007199254740993}`, trace.Int64(1<<53 + 1)},
		{"double as an integer", `{"doubleValue":3}`, trace.Float64(3)},
		{"double as text", `{"doubleValue":"-Infinity"}`, trace.Float64(math.Inf(-1))},
		{"base64 for URLs", `{"bytesValue":"_-8"}`, trace.Binary([]byte{0xff, 0xef})},
		{"escapes", `{"stringValue":"\u017c\n"}`, trace.String("ż\n")},
		{"false", `{"boolValue":false}`, trace.Bool(false)},
		{"null", `null`, trace.String("")},
		{"unknown kind", `{"futureValue":{"a":[1,{"b":null}]}}`, trace.String("")},
		{"the last one wins", `{"stringValue":"a","boolValue":true}`, trace.Bool(true)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := JSON.Decode([]byte(oneSpan(attribute(tt.value))))
			if err != nil {
				t.Fatal(err)
			}
			value, _ := got.Batches[0].Spans[0].Tag("k")
			if value != tt.want {
				t.Errorf("got %v %v, want %v %v", value.Kind(), value, tt.want.Kind(), tt.want)
			}
		})
	}
}

// What old clients write, and what Decode does not read.
func TestJSONOfOthers(t *testing.T) {
	t.Parallel()
	const span = `"spans":[{"traceId":"000000000000000000000000000000AA","spanId":"00000000000000bb"`
	for _, body := range []string{
		`{"resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"lib"},` + span + `}]}]}]}`,
		`{"resource_spans":[{"instrumentation_library_spans":[{"instrumentation_library":{"name":"lib"},` + span + `}]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"lib","droppedAttributesCount":[]},` + span + `,"flags":{},"droppedLinksCount":"no"}]}]}]}`,
	} {
		got, err := JSON.Decode([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if name, _ := got.Batches[0].Spans[0].Tag("otel.scope.name"); name != trace.String("lib") {
			t.Errorf("%s: got scope %q, want lib", body, name)
		}
	}
}

func TestJSONIsRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"arrayValue":{"values":[`, maxDepth+1) + strings.Repeat(`]}}`, maxDepth+1)
	tests := []struct{ name, body, want string }{
		{"empty", ``, "unexpected end of JSON input"},
		{"an array", `[]`, "want an object"},
		{"text", `hello`, "invalid character"},
		{"cut short", oneSpan(`,"name":"x"`)[:40], "unexpected end of JSON input"},
		{"two documents", `{} {}`, "after top-level value"},
		{"resources that are no array", `{"resourceSpans":{}}`, "resourceSpans: want an array"},
		{"a resource that is no object", `{"resourceSpans":[1]}`, "resourceSpans: want an object"},
		{"id in base64", strings.ReplaceAll(oneSpan(""), "00000000000000bb", "AAAAAAAAAAE="), "spanId: want hexadecimal"},
		{"short id", strings.ReplaceAll(oneSpan(""), "00000000000000bb", "bb"), "want 8"},
		{"kind that does not exist", oneSpan(`,"kind":"SPAN_KIND_BIG"`), `kind: want a number, got "SPAN_KIND_BIG"`},
		{"name that is a number", oneSpan(`,"name":5`), "name: want text"},
		{"time before 1970", oneSpan(`,"startTimeUnixNano":"-1"`), "startTimeUnixNano: want a number"},
		{"bool as text", oneSpan(`,"attributes":[{"key":"k","value":{"boolValue":"true"}}]`), "want true or false"},
		{"nested too deep", oneSpan(`,"attributes":[{"key":"k","value":` + deep + `}]`), "nested more than"},
		{"unknown and cut short", `{"future":[[[`, "unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := JSON.Decode([]byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
}

// Not parallel: it measures what the process allocates.
func TestJSONMemoryIsBounded(t *testing.T) {
	const size = 1 << 20
	for name, body := range map[string]string{
		"spans":   `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Repeat("{},", size/3) + `{}]}]}]}`,
		"unknown": `{"future":` + strings.Repeat("[", size) + strings.Repeat("]", size) + `}`,
		"nested":  `{"resourceSpans":` + strings.Repeat(`[{"resource":`, size/13),
	} {
		allocated := allocations(func() { _, _ = JSON.Decode([]byte(body)) })
		t.Logf("%s: %.1f times", name, float64(allocated)/float64(len(body)))
		if ratio := float64(allocated) / float64(len(body)); ratio > 150 {
			t.Errorf("%s: %d bytes allocated in all for %d: %.0f times", name, allocated, len(body), ratio)
		}
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	lost := `{"partialSuccess":{"rejectedSpans":"2","errorMessage":"2 without a trace id or a span id: nobody could find them"}}`
	for _, tt := range []struct {
		got  []byte
		want string
	}{
		{JSON.Reply(0), `{"partialSuccess":{}}`},
		{JSON.Reply(2), lost},
		{Protobuf.Reply(0), ""},
		{JSON.Fault(400, "why"), `{"code":3,"message":"why"}`},
		{JSON.Fault(413, "why"), `{"code":8,"message":"why"}`},
		{JSON.Fault(503, "why"), `{"code":14,"message":"why"}`},
		{Protobuf.Fault(400, "why"), "\x08\x03\x12\x03why"},
	} {
		if string(tt.got) != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// FuzzJSON never panics. What it takes is JSON, and decodes or says why not.
func FuzzJSON(f *testing.F) {
	f.Add(otlpJSON(f, protojson.MarshalOptions{}))
	f.Add([]byte(oneSpan(`,"kind":3,"events":[{"timeUnixNano":"1"}]`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		encoded, err := FromJSON(body)
		if err != nil {
			return
		}
		if !json.Valid(bytes.TrimSpace(body)) {
			t.Errorf("took what is no JSON: %q", body)
		}
		if len(encoded) > 4*len(body) {
			t.Errorf("%d bytes of JSON became %d of protobuf", len(body), len(encoded))
		}
		_, _ = Decode(encoded)
	})
}
