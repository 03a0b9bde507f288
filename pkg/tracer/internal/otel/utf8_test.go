package otel

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

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

// encoder is a client that keeps what protobuf can encode.
type encoder struct {
	got      []byte
	requests int
}

func (*encoder) Start(context.Context) error { return nil }
func (*encoder) Stop(context.Context) error  { return nil }

func (e *encoder) UploadTraces(_ context.Context, spans []*tracepb.ResourceSpans) (err error) {
	e.requests++
	e.got, err = proto.MarshalOptions{Deterministic: true}.Marshal(&coltracepb.ExportTraceServiceRequest{ResourceSpans: spans})
	return err
}

// Every place of a span that has text, and every kind of value.
func TestTextIsEncodable(t *testing.T) {
	t.Parallel()
	upload := func(stub tracetest.SpanStub) *encoder {
		t.Helper()
		e := &encoder{}
		exporter, err := otlptrace.New(t.Context(), utf8Client{e})
		if err != nil {
			t.Fatal(err)
		}
		if err := exporter.ExportSpans(t.Context(), []sdktrace.ReadOnlySpan{stub.Snapshot()}); err != nil {
			t.Fatal(err)
		}
		return e
	}
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
	valid, replaced := upload(stub("a\ufffdb")), upload(stub("a\xffb"))
	if valid.requests != 1 || replaced.requests != 2 {
		t.Errorf("got %d requests for valid text and %d for other text, want 1 and 2", valid.requests, replaced.requests)
	}
	if !bytes.Equal(valid.got, replaced.got) {
		t.Errorf("got %q, want %q", replaced.got, valid.got)
	}
	// Each place alone is replaced.
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
		if got := upload(s); !bytes.Contains(got.got, []byte("\ufffd")) {
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
