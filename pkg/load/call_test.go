package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// timeServer answers /gettime, redirects / there and knows nothing else.
func timeServer(tb testing.TB) string {
	tb.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/gettime", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "now") })
	mux.Handle("/{$}", http.RedirectHandler("/gettime", http.StatusMovedPermanently))
	srv := httptest.NewServer(mux)
	tb.Cleanup(srv.Close)
	return srv.URL
}

func TestCall(t *testing.T) {
	t.Parallel()
	tr := newTracer(t, "jaeger")
	opts := optionsFor(t, tr, timeServer(t)+"/")
	opts.Tags = []opentracing.Tag{{Key: "run", Value: "r1"}}
	result, answer, err := Call(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if string(answer.Body) != "now" || result.Bytes != 3 {
		t.Errorf("body %q of %d bytes, want the answer", answer.Body, result.Bytes)
	}
	if result.Status != 200 || result.Hops != 2 || result.Answered != 2 || result.SpansMade != 4 {
		t.Errorf("got %+v, want status 200, 2 hops, 2 answers, 4 spans", result)
	}
	if result.TraceID.IsZero() || !result.Sampled {
		t.Errorf("trace %s, sampled %t, want one that is sampled", result.TraceID, result.Sampled)
	}
	if result.Latency <= 0 || result.Latency != answer.Elapsed || result.Start.IsZero() {
		t.Errorf("latency %v from %v, want %v", result.Latency, result.Start, answer.Elapsed)
	}
	checkSpans(t, tr, int64(result.SpansMade))
}

func TestCallToMalformedURLIsTraced(t *testing.T) {
	t.Parallel()
	tr := newTracer(t, "jaeger")
	result, _, err := Call(t.Context(), optionsFor(t, tr, "http://[::1:1/"))
	if err == nil || !strings.Contains(err.Error(), "the URL is malformed") {
		t.Errorf("error %v, want one of the URL", err)
	}
	if result.TraceID.IsZero() || result.SpansMade != 1 || result.Hops != 0 {
		t.Errorf("got %+v, want a trace of the top-level span alone", result)
	}
	checkSpans(t, tr, 1)
}

func TestCallWithoutSpans(t *testing.T) {
	t.Parallel()
	result, _, err := Call(t.Context(), optionsFor(t, newTracer(t, "noop"), timeServer(t)+"/"))
	if err != nil {
		t.Fatal(err)
	}
	if !result.TraceID.IsZero() || result.Sampled || result.SpansMade != 0 {
		t.Errorf("got %+v, want no trace", result)
	}
	if result.Hops != 2 || result.Answered != 2 {
		t.Errorf("%d hops, %d answers, want 2 each", result.Hops, result.Answered)
	}
}

// openTracer shows the spans that it makes; their trace ids are small numbers.
type openTracer struct{ *mocktracer.MockTracer }

func (openTracer) Trace(sc opentracing.SpanContext) (id.TraceID, bool) {
	return id.TraceID{Low: uint64(sc.(mocktracer.MockSpanContext).TraceID)}, true
}

func TestTagsOfTheTopLevelSpan(t *testing.T) {
	t.Parallel()
	url := timeServer(t)
	for _, tt := range []struct {
		name, path string
		share      float64
		want       map[string]any
	}{
		{"traced", "/", 1, map[string]any{"run": "r1"}},
		{"not traced", "/", 0, map[string]any{"run": "r1", "sampling.priority": uint16(0)}},
		{"failed", "/nosuch", 1, map[string]any{"run": "r1", "error": true}},
	} {
		tr := openTracer{mocktracer.New()}
		c := client.New(tr, client.Options{})
		_, err := Run(t.Context(), Options{
			Client: c, Tracer: tr, Request: client.Request{URL: url + tt.path},
			Requests: 1, Concurrency: 1, TraceShare: tt.share,
			Tags: []opentracing.Tag{{Key: "run", Value: "r1"}},
		})
		c.Close()
		if err != nil {
			t.Fatal(err)
		}
		spans := tr.FinishedSpans()
		top := spans[len(spans)-1]
		if diff := cmp.Diff(tt.want, top.Tags()); top.OperationName != "call" || diff != "" {
			t.Errorf("%s: the top-level span %q has tags (-want +got):\n%s", tt.name, top.OperationName, diff)
		}
	}
}

// checkSpans fails the test unless the tracer has made that many spans.
func checkSpans(t *testing.T, tr *tracer.Tracer, want int64) {
	t.Helper()
	if got := tr.Stats().Started; got != want {
		t.Errorf("the tracer started %d spans, the results say %d", got, want)
	}
}
