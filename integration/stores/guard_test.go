package stores

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	// Any server will do: what stands behind the guard decides nothing here.
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, sent := r.Header["Authorization"]
		if sent {
			t.Error("the password went through")
		}
		_, _ = io.WriteString(w, r.Method+" "+r.RequestURI)
	}))
	t.Cleanup(backend.Close)
	for _, tls := range []bool{false, true} {
		name := map[bool]string{false: "http", true: "https"}[tls]
		t.Run(name, func(t *testing.T) {
			g := NewGuard(t, backend.URL, GuardOptions{User: "elastic", Password: "changeme", TLS: tls})
			if got, want := strings.HasPrefix(g.URL, name+"://127.0.0.1:"), true; got != want {
				t.Errorf("its URL is %s, want %s", g.URL, name)
			}
			for password, want := range map[string]int{"changeme": 200, "wrong": 401} {
				got := g.ask(t, "elastic", password)
				if got.Status != want {
					t.Errorf("password %q: got %d, want %d", password, got.Status, want)
				}
				if want == http.StatusOK && got.Body != "GET /_cat/indices?v" {
					t.Errorf("behind the guard: got %q", got.Body)
				}
				if want != http.StatusOK && !strings.Contains(got.Body, "security_exception") {
					t.Errorf("the refusal: got %s", got.Body)
				}
			}
		})
	}
}

func TestGuardWithoutPassword(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(backend.Close)
	g := NewGuard(t, backend.URL, GuardOptions{TLS: true})
	if got, want := g.ask(t, "", "").Status, http.StatusNotFound; got != want {
		t.Errorf("got %d, want the backend's own %d", got, want)
	}
}

// ask sends a request as a client does that trusts the guard's authority only.
func (g Guard) ask(t *testing.T, user, password string) Answer {
	t.Helper()
	n := SearchNode{URL: g.URL, User: user, Password: password, CAFile: g.CAFile}
	got, err := n.Do(t.Context(), http.MethodGet, "/_cat/indices?v", "")
	if err != nil {
		t.Fatal(err)
	}
	return got
}
