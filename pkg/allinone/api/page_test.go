package api

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/web"
)

// Every path that is not the API's is the page's business, and what the page loads
// may be kept for good.
func TestPage(t *testing.T) {
	t.Parallel()
	h := newHandler(newStore(), "127.0.0.1")
	index, err := fs.ReadFile(web.Page(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := fs.Glob(web.Page(), "static/*.js")
	if err != nil || len(scripts) != 1 {
		t.Fatalf("got scripts %q, %v", scripts, err)
	}
	script, err := fs.ReadFile(web.Page(), scripts[0])
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		target         string
		status         int
		kind, kept     string
		body           string
		withoutAPolicy bool
	}{
		{"/", 200, htmlType, "no-cache", string(index), false},
		{"/search?service=front", 200, htmlType, "no-cache", string(index), false},
		{"/trace/1...2", 200, htmlType, "no-cache", string(index), false},
		{"/trace/%3Cb%3E", 200, htmlType, "no-cache", string(index), false},
		{"/" + scripts[0], 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", string(script), false},
		{"/static/nothing.js", 404, "text/plain; charset=utf-8", "no-store", "404 page not found\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			w := get(t, h, tt.target)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d and %d bytes, want %d and %d", w.Code, w.Body.Len(), tt.status, len(tt.body))
			}
			if got := w.Header().Get("Content-Type"); got != tt.kind {
				t.Errorf("got content type %q, want %q", got, tt.kind)
			}
			if got := w.Header().Get("Cache-Control"); got != tt.kept {
				t.Errorf("got cache control %q, want %q", got, tt.kept)
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("got policy %q", policy)
			}
			if got := strings.Contains(policy, "script-src 'self'"); got == tt.withoutAPolicy {
				t.Errorf("got policy %q", policy)
			}
		})
	}
}

// The newest traces of all services come without a service's name.
func TestRecent(t *testing.T) {
	t.Parallel()
	h := newHandler(newStore(), "127.0.0.1")
	tests := []struct {
		target string
		status int
		want   int
	}{
		{"/api/recent", 200, 2},
		{"/api/recent?limit=1", 200, 1},
		{"/api/recent?limit=x", 400, 0},
	}
	for _, tt := range tests {
		w := get(t, h, tt.target)
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", tt.target, w.Code, tt.status)
		}
		if w.Code != http.StatusOK {
			continue
		}
		if got := strings.Count(w.Body.String(), `"processes"`); got != tt.want {
			t.Errorf("%s: got %d traces, want %d: %s", tt.target, got, tt.want, w.Body)
		}
	}
}
