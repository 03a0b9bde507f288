package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go/mocktracer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 3, 12, 4, 5, 0, time.UTC)

func testOptions(tracer *mocktracer.MockTracer) Options {
	return Options{
		Tracer:  tracer,
		Now:     func() time.Time { return noon },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "spans 1") }),
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		body         string
		location     string
		operation    string // "" for untraced
	}{
		{"GET", "/gettime", 200, "The time is Tue Nov  3 12:04:05 2026", "", "HTTP GET /gettime"},
		{"HEAD", "/gettime", 200, "The time is Tue Nov  3 12:04:05 2026", "", "HTTP HEAD /gettime"},
		{"GET", "/", 301, "", "/gettime", "HTTP GET /"},
		{"GET", "/?q=1", 301, "", "/gettime", "HTTP GET /"},
		{"POST", "/gettime", 405, "", "", "HTTP POST unmatched"},
		{"GET", "/nosuch/1234", 404, "", "", "HTTP GET unmatched"},
		{"BREW", "/gettime", 405, "", "", "HTTP unmatched"},
		{"GET", "/healthz", 200, "ok\n", "", ""},
		{"GET", "/metrics", 200, "spans 1\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			tracer := mocktracer.New()
			rec := httptest.NewRecorder()
			NewHandler(testOptions(tracer)).ServeHTTP(rec, httptest.NewRequest(tt.method, tt.path, http.NoBody))
			if rec.Code != tt.status {
				t.Errorf("status %d, want %d", rec.Code, tt.status)
			}
			if tt.body != "" && rec.Body.String() != tt.body {
				t.Errorf("body %q, want %q", rec.Body, tt.body)
			}
			if got := rec.Header().Get("Location"); got != tt.location {
				t.Errorf("location %q, want %q", got, tt.location)
			}
			var operations []string
			for _, span := range tracer.FinishedSpans() {
				operations = append(operations, span.OperationName)
			}
			var want []string
			if tt.operation != "" {
				want = []string{tt.operation}
			}
			if diff := cmp.Diff(want, operations); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetricsAreOptional(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	NewHandler(Options{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if rec.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", rec.Code)
	}
}

func TestServerSpanJoinsTheCallersTrace(t *testing.T) {
	t.Parallel()
	tracer := mocktracer.New()
	req := httptest.NewRequest(http.MethodGet, "/gettime", http.NoBody)
	req.Header.Set("Mockpfx-Ids-Traceid", "77")
	req.Header.Set("Mockpfx-Ids-Spanid", "78")
	req.Header.Set("Mockpfx-Ids-Sampled", "true")
	NewHandler(testOptions(tracer)).ServeHTTP(httptest.NewRecorder(), req)
	span := tracer.FinishedSpans()[0]
	if span.SpanContext.TraceID != 77 || span.ParentID != 78 {
		t.Errorf("span is in trace %d below %d, want trace 77 below 78", span.SpanContext.TraceID, span.ParentID)
	}
}

func TestPanicEndsAs500(t *testing.T) {
	t.Parallel()
	tracer := mocktracer.New()
	var logged strings.Builder
	mux := http.NewServeMux()
	mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("no clock") })
	h := trace(Options{Tracer: tracer, Logger: slog.New(slog.NewTextHandler(&logged, nil))}, mux)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/broken", http.NoBody))

	if rec.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", rec.Code)
	}
	if !strings.Contains(logged.String(), "no clock") {
		t.Errorf("log %q does not tell the reason", logged.String())
	}
	span := tracer.FinishedSpans()[0]
	if span.Tag("error") != true || span.Tag("http.status_code") != uint16(500) {
		t.Errorf("tags %v, want error=true and http.status_code=500", span.Tags())
	}
	got := make(map[string]string)
	for _, field := range span.Logs()[0].Fields {
		got[field.Key] = field.ValueString
	}
	want := map[string]string{"event": "error", "error.object": "handler panicked: no clock", "message": "handler panicked: no clock"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log on the span (-want +got):\n%s", diff)
	}
}

func TestRunDrainsRequests(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		fmt.Fprint(w, "late")
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, ln, h, slog.New(slog.DiscardHandler)) }()

	type answer struct {
		body string
		err  error
	}
	answers := make(chan answer, 1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		resp, err := client.Get("http://" + ln.Addr().String())
		if err != nil {
			answers <- answer{err: err}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		answers <- answer{string(body), err}
	}()
	<-arrived
	stop()
	select {
	case err := <-ended:
		t.Fatalf("Run returned %v while a request was under way", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if got := <-answers; got.err != nil || got.body != "late" {
		t.Errorf("request under way got %q, %v; want its answer", got.body, got.err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunReportsALostListener(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	err = Run(t.Context(), ln, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "serve on 127.0.0.1:") {
		t.Errorf("got %v, want an error that names the address", err)
	}
}
