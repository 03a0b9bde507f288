package otel

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

func TestValidText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "ok", "größe", "\ufffd", "a\xffb", "\xe2\x82", "\xff\xfe\xfd", "\xed\xa0\x80"} {
		asJSON, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var want string
		if err := json.Unmarshal(asJSON, &want); err != nil {
			t.Fatal(err)
		}
		if got := ValidText(text); got != want {
			t.Errorf("%q: got %q, want %q as in JSON", text, got, want)
		}
	}
}

// Every place of a span that has text, and every kind of value.
func TestEncodable(t *testing.T) {
	t.Parallel()
	stub := func(text string) tracetest.SpanStub {
		attributes := []attribute.KeyValue{
			attribute.Int("number", 7),
			attribute.String(text, text),
			attribute.StringSlice("texts", []string{"ok", text}),
			{Key: "values", Value: attribute.SliceValue(attribute.StringValue(text), attribute.BoolValue(true))},
			{Key: "map", Value: attribute.MapValue(attribute.String(text, text))},
		}
		return tracetest.SpanStub{
			Name:       text,
			Attributes: attributes,
			Events:     []sdktrace.Event{{Name: text, Attributes: attributes}},
			Links:      []sdktrace.Link{{Attributes: attributes}},
			Status:     sdktrace.Status{Code: codes.Error, Description: text},
			Resource:   resource.NewSchemaless(attributes...),
		}
	}
	whole := func(span sdktrace.ReadOnlySpan) []any {
		return []any{span.Name(), span.Attributes(), span.Events(), span.Links(), span.Status(), span.Resource().Attributes()}
	}
	same := cmp.Comparer(func(x, y attribute.Value) bool { return x == y })
	var shared utf8Resource
	valid := stub("a\ufffdb").Snapshot()
	copied := func(span sdktrace.ReadOnlySpan) bool {
		_, ok := encodable(span, &shared).(*utf8Span)
		return ok
	}
	if copied(valid) {
		t.Error("a span with valid text was copied")
	}
	given := stub("a\xffb").Snapshot()
	before := whole(given)
	if diff := cmp.Diff(whole(valid), whole(encodable(given, &shared)), same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, whole(given), same); diff != "" {
		t.Errorf("the span itself has changed (-want +got):\n%s", diff)
	}
	// Each place alone is found.
	for name, spoil := range map[string]func(s *tracetest.SpanStub){
		"name":   func(s *tracetest.SpanStub) { s.Name = "\xff" },
		"status": func(s *tracetest.SpanStub) { s.Status.Description = "\xff" },
		"key":    func(s *tracetest.SpanStub) { s.Attributes[0].Key = "\xff" },
		"text":   func(s *tracetest.SpanStub) { s.Attributes[1] = attribute.String("k", "\xff") },
		"texts":  func(s *tracetest.SpanStub) { s.Attributes[2] = attribute.StringSlice("k", []string{"\xff"}) },
		"values": func(s *tracetest.SpanStub) {
			s.Attributes[3].Value = attribute.SliceValue(attribute.StringValue("\xff"))
		},
		"map":      func(s *tracetest.SpanStub) { s.Attributes[4].Value = attribute.MapValue(attribute.Int("\xff", 1)) },
		"event":    func(s *tracetest.SpanStub) { s.Events[0].Name = "\xff" },
		"resource": func(s *tracetest.SpanStub) { s.Resource = resource.NewSchemaless(attribute.String("k", "\xff")) },
	} {
		s := stub("ok")
		spoil(&s)
		if !copied(s.Snapshot()) {
			t.Errorf("%s: not replaced", name)
		}
	}
}

// The SDK goes on with its defaults, and so do we.
func TestOTLPNumbersIgnored(t *testing.T) {
	want := otlpLimits{batch: 512, export: reporter.RetryTimeout, request: 10 * time.Second}
	for _, value := range []string{"5s", "0", "-1", "x"} {
		for _, name := range []string{
			"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		} {
			t.Setenv(name, value)
		}
		if got := readOTLPLimits(); got != want {
			t.Errorf("%s: got %+v, want %+v", value, got, want)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")
	want.request = 2 * time.Second
	if got := readOTLPLimits(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
