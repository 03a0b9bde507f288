package propagation_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// backendFor is one backend with a receiver for each tracer.
type backendFor struct {
	addrs map[string]string
	query *query.Client
}

func newBackendFor(t *testing.T) *backendFor {
	t.Helper()
	b, err := allinone.Start(allinone.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := query.New("http://"+b.Addrs()[allinone.Query], query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return &backendFor{b.Addrs(), client}
}

// config is for a tracer that sends to the backend.
func (b *backendFor) config(t *testing.T, tracer, service, format string) config.Config {
	t.Helper()
	cfg := speakConfig(tracer, format)
	cfg.Service = service
	switch tracer {
	case config.TracerZipkin:
		cfg.Reporter.Collector.Endpoint = "http://" + b.addrs[allinone.Zipkin] + "/api/v2/spans"
	case config.TracerOTel:
		cfg.Reporter.Collector.Endpoint = "http://" + b.addrs[allinone.OTLPHTTP] + "/v1/traces"
	case config.TracerAppdash:
		cfg.Reporter.Collector.Endpoint = "tcp://" + b.addrs[allinone.Appdash]
	default:
		_, port, err := net.SplitHostPort(b.addrs[allinone.AgentCompact])
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Reporter.Agent.Port, err = strconv.Atoi(port); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

// pair is a caller and a callee, as two processes have them.
type pair struct {
	from, to, format string
	wide, sampled    bool
}

func (p pair) String() string {
	return strings.Join([]string{
		p.from, p.to, p.format, "wide=" + strconv.FormatBool(p.wide), "sampled=" + strconv.FormatBool(p.sampled),
	}, "/")
}

// cut reports whether the callee sees but half of the trace id.
func (p pair) cut() bool {
	return p.format == config.PropagationAppdash || p.to == config.TracerAppdash
}

// baggage reports whether all three on the way carry it.
func (p pair) baggage() bool {
	return p.from != config.TracerZipkin && p.to != config.TracerZipkin && p.format != config.PropagationB3 && p.format != config.PropagationB3Single
}

func allPairs() []pair {
	var pairs []pair
	for _, from := range speakers() {
		for _, to := range speakers() {
			for _, format := range []string{config.PropagationJaeger, config.PropagationW3C, config.PropagationB3, config.PropagationB3Single, config.PropagationAppdash} {
				for _, sampled := range []bool{true, false} {
					pairs = append(pairs, pair{from, to, format, false, sampled})
					if from == config.TracerJaeger || from == config.TracerZipkin {
						pairs = append(pairs, pair{from, to, format, true, sampled})
					}
				}
			}
		}
	}
	return pairs
}

// TestEveryPairMakesOneTrace sends a request from each tracer to each, in each
// format, with 64 and 128 bits. The callee's own sampler is set against the
// caller's decision, and the spans are read back from a backend.
func TestEveryPairMakesOneTrace(t *testing.T) {
	t.Parallel()
	backend := newBackendFor(t)
	for _, p := range allPairs() {
		t.Run(p.String(), func(t *testing.T) { backend.try(t, p) })
	}
}

// seen is what the callee's handler saw of its own span.
type seen struct {
	id, baggage string
	sampled     bool
}

func (b *backendFor) try(t *testing.T, p pair) {
	t.Helper()
	cfg := b.config(t, p.from, "caller", p.format)
	cfg.TraceID128Bit, cfg.Sampler.Param = p.wide, param(p.sampled)
	from, _ := tracertest.New(t, cfg)
	cfg = b.config(t, p.to, "callee", p.format)
	cfg.Sampler.Param = param(!p.sampled)
	to, logs := tracertest.New(t, cfg)

	id, got := request(t, from, to)
	testkit.CloseTracer(t, from)
	testkit.CloseTracer(t, to)
	if want := trace128(t, id); !sameTrace(trace128(t, got.id), want, p.cut()) {
		t.Errorf("got trace %s, want %s", got.id, id)
	}
	if got.sampled != p.sampled {
		t.Errorf("got sampled %v, want %v", got.sampled, p.sampled)
	}
	if want := "me & ünï"; p.baggage() && got.baggage != want {
		t.Errorf("got baggage %q, want %q", got.baggage, want)
	}
	if strings.Contains(logs.String(), "broken") {
		t.Errorf("the callee complains:\n%s", logs)
	}
	if !p.sampled {
		if a, b := from.Stats().Finished, to.Stats().Finished; a+b != 0 {
			t.Errorf("%d and %d spans of a trace that is not sampled", a, b)
		}
		return
	}
	b.checkParent(t, id, got.id)
}

func param(sampled bool) float64 {
	if sampled {
		return 1
	}
	return 0
}

// request makes a call and returns the caller's trace id and what the callee saw.
func request(t *testing.T, from, to *tracer.Tracer) (id string, got seen) {
	t.Helper()
	server := httptest.NewServer(nethttp.Middleware(to, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		span := opentracing.SpanFromContext(r.Context())
		got.id, got.sampled = to.TraceID(span.Context())
		got.baggage = span.BaggageItem("who")
	})))
	defer server.Close()
	root := from.StartSpan("call").SetBaggageItem("who", "me & ünï")
	id, _ = from.TraceID(root.Context())
	req, err := http.NewRequestWithContext(opentracing.ContextWithSpan(t.Context(), root), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req, ht := nethttp.TraceRequest(from, req)
	client := server.Client()
	client.Transport = &nethttp.Transport{RoundTripper: client.Transport}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	ht.Finish()
	root.Finish()
	return id, got
}

func trace128(t *testing.T, id string) trace.TraceID {
	t.Helper()
	parsed, err := trace.ParseTraceID(id)
	if err != nil {
		t.Errorf("trace id %q: %v", id, err)
	}
	return parsed
}

func sameTrace(got, want trace.TraceID, cut bool) bool {
	if cut {
		return got.Low == want.Low
	}
	return got == want
}

// checkParent reads the spans back: the callee's has the caller's "HTTP GET" as
// its parent.
func (b *backendFor) checkParent(t *testing.T, callerID, calleeID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	total := 4 // call, HTTP Client, HTTP GET; and the callee's
	spans := map[trace.SpanID]trace.Span{}
	for id, want := range map[string]int{callerID: 3, calleeID: 1} {
		if trace128(t, callerID) == trace128(t, calleeID) {
			want = total
		}
		read, err := b.query.WaitTrace(ctx, trace128(t, id), func(tr trace.Trace) bool { return len(tr.Spans) == want })
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range read.Spans {
			spans[span.SpanID] = span
		}
	}
	if len(spans) != total {
		t.Fatalf("got %d span ids, want %d: %+v", len(spans), total, spans)
	}
	for _, span := range spans {
		if span.Process.Service != "callee" {
			continue
		}
		parent, ok := spans[span.ParentID()]
		if !ok || parent.Process.Service != "caller" || !strings.EqualFold(parent.Operation, "HTTP GET") {
			t.Errorf("got parent %s, %+v, want the caller's HTTP GET", span.ParentID(), parent)
		}
		return
	}
	t.Errorf("no span of the callee: %+v", spans)
}
