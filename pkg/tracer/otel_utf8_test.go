package tracer

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/otdemo/otdemo/pkg/config"
)

// The bytes of a stranger that are no text cost no span of any tracer, and no
// batch; and what arrives is what Jaeger's JSON makes of the same bytes.
func TestOTLPInvalidUTF8(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "zone=%ff")
	const bad, good = "a\xff\xfeb", "a\ufffd\ufffdb"
	for _, c := range []*otlpCollector{newGRPCCollector(t, accept), newHTTPCollector(t, protobuf(t, nil))} {
		cfg := otelConfig(c.url)
		cfg.Service = bad
		cfg.Tags = []config.Tag{{Name: bad, Value: bad}}
		tr, l := newTracer(t, cfg)
		if got := tr.Service(); got != good {
			t.Errorf("got service %q, want %q", got, good)
		}
		span := tr.StartSpan(bad).SetTag(bad, bad).SetTag("list", []string{bad})
		ext.Error.Set(span, true)
		span.LogFields(log.String(bad, bad), log.Error(errors.New(bad)))
		span.Finish()
		makeSpans(tr, 10)
		closeTracer(t, tr)
		checkBooks(t, tr.Stats())
		if s := tr.Stats(); s.Sent != 11 || c.count() != 1 {
			t.Errorf("%s: got %+v in %d requests, want 11 sent in one\n%s", c.url, s, c.count(), l)
			continue
		}
		got := c.spans()[good]
		if got == nil {
			t.Errorf("%s: no span is called %q", c.url, good)
			continue
		}
		if text := textOf(got.Attributes)[good]; text != good {
			t.Errorf("%s: got attributes %v", c.url, got.Attributes)
		}
		if text := textOf(got.Events[0].Attributes); text[good] != good || text["error.object"] != good {
			t.Errorf("%s: got event %v", c.url, got.Events)
		}
		process := textOf(c.requests[0].ResourceSpans[0].Resource.Attributes)
		if process["service.name"] != good || process[good] != good || process["zone"] != "\ufffd" {
			t.Errorf("%s: got resource %v", c.url, process)
		}
	}
}

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
		if got := validText(text); got != want {
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
