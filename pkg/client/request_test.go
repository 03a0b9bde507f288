package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"
)

// echoServer says what it was asked, and redirects /NNN to / with that status.
func echoServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %q of %s", r.Method, r.Host, body, r.Header.Get("X-Who"))
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		mux.Handle(fmt.Sprintf("/%d", status), http.RedirectHandler("/", status))
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestRequestIsSentAsItIs(t *testing.T) {
	t.Parallel()
	url := echoServer(t)
	host := strings.TrimPrefix(url, "http://")
	header := http.Header{"X-Who": {"me"}}
	for _, tt := range []struct {
		name    string
		request Request
		want    string
	}{
		{"get", Request{URL: url}, "GET " + host + ` "" of `},
		{"header", Request{URL: url, Header: header}, "GET " + host + ` "" of me`},
		{"host", Request{URL: url, Header: http.Header{"Host": {"shop.example"}}}, `GET shop.example "" of `},
		{"post", Request{URL: url, Method: "POST", Header: header, Body: []byte("order")}, "POST " + host + ` "order" of me`},
		{"302 drops the body", Request{URL: url + "/302", Method: "POST", Header: header, Body: []byte("order")}, "GET " + host + ` "" of me`},
		{"307 repeats it", Request{URL: url + "/307", Method: "PUT", Header: header, Body: []byte("order")}, "PUT " + host + ` "order" of me`},
		{"308 too", Request{URL: url + "/308", Method: "POST", Body: []byte("order")}, "POST " + host + ` "order" of `},
		{"307 without one", Request{URL: url + "/307", Method: "DELETE"}, "DELETE " + host + ` "" of `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := New(mocktracer.New(), Options{})
			defer c.Close()
			got, err := c.Do(t.Context(), tt.request)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Body) != tt.want {
				t.Errorf("the server had %q, want %q", got.Body, tt.want)
			}
		})
	}
	if diff := cmp.Diff(http.Header{"X-Who": {"me"}}, header); diff != "" {
		t.Errorf("the caller's header was changed (-want +got):\n%s", diff)
	}
}

func TestTemplateIsForManyCalls(t *testing.T) {
	t.Parallel()
	url := echoServer(t)
	header := http.Header{"X-Who": {"me"}}
	template, err := Request{URL: url + "/307", Method: "POST", Body: []byte("order"), Header: header}.Template()
	if err != nil {
		t.Fatal(err)
	}
	header["X-Who"][0] = "you" // the template has its own
	tracer := mocktracer.New()
	c := New(tracer, Options{Connections: 8})
	defer c.Close()
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			for range 20 {
				got, err := c.Send(t.Context(), template)
				if err != nil || !strings.HasSuffix(string(got.Body), `"order" of me`) {
					t.Errorf("got %q, error %v", got.Body, err)
				}
				if got.Hops != 2 || got.Answered != 2 || got.Spans != 3 {
					t.Errorf("%d hops, %d answers, %d spans, want 2, 2, 3", got.Hops, got.Answered, got.Spans)
				}
			}
		})
	}
	calls.Wait()
	if got, want := len(tracer.FinishedSpans()), 8*20*3; got != want {
		t.Errorf("%d spans are finished, want %d", got, want)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	const connections = 2 * minIdle
	var made atomic.Int64
	var together sync.WaitGroup // the requests of a round are under way at once
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		together.Done()
		together.Wait()
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := New(mocktracer.New(), Options{Connections: connections})
	defer c.Close()
	for range 3 {
		together.Add(connections)
		var calls sync.WaitGroup
		for range connections {
			calls.Go(func() {
				if _, err := c.Do(t.Context(), Request{URL: srv.URL}); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	}
	if got := made.Load(); got != connections {
		t.Errorf("%d connections were made for 3 rounds of %d calls, want %d", got, connections, connections)
	}
}

func TestUserInfoIsNotOnSpans(t *testing.T) {
	t.Parallel()
	url := echoServer(t)
	tracer := mocktracer.New()
	c := New(tracer, Options{})
	defer c.Close()
	got, err := c.Do(t.Context(), Request{URL: strings.Replace(url, "http://", "http://me:secret@", 1) + "/301"})
	if err != nil {
		t.Fatal(err)
	}
	urls := []any{got.URL}
	for _, span := range tracer.FinishedSpans() {
		if tag := span.Tag("http.url"); tag != nil {
			urls = append(urls, tag)
		}
	}
	if diff := cmp.Diff([]any{url + "/", url + "/301", url + "/"}, urls); diff != "" {
		t.Errorf("URLs of the result and the spans (-want +got):\n%s", diff)
	}
}

func TestBodiesAreDiscarded(t *testing.T) {
	t.Parallel()
	const size = maxBodyBytes + 4711
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte{'x'}, size))
	}))
	t.Cleanup(srv.Close)
	c := New(mocktracer.New(), Options{})
	defer c.Close()
	kept, err := c.Do(t.Context(), Request{URL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if len(kept.Body) != maxBodyBytes || kept.Bytes != maxBodyBytes {
		t.Errorf("kept %d bytes and counted %d, want %d", len(kept.Body), kept.Bytes, maxBodyBytes)
	}
	discarded, err := c.Do(t.Context(), Request{URL: srv.URL, Discard: true})
	if err != nil {
		t.Fatal(err)
	}
	if discarded.Body != nil || discarded.Bytes != size {
		t.Errorf("kept %d bytes and counted %d, want 0 and %d", len(discarded.Body), discarded.Bytes, size)
	}
}

func TestNoopSpanMeansNoSpans(t *testing.T) {
	t.Parallel()
	tracer := mocktracer.New()
	c := New(tracer, Options{})
	defer c.Close()
	noop := opentracing.NoopTracer{}.StartSpan("call")
	for path, hops := range map[string]int{"/": 1, "/301": 2} {
		got, err := c.Do(opentracing.ContextWithSpan(t.Context(), noop), Request{URL: echoServer(t) + path})
		if err != nil {
			t.Fatal(err)
		}
		if got.Spans != 0 || got.Hops != hops || got.Answered != hops {
			t.Errorf("%s: %d spans, %d hops, %d answers, want 0, %d, %d", path, got.Spans, got.Hops, got.Answered, hops, hops)
		}
	}
	if _, err := c.Do(opentracing.ContextWithSpan(t.Context(), noop), Request{URL: "http://127.0.0.1:1/"}); err == nil {
		t.Error("a call to a closed port succeeded")
	}
	if spans := tracer.FinishedSpans(); len(spans) > 0 {
		t.Errorf("%d spans were made", len(spans))
	}
}

// lateSpan fails the test when it is touched after it was finished, which a
// tracer that uses its spans again does not bear.
type lateSpan struct {
	opentracing.Span
	t        *testing.T
	finished bool
}

func (s *lateSpan) Finish() {
	s.finished = true
	s.Span.Finish()
}

func (s *lateSpan) SetTag(key string, value any) opentracing.Span {
	if s.finished {
		s.t.Errorf("tag %s is set on a finished span", key)
	}
	s.Span.SetTag(key, value)
	return s
}

// strictTracer makes late spans.
type strictTracer struct {
	*mocktracer.MockTracer
	t *testing.T
}

func (s strictTracer) StartSpan(name string, opts ...opentracing.StartSpanOption) opentracing.Span {
	return &lateSpan{Span: s.MockTracer.StartSpan(name, opts...), t: s.t}
}

func TestFailedHead(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	tracer := strictTracer{mocktracer.New(), t}
	c := New(tracer, Options{})
	defer c.Close()
	if _, err := c.Do(context.Background(), Request{Method: "HEAD", URL: srv.URL}); err == nil {
		t.Error("a 404 is no error")
	}
	if got, want := outline(tracer.FinishedSpans(), 0), "HTTP Client!(HTTP HEAD)"; got != want {
		t.Errorf("spans are %s, want %s", got, want)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		request Request
		want    string
	}{
		{Request{URL: "http://me:secret@[::1:1/"}, "call: the URL is malformed: missing ']' in host"},
		{Request{URL: "http://localhost/", Method: "GET IT"}, `call: net/http: invalid method "GET IT"`},
	} {
		if _, err := tt.request.Template(); err == nil || err.Error() != tt.want {
			t.Errorf("got error %v, want %s", err, tt.want)
		}
	}
}
