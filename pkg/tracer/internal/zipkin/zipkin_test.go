package zipkin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/opentracing/opentracing-go/mocktracer"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// zipkinPort keeps what is posted to it.
type zipkinPort struct {
	*httptest.Server

	mu      sync.Mutex
	headers []http.Header
	batches [][]map[string]any
}

func newZipkinPort(t *testing.T) *zipkinPort {
	t.Helper()
	p := &zipkinPort{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var batch []map[string]any
		if err := json.Unmarshal(body, &batch); err != nil {
			t.Errorf("a body does not decode: %v", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.headers = append(p.headers, r.Header)
		p.batches = append(p.batches, batch)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(p.Close)
	return p
}

func TestZipkinSpan(t *testing.T) {
	t.Parallel()
	port := newZipkinPort(t)
	cfg := testkit.ZipkinConfig(strings.Replace(port.URL, "http://", "http://ann:s3cret@", 1) + "/api/v2/spans")
	cfg.Service = "Shop"
	cfg.Tags = []config.Tag{{Name: "region", Value: "north"}, {Name: "color", Value: "red"}}
	tr, _ := tracertest.New(t, cfg)
	if want := port.URL + "/api/v2/spans"; tr.Target() != want {
		t.Errorf("target: got %q, want %q", tr.Target(), want)
	}
	root := tr.StartSpan("Call")
	child := tr.StartSpan("HTTP GET", opentracing.ChildOf(root.Context()), ext.SpanKindRPCClient,
		opentracing.Tag{Key: "color", Value: "blue"})
	ext.HTTPStatusCode.Set(child, 200)
	child.LogFields(log.String("event", "GetConn"))
	child.FinishWithOptions(opentracing.FinishOptions{FinishTime: time.Now().Add(time.Second)})
	server := tr.StartSpan("serve", ext.RPCServerOption(child.Context()))
	server.Finish()
	root.Finish()
	testkit.CloseTracer(t, tr)

	if len(port.batches) != 1 || len(port.batches[0]) != 3 {
		t.Fatalf("got %v, want one batch of three spans", port.batches)
	}
	h := port.headers[0]
	user, password, _ := (&http.Request{Header: h}).BasicAuth()
	if h.Get("Content-Type") != "application/json" || h.Get("b3") != "0" || user != "ann" || password != "s3cret" {
		t.Errorf("got headers %v", h)
	}
	c, s, r := port.batches[0][0], port.batches[0][1], port.batches[0][2]
	id, sampled := tr.TraceID(child.Context())
	for _, span := range port.batches[0] {
		if span["traceId"] != id || !sampled || len(id) != 16 || span["shared"] != nil {
			t.Errorf("got %v, want an unshared span of trace %q", span, id)
		}
		if diff := cmp.Diff(map[string]any{"serviceName": "shop"}, span["localEndpoint"]); diff != "" {
			t.Errorf("local endpoint (-want +got):\n%s", diff)
		}
	}
	if r["parentId"] != nil || c["parentId"] != r["id"] || s["parentId"] != c["id"] || s["id"] == c["id"] {
		t.Errorf("got root %v, client %v, server %v, want each the child of the one before", r, c, s)
	}
	if r["kind"] != nil || c["kind"] != "CLIENT" || s["kind"] != "SERVER" || c["name"] != "http get" {
		t.Errorf("got root %v, client %v, server %v", r, c, s)
	}
	wantTags := map[string]any{"region": "north", "color": "blue", "http.status_code": "200"}
	if diff := cmp.Diff(wantTags, c["tags"]); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if notes := c["annotations"].([]any); len(notes) != 1 || notes[0].(map[string]any)["value"] != "event:GetConn" {
		t.Errorf("got annotations %v", notes)
	}
	if d := c["duration"].(float64); d < 1e6 || d > 60e6 {
		t.Errorf("got duration %v µs, want a second and a bit", d)
	}
}

func TestZipkinTraceID(t *testing.T) {
	t.Parallel()
	cfg := testkit.ZipkinConfig(newZipkinPort(t).URL)
	cfg.TraceID128Bit = true
	tr, _ := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	defer span.Finish()
	id, sampled := tr.TraceID(span.Context())
	if len(id) != 32 || !sampled {
		t.Errorf("128 bits: got %q, %v", id, sampled)
	}
	header := http.Header{}
	if err := span.Tracer().Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(header)); err != nil {
		t.Fatal(err)
	}
	if got := header.Get("x-b3-traceid"); got != id {
		t.Errorf("got header %q, want %q", got, id)
	}
	foreign := mocktracer.New().StartSpan("work").Context()
	for _, sc := range []opentracing.SpanContext{nil, foreign} {
		if id, sampled := tr.TraceID(sc); id != "" || sampled {
			t.Errorf("context %v: got %q, %v", sc, id, sampled)
		}
	}
	if id, _ := tr.TraceID(tr.StartSpan("x", opentracing.ChildOf(foreign)).Context()); len(id) != 32 {
		t.Errorf("with a parent of another tracer: got trace %q, want a new one", id)
	}
}

// A span that Zipkin's format has no place for costs itself, not those behind it.
func TestZipkinUnencodable(t *testing.T) {
	t.Parallel()
	port := newZipkinPort(t)
	tr, l := tracertest.New(t, testkit.ZipkinConfig(port.URL))
	tr.StartSpan("backwards").FinishWithOptions(opentracing.FinishOptions{FinishTime: time.Now().Add(-time.Hour)})
	testkit.MakeSpans(tr, 2)
	testkit.CloseTracer(t, tr)
	if got, want := tr.Stats(), (reporter.Stats{Started: 3, Sampled: 3, Finished: 3, Failed: 1, Sent: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	l.Want(t, "level=WARN", `msg="span not encoded"`, "valid duration required", "failed=1")
}

// Only 202 is Zipkin's yes.
func TestZipkinWrongPort(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>Zipkin</title>")
	}))
	t.Cleanup(page.Close)
	tr, l := tracertest.New(t, testkit.ZipkinConfig(page.URL))
	testkit.MakeSpans(tr, 3)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Failed != 3 {
		t.Errorf("got %+v, want 3 failed", s)
	}
	l.Want(t, "level=WARN", "200 OK instead of 202", "web page (wrong port?)")
}

func TestZipkinLargeSpans(t *testing.T) {
	t.Parallel()
	port := newZipkinPort(t)
	tr, l := tracertest.New(t, testkit.ZipkinConfig(port.URL))
	for _, size := range []int{600_000, 600_000, 200_000, 2 << 20, 17 << 20} {
		tr.StartSpan("large").SetTag("payload", strings.Repeat("x", size)).Finish()
	}
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Sent != 4 || s.TooLarge != 1 {
		t.Errorf("got %+v, want 4 sent and 1 too large", s)
	}
	var sizes []int
	for _, batch := range port.batches {
		sizes = append(sizes, len(batch))
	}
	if diff := cmp.Diff([]int{1, 2, 1}, sizes); diff != "" {
		t.Errorf("spans of each batch (-want +got):\n%s", diff)
	}
	l.Want(t, "level=WARN", "span too large for a request", "too_large=1")
}

func TestZipkinLogSpans(t *testing.T) {
	t.Parallel()
	cfg := testkit.ZipkinConfig(newZipkinPort(t).URL)
	cfg.Reporter.LogSpans = true
	tr, l := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	span.Finish()
	id, _ := tr.TraceID(span.Context())
	l.Want(t, "level=INFO", `msg="span finished"`, "operation=work", "trace_id="+id)
}
