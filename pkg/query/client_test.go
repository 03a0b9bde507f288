package query_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// notFoundBody is what Jaeger 1.42 to 2.13 answer, as text/plain.
const notFoundBody = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}` + "\n"

const uiPage = `<!doctype html><html><head><base href="/"/><title>Jaeger UI</title></head></html>`

var abc = trace.TraceID{Low: 0xabc}

// oneSpan is a trace as Jaeger answers it.
func oneSpan(t *testing.T, errs ...trace.ResponseError) string {
	t.Helper()
	var text strings.Builder
	spans := []trace.Span{{
		TraceID: abc, SpanID: 1, Operation: "op",
		Start: time.UnixMicro(1), Duration: time.Microsecond,
		Process: &trace.Process{Service: "svc"},
	}}
	if err := trace.EncodeTraces(&text, []trace.Trace{{ID: abc, Spans: spans}}, errs); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// serve answers every request with one status, content type and body.
func serve(t *testing.T, status int, contentType, body string) *query.Client {
	t.Helper()
	return serveFunc(t, "", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func serveFunc(t *testing.T, path string, h http.HandlerFunc) *query.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newClient(t, srv.URL+path)
}

func newClient(t *testing.T, url string) *query.Client {
	t.Helper()
	c, err := query.New(url, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestNewRefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ url, wantError, wantHint string }{
		{"localhost:16686", `query URL "localhost:16686" is invalid: it must start with http:// or https://`, "--query-url http://localhost:16686"},
		{"jaeger", `query URL "jaeger" is invalid: it must start with http:// or https://`, "--query-url http://jaeger"},
		{"", `query URL is invalid: it must start with http:// or https://`, "--query-url http://localhost:16686"},
		{"http://", `query URL "http://" is invalid: it has no host`, "--query-url http://localhost:16686"},
		{"http:/localhost:16686", `query URL "http:/localhost:16686" is invalid: it has no host`, "--query-url http://localhost:16686"},
		{"http://h:16686/search?service=x", `query URL "http://h:16686/search?service=x" is invalid: it must end with the base path, without ? and #`, "--query-url http://h:16686/search"},
		{"http://user:secret@h:x", `query URL is invalid: invalid port ":x" after host`, "--query-url http://localhost:16686"},
		{"ftp://user:secret@h", `query URL "ftp://h" is invalid: it must start with http:// or https://`, "--query-url http://localhost:16686"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			_, err := query.New(tt.url, query.Options{})
			var got *query.URLError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a *query.URLError", err)
			}
			if got.Error() != tt.wantError {
				t.Errorf("error: got %q, want %q", got.Error(), tt.wantError)
			}
			if got.Hint() != tt.wantHint {
				t.Errorf("hint: got %q, want %q", got.Hint(), tt.wantHint)
			}
		})
	}
}

func TestURLsKeepBasePathAndHideUser(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://user:secret@h:1/a/jaeger/")
	if got, want := c.URL(), "https://h:1/a/jaeger"; got != want {
		t.Errorf("URL: got %q, want %q", got, want)
	}
	if got, want := c.TraceURL(abc), "https://h:1/a/jaeger/trace/0000000000000abc"; got != want {
		t.Errorf("TraceURL: got %q, want %q", got, want)
	}
}

func TestTraceAsksUnderBasePath(t *testing.T) {
	t.Parallel()
	var path, user, agent string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, agent = r.URL.Path, r.UserAgent()
		user, _, _ = r.BasicAuth()
		_, _ = io.WriteString(w, oneSpan(t))
	}))
	t.Cleanup(srv.Close)
	c, err := query.New(strings.Replace(srv.URL, "//", "//ann:secret@", 1)+"/jaeger/", query.Options{UserAgent: "otdemo/1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)

	got, err := c.Trace(t.Context(), abc)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != abc || len(got.Spans) != 1 || got.Spans[0].Service() != "svc" {
		t.Errorf("got %+v, want the one span of svc", got)
	}
	request := []string{path, user, agent}
	if diff := cmp.Diff([]string{"/jaeger/api/traces/0000000000000abc", "ann", "otdemo/1"}, request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestTraceShowsWhatJaegerCouldNotRead(t *testing.T) {
	t.Parallel()
	c := serve(t, http.StatusOK, "application/json", oneSpan(t, trace.ResponseError{Msg: "shard 3 failed"}))
	got, err := c.Trace(t.Context(), abc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shard 3 failed"}, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestTraceErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 600)
	tests := map[string]struct {
		status            int
		contentType, body string
		want              error
	}{
		"html for json": {
			200, "text/html; charset=utf-8", uiPage,
			&query.NotJSONError{ContentType: "text/html; charset=utf-8", Body: uiPage},
		},
		"html that says it is json": {
			200, "application/json", uiPage, &query.NotJSONError{ContentType: "application/json", Body: uiPage},
		},
		"another program's json": {
			200, "application/json", `{"ok":true}`,
			&query.NotJSONError{ContentType: "application/json", Body: `{"ok":true}`, Reason: "it has neither a trace nor an error"},
		},
		"cut json": {
			200, "application/json", `{"data":[`,
			&query.NotJSONError{ContentType: "application/json", Body: `{"data":[`, Reason: "decode traces: unexpected EOF"},
		},
		"empty": {200, "application/json", "", &query.NotJSONError{ContentType: "application/json"}},
		"404 of another program": {
			404, "text/plain", "404 page not found\n",
			&query.StatusError{Status: 404, ContentType: "text/plain", Body: "404 page not found\n"},
		},
		"404 json of another program": {
			404, "application/json", `{"message":"no route"}`,
			&query.StatusError{Status: 404, ContentType: "application/json", Body: `{"message":"no route"}`},
		},
		"401": {401, "text/plain", long, &query.StatusError{Status: 401, ContentType: "text/plain", Body: long[:512]}},
		"500": {500, "text/plain", "boom", &query.StatusError{Status: 500, ContentType: "text/plain", Body: "boom"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, tt.status, tt.contentType, tt.body)
			_, err := c.Trace(t.Context(), abc)
			url := c.URL() + "/api/traces/0000000000000abc"
			if want, ok := errors.AsType[*query.NotJSONError](tt.want); ok {
				want.URL = url
			}
			if want, ok := errors.AsType[*query.StatusError](tt.want); ok {
				want.URL = url
			}
			if diff := cmp.Diff(tt.want, err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTraceNotFound(t *testing.T) {
	t.Parallel()
	c := serve(t, http.StatusNotFound, "text/plain; charset=utf-8", notFoundBody)
	_, err := c.Trace(t.Context(), abc)
	if !errors.Is(err, query.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	if want := "trace 0000000000000abc at " + c.URL() + ": trace not found"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestRedirectIsAnAnswer(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://ann:secret@h/login", http.StatusFound)
	})
	_, err := c.Trace(t.Context(), abc)
	var got *query.StatusError
	if !errors.As(err, &got) || got.Status != http.StatusFound || got.Location != "https://h/login" {
		t.Fatalf("got %v, want a StatusError of 302 to https://h/login", err)
	}
	if want := "302 Found to https://h/login"; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %q, want it to end in %q", err, want)
	}
}

func TestTransportErrorsNameTheCauseAndHideTheUser(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	c := newClient(t, "http://ann:secret@"+closed)
	_, err = c.Trace(t.Context(), abc)
	if _, ok := errors.AsType[*query.TransportError](err); !ok {
		t.Fatalf("got %v, want a *query.TransportError", err)
	}
	if _, ok := errors.AsType[*net.OpError](err); !ok {
		t.Errorf("got %v, want a *net.OpError below", err)
	}
	if text := err.Error(); strings.Contains(text, "ann") || strings.Contains(text, "secret") {
		t.Errorf("error tells who asked: %s", text)
	}
}

func TestCutBodyIsATransportError(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"data":[`)
	})
	_, err := c.Trace(t.Context(), abc)
	var got *query.TransportError
	if !errors.As(err, &got) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("got %v, want a TransportError of an unexpected EOF", err)
	}
}

// endless is a body that never ends, made of JSON that is never complete.
type endless struct{ started bool }

func (e *endless) Read(p []byte) (int, error) {
	if !e.started {
		e.started = true
		return copy(p, `{"data":[{"traceID":"`), nil
	}
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func (e *endless) Close() error { return nil }

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	c, err := query.New("http://h", query.Options{HTTP: &http.Client{
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: &endless{}}, nil
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	c.LimitBody(1 << 16)
	_, err = c.Trace(t.Context(), abc)
	var got *query.TransportError
	if !errors.As(err, &got) || got.Err.Error() != "answer is larger than 65536 bytes" {
		t.Fatalf("got %v, want the bound", err)
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	type reply struct {
		status            int
		contentType, body string
	}
	const json, html = "application/json", "text/html"
	v1 := reply{200, json, `{"data":["b","a"],"total":2,"limit":0,"offset":0,"errors":null}`}
	tests := map[string]struct {
		v3, v1 reply
		want   []string
		paths  []string
	}{
		"v3":               {v3: reply{200, json, `{"services":["b","a"]}`}, v1: v1, want: []string{"a", "b"}, paths: []string{"/api/v3/services"}},
		"v3 empty":         {v3: reply{200, json, `{}`}, v1: v1, paths: []string{"/api/v3/services"}},
		"old: page for v3": {v3: reply{200, html, uiPage}, v1: v1, want: []string{"a", "b"}, paths: []string{"/api/v3/services", "/api/services"}},
		"404 for v3":       {v3: reply{404, "text/plain", "404 page not found"}, v1: v1, want: []string{"a", "b"}, paths: []string{"/api/v3/services", "/api/services"}},
		"old and fresh":    {v3: reply{200, html, uiPage}, v1: reply{200, json, `{"data":null,"total":0}`}, paths: []string{"/api/v3/services", "/api/services"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
				paths = append(paths, r.URL.Path)
				answer := tt.v1
				if r.URL.Path == "/api/v3/services" {
					answer = tt.v3
				}
				w.Header().Set("Content-Type", answer.contentType)
				w.WriteHeader(answer.status)
				_, _ = io.WriteString(w, answer.body)
			})
			got, err := c.Services(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.paths, paths); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

// Jaeger's admin port answers every path with such an object.
func TestServicesOfAnotherProgram(t *testing.T) {
	t.Parallel()
	c := serve(t, http.StatusOK, "application/json", `{"status":"Server available"}`)
	got, err := c.Services(t.Context())
	if want := "get " + c.URL() + `/api/services: answer is not Jaeger's: it has no "data"`; err == nil || err.Error() != want {
		t.Errorf("got %v and %v, want %q", got, err, want)
	}
}

// A storage that fails must not be covered up by asking an older path, which a
// newer Jaeger answers with a page.
func TestServicesKeepsTheStorageError(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v3/services" {
			t.Errorf("asked %s as well", r.URL.Path)
		}
		http.Error(w, `{"error":{"httpCode":500,"message":"all shards failed"}}`, http.StatusInternalServerError)
	})
	_, err := c.Services(t.Context())
	if err == nil || !strings.Contains(err.Error(), "all shards failed") {
		t.Fatalf("got %v, want it to say that all shards failed", err)
	}
}

func TestContextEndsARequest(t *testing.T) {
	t.Parallel()
	c := serveFunc(t, "", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Services(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want a deadline", err)
	}
}
