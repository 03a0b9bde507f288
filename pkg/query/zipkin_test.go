package query_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// sharedTrace is as Zipkin answers it: one id for the call, which its client and
// its server share, and a span of the server's below it.
const sharedTrace = `[
 {"traceId":"0000000000000abc","id":"0000000000000002","parentId":"0000000000000001","kind":"CLIENT","name":"get",
  "timestamp":2000,"duration":500,"localEndpoint":{"serviceName":"shop","ipv4":"127.0.0.1"},
  "remoteEndpoint":{"serviceName":"stock","ipv4":"127.0.0.2","port":80},"tags":{"http.path":"/"}},
 {"traceId":"0000000000000abc","id":"0000000000000001","name":"buy","timestamp":1000,"duration":3000,"debug":true,
  "localEndpoint":{"serviceName":"shop"},"annotations":[{"timestamp":1500,"value":"paid"}],"tags":{"error":"no stock"}},
 {"traceId":"0000000000000abc","id":"0000000000000002","parentId":"0000000000000001","kind":"SERVER","name":"get","shared":true,
  "timestamp":2100,"duration":300,"localEndpoint":{"serviceName":"stock"}},
 {"traceId":"0000000000000abc","id":"0000000000000003","parentId":"0000000000000002","name":"count",
  "timestamp":2200,"duration":100,"localEndpoint":{"serviceName":"stock"}}]`

// zipkinAnswers are those of Zipkin's server 3 to the requests of these tests; to
// all others it says 404 in words of its own.
type zipkinAnswers struct {
	mu    sync.Mutex
	paths []string
	query url.Values
}

func (z *zipkinAnswers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z.mu.Lock()
	z.paths = append(z.paths, r.URL.Path)
	z.query = r.URL.Query()
	z.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/api/v2/services":
		_, _ = io.WriteString(w, `["stock","shop"]`)
	case "/api/v2/trace/0000000000000abc":
		_, _ = io.WriteString(w, sharedTrace)
	case "/api/v2/traces":
		_, _ = io.WriteString(w, "["+sharedTrace+"]")
	case "/api/v2/trace/0000000000000def":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "0000000000000def not found")
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "Status: 404\nDescription: Not Found\n")
	}
}

func (z *zipkinAnswers) asked() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.paths
}

func zipkinClient(t *testing.T) (*query.Client, *zipkinAnswers) {
	t.Helper()
	z := &zipkinAnswers{}
	return serveFunc(t, "", z.ServeHTTP), z
}

func TestZipkinTrace(t *testing.T) {
	t.Parallel()
	c, z := zipkinClient(t)
	got, err := c.Trace(t.Context(), abc)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID, Parent             trace.SpanID
		Service, Name, Kind    string
		Start                  int64
		Flags                  uint32
		Failed                 bool
		Message, Peer, PeerSvc string
		Logs                   int
	}
	var rows []row
	for i := range got.Spans {
		s := &got.Spans[i]
		tag := func(key string) string {
			v, _ := s.Tag(key)
			return v.String()
		}
		rows = append(rows, row{
			s.SpanID, s.ParentID(), s.Service(), s.Operation, tag("span.kind"), s.Start.UnixMicro(), s.Flags, s.Failed(),
			tag("error.message"), tag("net.peer.ip") + ":" + tag("net.peer.port"), tag("peer.service"), len(s.Logs),
		})
	}
	// Span 2 is the client's half; the server's is the first id that is free, 4,
	// and has the server's own span below it.
	want := []row{
		{ID: 1, Service: "shop", Name: "buy", Start: 1000, Flags: 3, Failed: true, Message: "no stock", Peer: ":", Logs: 1},
		{ID: 2, Parent: 1, Service: "shop", Name: "get", Kind: "client", Start: 2000, Flags: 1, Peer: "127.0.0.2:80", PeerSvc: "stock"},
		{ID: 4, Parent: 2, Service: "stock", Name: "get", Kind: "server", Start: 2100, Flags: 1, Peer: ":"},
		{ID: 3, Parent: 4, Service: "stock", Name: "count", Start: 2200, Flags: 1, Peer: ":"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	// Once it is known to be a Zipkin, Jaeger's paths are not asked for any more.
	if _, err := c.Trace(t.Context(), trace.TraceID{Low: 0xdef}); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	asked := []string{"/api/traces/0000000000000abc", "/api/v2/trace/0000000000000abc", "/api/v2/trace/0000000000000def"}
	if diff := cmp.Diff(asked, z.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got, want := c.TraceURL(abc), c.URL()+"/zipkin/traces/0000000000000abc"; got != want {
		t.Errorf("got page %s, want %s", got, want)
	}
}

// A trace that is not there yet is what a wait begins with.
func TestZipkinIsKnownByItsNotFound(t *testing.T) {
	t.Parallel()
	c, _ := zipkinClient(t)
	if _, err := c.Trace(t.Context(), trace.TraceID{Low: 0xdef}); !errors.Is(err, query.ErrNotFound) || !c.IsZipkin() {
		t.Errorf("got %v, zipkin %t, want ErrNotFound from a Zipkin", err, c.IsZipkin())
	}
}

func TestZipkinServices(t *testing.T) {
	t.Parallel()
	c, _ := zipkinClient(t)
	got, err := c.Services(t.Context())
	if diff := cmp.Diff([]string{"shop", "stock"}, got); diff != "" || err != nil {
		t.Errorf("got %v: %s", err, diff)
	}
}

func TestZipkinSearch(t *testing.T) {
	t.Parallel()
	c, z := zipkinClient(t)
	start := time.UnixMicro(1_000_000_500)
	got, err := c.Search(t.Context(), query.SearchOptions{
		Service: "Shop", Operation: "Buy", Tags: map[string]string{"b": "2", "a": "1"},
		Start: start, End: start.Add(2 * time.Second), Limit: 7,
	})
	if err != nil || len(got) != 1 || got[0].ID != abc || len(got[0].Spans) != 4 {
		t.Errorf("got %v, %v, want one trace of 4 spans", got, err)
	}
	// To the millisecond, the window may only be wider than asked for.
	want := url.Values{
		"serviceName": {"shop"}, "spanName": {"buy"}, "annotationQuery": {"a=1 and b=2"},
		"endTs": {"1002001"}, "lookback": {"2001"}, "limit": {"7"},
	}
	if diff := cmp.Diff(want, z.query); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestZipkinOutlines(t *testing.T) {
	t.Parallel()
	c, _ := zipkinClient(t)
	got, err := c.Outlines(t.Context(), []trace.TraceID{abc, {Low: 0xdef}})
	if err != nil || len(got) != 1 || len(got[0].Spans) != 4 {
		t.Errorf("got %v, %v, want the one trace that is there", got, err)
	}
}

// What is neither Jaeger nor Zipkin keeps the error about Jaeger's path.
func TestNeitherJaegerNorZipkin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*query.Client{
		"a page":    serve(t, http.StatusOK, "text/html", uiPage),
		"a 404":     serve(t, http.StatusNotFound, "text/plain", "404 page not found"),
		"a list":    serve(t, http.StatusNotFound, "application/json", "[]"),
		"no spans":  serve(t, http.StatusOK, "application/json", "[]"),
		"no names":  serve(t, http.StatusOK, "application/json", `[{"a":1}]`),
		"a zero id": serve(t, http.StatusOK, "application/json", `[{"traceId":""}]`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Trace(t.Context(), abc)
			var status *query.StatusError
			var strange *query.NotJSONError
			switch {
			case errors.As(err, &status) && status.URL == c.URL()+"/api/traces/0000000000000abc":
			case errors.As(err, &strange) && strange.URL == c.URL()+"/api/traces/0000000000000abc":
			default:
				t.Errorf("got %v, want an error about Jaeger's path", err)
			}
			if _, err := c.Services(context.WithoutCancel(t.Context())); err == nil && !c.IsZipkin() {
				t.Error("got services of no known API")
			}
		})
	}
}
