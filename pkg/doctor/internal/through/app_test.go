package through

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/zipkin"
)

// app is a real application of jaeger-client-go. The zero value, but for its
// name, is well: const 1, a flush a second, uber-trace-id.
type app struct {
	name    string
	sampler jaeger.Sampler
	// flush is the interval; the client's own default of a second when zero.
	flush    time.Duration
	disabled bool
	// zipkin makes it read and write B3 headers instead.
	zipkin bool
	// deaf starts a trace for each request and ignores its headers.
	deaf bool
	// cut reads 64 bits of a trace id.
	cut bool
	// redirects makes the first path redirect to another.
	redirects bool
	// status is its response if not 200.
	status int
	// calls is the URL of the next service; inject passes the trace on.
	calls  string
	inject bool
	// silent is a call with a span, that does not inject.
	silent bool
}

// start runs the application with a tracer that reports to the agent's address.
func (a app) start(t *testing.T, agent string) string {
	t.Helper()
	tracer := a.tracer(t, agent)
	client := &http.Client{Transport: &nethttp.Transport{RoundTripper: &http.Transport{DisableKeepAlives: true}}}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if a.deaf {
			span := tracer.StartSpan("deaf", opentracing.Tag{Key: "http.url", Value: r.URL.String()})
			defer span.Finish()
			ctx = opentracing.ContextWithSpan(ctx, span)
		}
		if a.calls != "" {
			a.call(ctx, tracer, client)
		}
		if a.redirects && r.URL.Path == "/pay" {
			http.Redirect(w, r, "/paid", http.StatusFound)
			return
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
	})
	var traced http.Handler = handler
	if !a.deaf {
		traced = nethttp.Middleware(tracer, handler)
	}
	srv := httptest.NewServer(traced)
	t.Cleanup(srv.Close)
	return srv.URL + "/pay"
}

func (a app) call(ctx context.Context, tracer opentracing.Tracer, client *http.Client) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.calls, nil)
	if err != nil {
		return
	}
	if a.silent {
		parent := opentracing.SpanFromContext(ctx)
		span := tracer.StartSpan("call", opentracing.ChildOf(parent.Context()),
			opentracing.Tag{Key: "span.kind", Value: "client"}, opentracing.Tag{Key: "http.url", Value: a.calls})
		defer span.Finish()
	}
	if a.inject {
		var ht *nethttp.Tracer
		req, ht = nethttp.TraceRequest(tracer, req)
		defer ht.Finish()
	}
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

func (a app) tracer(t *testing.T, agent string) opentracing.Tracer {
	t.Helper()
	if a.disabled {
		return opentracing.NoopTracer{}
	}
	if a.sampler == nil {
		a.sampler = jaeger.NewConstSampler(true)
	}
	transport, err := jaeger.NewUDPTransport(agent, 0)
	if err != nil {
		t.Fatal(err)
	}
	reporter := jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.BufferFlushInterval(a.flush))
	options := []jaeger.TracerOption{jaeger.TracerOptions.Gen128Bit(true)}
	if a.zipkin {
		b3 := zipkin.NewZipkinB3HTTPHeaderPropagator()
		options = append(options, jaeger.TracerOptions.Extractor(opentracing.HTTPHeaders, b3),
			jaeger.TracerOptions.Injector(opentracing.HTTPHeaders, b3))
	}
	if a.cut {
		options = append(options, jaeger.TracerOptions.Extractor(opentracing.HTTPHeaders, cutting{}))
	}
	tracer, closer := jaeger.NewTracer(a.name, a.sampler, reporter, options...)
	t.Cleanup(func() { _ = closer.Close() })
	return tracer
}

// cutting reads uber-trace-id like clients that support only 64 bits.
type cutting struct{}

// Extract implements jaeger.Extractor.
func (cutting) Extract(carrier any) (jaeger.SpanContext, error) {
	var found jaeger.SpanContext
	err := carrier.(opentracing.TextMapReader).ForeachKey(func(key, value string) error {
		if !strings.EqualFold(key, "uber-trace-id") {
			return nil
		}
		ctx, err := jaeger.ContextFromString(value)
		found = jaeger.NewSpanContext(jaeger.TraceID{Low: ctx.TraceID().Low}, ctx.SpanID(), ctx.ParentID(), ctx.IsSampled(), nil)
		return err
	})
	if err == nil && !found.IsValid() {
		err = opentracing.ErrSpanContextNotFound
	}
	return found, err
}

// keepsFew is a sampler that keeps a trace in a billion.
func keepsFew(t *testing.T) jaeger.Sampler {
	t.Helper()
	s, err := jaeger.NewProbabilisticSampler(1e-9)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
