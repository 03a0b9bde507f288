package api

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/allinone/store"
)

// newUI returns a handler with a UI of a page and a script, beside a file that is
// none of its own.
func newUI(t *testing.T) http.Handler {
	t.Helper()
	dir := t.TempDir()
	ui := filepath.Join(dir, "build")
	for name, content := range map[string]string{
		"secret.txt":             "secret",
		"build/index.html":       "<html>ui</html>",
		"build/static/main.js":   "run()",
		"build/static/style.css": "a{}",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(ui, "link.txt")); err != nil {
		t.Fatal(err)
	}
	opened, err := OpenUI(ui)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return Handler(Options{Store: store.New(1 << 20), Host: "127.0.0.1", UI: opened})
}

func TestUI(t *testing.T) {
	t.Parallel()
	const page = "<html>ui</html>"
	h := newUI(t)
	tests := []struct {
		method, target string
		status         int
		contentType    string
		want           string
	}{
		{"GET", "/", 200, htmlType, page},
		{"GET", "/index.html", 200, htmlType, page},
		{"GET", "/trace/1f", 200, htmlType, page},
		{"GET", "/search?service=x", 200, htmlType, page},
		{"GET", "/static", 200, htmlType, page},
		{"GET", "/static/main.js", 200, "text/javascript; charset=utf-8", "run()"},
		{"HEAD", "/static/main.js", 200, "text/javascript; charset=utf-8", ""},
		{"GET", "/static/style.css", 200, "text/css; charset=utf-8", "a{}"},
		{"GET", "/static/gone.js", 404, textType, "404 page not found\n"},
		{"GET", "/link.txt", 200, htmlType, page},
		{"GET", "/..%2fsecret.txt", 200, htmlType, page},
		{"GET", "/static/..%2f..%2fsecret.txt", 200, htmlType, page},
		{"GET", "/x%00y", 200, htmlType, page},
		{"POST", "/", 405, "", ""},
		{"GET", "/api/services", 200, jsonType, `{"data":null,"total":0,"limit":0,"offset":0,"errors":null}` + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			r.Host = "localhost"
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Content-Type"); w.Code != tt.status || got != tt.contentType {
				t.Errorf("got %d %q, want %d %q", w.Code, got, tt.status, tt.contentType)
			}
			if got := w.Body.String(); got != tt.want {
				t.Errorf("got body %q, want %q", got, tt.want)
			}
			policy := w.Header().Get("Content-Security-Policy")
			if got, want := strings.Contains(policy, "script-src 'self'"), tt.want == page; want && !got {
				t.Errorf("got policy %q, which lets the page run nothing", policy)
			}
		})
	}
}

func TestOpenUIRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, dir := range []string{empty, filepath.Join(empty, "nope")} {
		_, err := OpenUI(dir)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got error %v, want one that something does not exist", dir, err)
			continue
		}
		if h := hint.Of(err); !strings.Contains(err.Error(), dir) || !strings.Contains(h, "index.html") {
			t.Errorf("got error %q and hint %q", err, h)
		}
	}
}
