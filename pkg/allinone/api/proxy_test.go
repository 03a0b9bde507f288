package api

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// near is a proxy before target, on a real socket.
func near(t *testing.T, target string) *httptest.Server {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProxy(ProxyOptions{Target: u, Host: "127.0.0.1", Logger: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		p.Close()
	})
	return server
}

// far is a server with one answer to everything.
func far(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request and reads the answer.
func ask(t *testing.T, server *httptest.Server, method, target string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	if header.Get("Host") != "" {
		r.Host = header.Get("Host")
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// What the page asks comes to the base path, with the password and without what the
// browser says of itself, and the answer back as it was.
func TestProxyPassesOn(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	target := far(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		_, _ = io.WriteString(w, `{"data":["front"]}`)
	})
	server := near(t, strings.Replace(target, "://", "://reader:secret@", 1)+"/jaeger")
	got := ask(t, server, http.MethodGet, "/api/traces?service=back%2Fend&tags=%7B%7D", http.Header{
		"Cookie": {"session=1"}, "Authorization": {"Bearer x"}, "Referer": {"http://a/"}, "X-Forwarded-For": {"10.0.0.1"},
	})
	if got.status != http.StatusOK || got.body != `{"data":["front"]}` {
		t.Errorf("got %d %s", got.status, got.body)
	}
	for _, name := range []string{"Set-Cookie", "Access-Control-Allow-Origin"} {
		if value := got.header.Get(name); value != "" {
			t.Errorf("got %s %q, want none", name, value)
		}
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("got policy %q", policy)
	}
	r := <-asked
	if got, want := r.URL.String(), "/jaeger/api/traces?service=back%2Fend&tags=%7B%7D"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if user, password, _ := r.BasicAuth(); user != "reader" || password != "secret" {
		t.Errorf("asked as %q with %q", user, password)
	}
	for _, name := range []string{"Cookie", "Referer", "X-Forwarded-For"} {
		if got := r.Header.Get(name); got != "" {
			t.Errorf("asked with %s %q, want none", name, got)
		}
	}
}

// The far side's own errors come through; what is no query API is told in words.
func TestProxyTellsErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		status       int
		kind, where  string
		body         string
		want         int
		words, never string
	}{
		{"jaeger's 404", 404, "text/plain; charset=utf-8", "", `{"errors":[{"msg":"trace not found"}]}`, 404, "trace not found", ""},
		{"500", 500, "application/json", "", `{"errors":[{"msg":"no Elasticsearch node available"}]}`, 500, "no Elasticsearch node available", ""},
		{"page", 200, "text/html", "", "<script>run()</script>", 502, `answered 200 OK with \"text/html\"`, "run()"},
		{"gateway", 503, "text/html", "", "<h1>busy</h1>", 502, "answered 503 Service Unavailable", "<h1>"},
		{"password", 401, "text/plain", "", "no", 502, "takes http://USER:PASSWORD@HOST", ""},
		{"redirect", 302, "text/html", "https://me:pw@login.example/sso?token=1", "", 502, "answered 302 Found to https://login.example/sso", "token"},
		{"nothing said", 200, "", "", "", 502, "answered 200 OK with", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := near(t, far(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{tt.kind}
				if tt.where != "" {
					w.Header().Set("Location", tt.where)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			got := ask(t, server, http.MethodGet, "/api/traces/1f", nil)
			if got.status != tt.want || !strings.Contains(got.body, tt.words) {
				t.Errorf("got %d %s, want %d with %q", got.status, got.body, tt.want, tt.words)
			}
			if tt.never != "" && strings.Contains(got.body, tt.never) {
				t.Errorf("the answer has %q: %s", tt.never, got.body)
			}
		})
	}
}

// Only what the page needs goes through, and only from where the page may come.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	server := near(t, far(t, func(http.ResponseWriter, *http.Request) { t.Error("the request went through") }))
	tests := []struct {
		method, target string
		header         http.Header
		want           int
		words          string
	}{
		{"GET", "/api/loss", nil, 404, "only otdemo's own backend has it"},
		{"GET", "/api/recent?limit=1", nil, 404, "only otdemo's own backend has it"},
		{"GET", "/api/../admin", nil, 200, `<div id="page">`},
		{"GET", "/metrics", nil, 200, `<div id="page">`},
		{"POST", "/api/archive/1f", nil, 405, ""},
		{"POST", "/api/traces", nil, 405, ""},
		{"DELETE", "/api/traces/1f", nil, 405, ""},
		{"GET", "/api/services", http.Header{"Host": {"evil.example"}}, 403, "localhost"},
		{"GET", "/api/services", http.Header{"Via": {"1.1 otdemo-page"}}, 508, "told to show itself"},
	}
	for _, tt := range tests {
		got := ask(t, server, tt.method, tt.target, tt.header)
		if got.status != tt.want || !strings.Contains(got.body, tt.words) {
			t.Errorf("%s %s %v: got %d %s, want %d with %q", tt.method, tt.target, tt.header, got.status, got.body, tt.want, tt.words)
		}
	}
}

// A far side that is gone, or breaks off, is an error and no shorter answer.
func TestProxyTellsSilence(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := "http://me:secret@" + gone.Addr().String()
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	got := ask(t, near(t, target), http.MethodGet, "/api/services", nil)
	if got.status != http.StatusBadGateway || !strings.Contains(got.body, "does not answer: ") || strings.Contains(got.body, "secret") {
		t.Errorf("got %d %s", got.status, got.body)
	}

	server := near(t, far(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":[`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/services", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := server.Client().Do(r)
	if err != nil {
		return // broken off before the header
	}
	defer broken.Body.Close()
	if got, err := io.ReadAll(broken.Body); err == nil {
		t.Errorf("got %q as a whole answer", got)
	}
}

// The doctor takes otdemo's title for otdemo's own backend, which this is not.
func TestProxyTitle(t *testing.T) {
	t.Parallel()
	server := near(t, "http://localhost:1")
	body := ask(t, server, http.MethodGet, "/", nil).body
	if strings.Contains(body, ownTitle) || !strings.Contains(body, "<title>"+proxyTitle+"</title>") {
		t.Errorf("the page has another title:\n%s", body)
	}
}

// Only the paths that are named reach the far side, with the user's password, and
// nothing in them that a server on the way would resolve to another path.
func TestProxyPassesOnNoOtherPath(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	target := far(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- r.RequestURI + string(body)
		w.Header().Set("Content-Type", "application/json")
	})
	server := near(t, target+"/jaeger")
	tests := []struct{ path, far string }{ // far is "" for what is not passed on
		{"/api/services", "/jaeger/api/services"},
		{"/api/dependencies?endTs=1&lookback=2", "/jaeger/api/dependencies?endTs=1&lookback=2"},
		{"/api/traces?service=..%2f..", "/jaeger/api/traces?service=..%2f.."},
		{"/api/traces/00000000000000000000000000a1b2c3", "/jaeger/api/traces/00000000000000000000000000a1b2c3"},
		{"/api/traces/%61b", "/jaeger/api/traces/ab"},
		{"/api/traces/AB?raw=true", "/jaeger/api/traces/AB?raw=true"},
		{"/api/services/shop/operations", "/jaeger/api/services/shop/operations"},
		{"/api/services/a%2Fb%20c%3f%25/operations", "/jaeger/api/services/a%2Fb%20c%3F%25/operations"},
		{"/api/services/shop..v1/operations", "/jaeger/api/services/shop..v1/operations"},
		{"/api/services/%C3%BC/operations", "/jaeger/api/services/%C3%BC/operations"},

		{"/api/traces/..%2f..%2f..%2fadmin%2fx", ""},
		{"/api/traces/%2e%2e", ""},
		{"/api/traces/%2e", ""},
		{"/api/traces/xyz", ""},
		{"/api/traces/1%2f2", ""},
		{"/api/traces/1%3fa", ""},
		{"/api/traces/1/2", ""},
		{"/api/traces/", ""},
		{"/api/services/..%2f..%2fadmin/operations", ""},
		{"/api/services/%2e%2e/operations", ""},
		{"/api/services/a%2f..%2f..%2fadmin/operations", ""},
		{"/api/services/..%5c..%5cadmin/operations", ""},
		{"/api/services/..%252f..%252fadmin/operations", ""},
		{"/api/services/%252e%252e/operations", ""},
		{"/api/services/%25252e./operations", ""},
		{"/api/services/shop/operations/x", ""},
		{"/api/v3/traces", ""},
		{"/api/transform", ""},
	}
	for _, tt := range tests {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+tt.path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		var got string
		select {
		case got = <-asked:
		default:
		}
		if got != tt.far {
			t.Errorf("%s: asked for %q, want %q", tt.path, got, tt.far)
		}
		if tt.far == "" && resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", tt.path, resp.StatusCode)
		}
	}
}
