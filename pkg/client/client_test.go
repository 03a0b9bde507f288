package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get runs one call below a top-level span and returns the finished spans.
func get(t *testing.T, url string, timeout time.Duration) (Result, []*mocktracer.MockSpan, error) {
	t.Helper()
	tracer := mocktracer.New()
	c := New(tracer, Options{Timeout: timeout})
	defer c.Close()
	top := tracer.StartSpan("call")
	result, err := c.Do(opentracing.ContextWithSpan(t.Context(), top), Request{URL: url})
	top.Finish()
	return result, tracer.FinishedSpans(), err
}

// outline prints each span below its parent: name, and "!" when it failed.
func outline(spans []*mocktracer.MockSpan, parent int) string {
	var parts []string
	for _, span := range spans {
		if span.ParentID != parent {
			continue
		}
		s := span.OperationName
		if span.Tag("error") == true {
			s += "!"
		}
		if below := outline(spans, span.SpanContext.SpanID); below != "" {
			s += "(" + below + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestGet(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/gettime", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "now") })
	mux.Handle("/{$}", http.RedirectHandler("/gettime", http.StatusMovedPermanently))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "sorry", http.StatusInternalServerError) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)

	tests := []struct {
		path, wantErr string
		status, hops  int
		body, outline string
	}{
		{path: "/gettime", status: 200, hops: 1, body: "now", outline: "call(HTTP Client(HTTP GET))"},
		{path: "/", status: 200, hops: 2, body: "now", outline: "call(HTTP Client(HTTP GET HTTP GET))"},
		{path: "/nosuch", status: 404, hops: 1, body: "404 page not found\n", outline: "call(HTTP Client(HTTP GET!))", wantErr: "/nosuch answered 404 Not Found"},
		{path: "/broken", status: 500, hops: 1, body: "sorry\n", outline: "call(HTTP Client(HTTP GET!))", wantErr: "/broken answered 500 Internal Server Error"},
		{path: "/away", hops: 2, outline: "call(HTTP Client(HTTP GET HTTP GET!))", wantErr: "connection refused"},
		{path: "/loop", hops: 10, outline: "call(HTTP Client!(" + strings.Repeat("HTTP GET ", 9) + "HTTP GET))", wantErr: "stopped after 10 redirects"},
		{path: "/cut", status: 200, hops: 1, body: "half", outline: "call(HTTP Client(HTTP GET!))", wantErr: "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			result, spans, err := get(t, srv.URL+tt.path, 0)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
			if result.Status != tt.status || string(result.Body) != tt.body || result.Hops != tt.hops {
				t.Errorf("status %d, %d hops, body %q; want %d, %d, %q", result.Status, result.Hops, result.Body, tt.status, tt.hops, tt.body)
			}
			if got := outline(spans, 0); got != tt.outline {
				t.Errorf("spans are %s, want %s", got, tt.outline)
			}
		})
	}
}

func TestFailureIsOnTheHopsSpan(t *testing.T) {
	t.Parallel()
	_, spans, err := get(t, "http://127.0.0.1:1/", 0)
	if err == nil {
		t.Fatal("a call to a closed port succeeded")
	}
	hop := spans[0]
	got := make(map[string]string)
	for _, record := range hop.Logs() {
		for _, field := range record.Fields {
			if record.Fields[0].ValueString == "error" {
				got[field.Key] = field.ValueString
			}
		}
	}
	const refused = "dial tcp 127.0.0.1:1: connect: connection refused"
	want := map[string]string{"event": "error", "error.object": refused, "message": refused}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log on the hop's span (-want +got):\n%s", diff)
	}
}

func TestTimeoutIsMarked(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(release) })
	_, spans, err := get(t, srv.URL, 30*time.Millisecond)
	if err == nil {
		t.Fatal("a call to a hanging server succeeded")
	}
	if got, want := outline(spans, 0), "call(HTTP Client(HTTP GET!))"; got != want {
		t.Errorf("spans are %s, want %s", got, want)
	}
}

func TestStatusErrorCanBeTold(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	_, _, err := get(t, srv.URL, 0)
	var status *StatusError
	if !errors.As(err, &status) || status.Status != http.StatusNotFound {
		t.Errorf("got %v, want a *StatusError of 404", err)
	}
}

func TestUserInfoIsNeverShown(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://me:secret@127.0.0.1:1/", "http://me:secret@[::1:1/"} {
		_, spans, err := get(t, url, 0)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "me:") {
			t.Errorf("error %v, want one without user and password", err)
		}
		for _, span := range spans {
			if s := span.String(); strings.Contains(s, "secret") {
				t.Errorf("span has the password: %s", s)
			}
		}
	}
}
