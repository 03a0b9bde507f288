package otel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

func extractW3C(t *testing.T, tr *tracer.Tracer, traceparent string) opentracing.SpanContext {
	t.Helper()
	sc, err := tr.Extract(opentracing.TextMap, opentracing.TextMapCarrier{"traceparent": traceparent})
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// What the bridge makes of the parts of a span.
func TestOTelSpan(t *testing.T) {
	t.Parallel()
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	tr, _ := tracertest.New(t, otel.OtelConfig(c.URL))
	server := tr.StartSpan("server", ext.SpanKindRPCServer, opentracing.Tag{Key: "http.method", Value: "GET"})
	client := tr.StartSpan("client", opentracing.ChildOf(server.Context()), ext.SpanKindRPCClient)
	ext.Error.Set(client, true)
	client.LogFields(log.String("event", "error"), log.Error(errors.New("refused")))
	later := tr.StartSpan("later", opentracing.FollowsFrom(server.Context()))
	ext.SpanKind.Set(later, ext.SpanKindProducerEnum)
	for _, span := range []opentracing.Span{client, later, server} {
		span.Finish()
	}
	testkit.CloseTracer(t, tr)
	spans := c.Spans()
	if got := spans["server"]; got.Kind != tracepb.Span_SPAN_KIND_SERVER || otel.TextOf(got.Attributes)["http.method"] != "GET" {
		t.Errorf("server: got %v", got)
	}
	got := spans["client"]
	if got.Kind != tracepb.Span_SPAN_KIND_CLIENT || got.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR ||
		string(got.ParentSpanId) != string(spans["server"].SpanId) || string(got.TraceId) != string(spans["server"].TraceId) {
		t.Errorf("client: got %v", got)
	}
	want := map[string]string{"event": "error", "error.object": "refused"}
	if diff := cmp.Diff(want, otel.TextOf(got.Events[0].Attributes)); diff != "" || got.Events[0].Name != "" {
		t.Errorf("event %q (-want +got):\n%s", got.Events[0].Name, diff)
	}
	// The losses that New names.
	got = spans["later"]
	if got.Kind != tracepb.Span_SPAN_KIND_INTERNAL || len(got.ParentSpanId) != 0 ||
		string(got.TraceId) == string(spans["server"].TraceId) || len(got.Links) != 1 ||
		string(got.Links[0].SpanId) != string(spans["server"].SpanId) {
		t.Errorf("later: got %v", got)
	}
}

func TestOTelBaggageTravels(t *testing.T) {
	t.Parallel()
	tr, _ := tracertest.New(t, otel.OtelConfig(otel.NewHTTPCollector(t, otel.Protobuf(t, nil)).URL))
	span := tr.StartSpan("work")
	defer span.Finish()
	span.SetBaggageItem("who", "me & you")
	header := opentracing.HTTPHeadersCarrier{}
	if err := tr.Inject(span.Context(), opentracing.HTTPHeaders, header); err != nil {
		t.Fatal(err)
	}
	sc, err := tr.Extract(opentracing.HTTPHeaders, header)
	if err != nil {
		t.Fatal(err)
	}
	child := tr.StartSpan("child", opentracing.ChildOf(sc))
	defer child.Finish()
	if got := child.BaggageItem("who"); got != "me & you" {
		t.Errorf("got %q from %v", got, header)
	}
	id, _ := tr.TraceID(span.Context())
	if got, _ := tr.TraceID(child.Context()); got != id {
		t.Errorf("got trace %s, want %s", got, id)
	}
}

// A call and its server, with the spans that nethttp makes.
func TestOTelOverNethttp(t *testing.T) {
	t.Parallel()
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	tr, l := tracertest.New(t, otel.OtelConfig(c.URL))
	handler := nethttp.Middleware(tr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "sorry", http.StatusInternalServerError)
	}), nethttp.OperationNameFunc(func(*http.Request) string { return "serve" }))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	caller := client.New(tr, client.Options{})
	defer caller.Close()
	top := tr.StartSpan("call")
	if _, err := caller.Do(opentracing.ContextWithSpan(t.Context(), top), client.Request{URL: server.URL}); err == nil {
		t.Error("the call succeeded")
	}
	top.Finish()
	server.Close() // the server's span has ended then
	testkit.CloseTracer(t, tr)
	spans := c.Spans()
	for _, test := range []struct {
		name, parent string
		kind         tracepb.Span_SpanKind
		failed       bool
	}{
		{"call", "", tracepb.Span_SPAN_KIND_INTERNAL, false},
		{"HTTP Client", "call", tracepb.Span_SPAN_KIND_INTERNAL, false},
		{"HTTP GET", "HTTP Client", tracepb.Span_SPAN_KIND_CLIENT, true},
		{"serve", "HTTP GET", tracepb.Span_SPAN_KIND_SERVER, true},
	} {
		got := spans[test.name]
		failed := got.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR
		if string(got.GetParentSpanId()) != string(spans[test.parent].GetSpanId()) || got.GetKind() != test.kind ||
			failed != test.failed || string(got.GetTraceId()) != string(spans["call"].GetTraceId()) {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
	if got, want := tr.Stats(), (reporter.Stats{Started: 4, Sampled: 4, Finished: 4, Sent: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if strings.Contains(l.String(), "WARN") {
		t.Errorf("log:\n%s", l)
	}
}

// Code that knows only OpenTelemetry finds the span of the request.
func TestOTelContextHasBoth(t *testing.T) {
	t.Parallel()
	tr, _ := tracertest.New(t, otel.OtelConfig(otel.NewHTTPCollector(t, otel.Protobuf(t, nil)).URL))
	span := tr.StartSpan("work")
	defer span.Finish()
	id, _ := tr.TraceID(span.Context())
	ctx := opentracing.ContextWithSpan(context.Background(), span)
	if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != id {
		t.Errorf("got trace %s, want %s", got, id)
	}
}
