package api

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnswersAreChargedWithinTheirBound(t *testing.T) {
	t.Parallel()
	const large, small = 24 << 20, 64 << 10
	var a answers
	for _, step := range []struct {
		n    int
		want bool
	}{
		{large, true},
		{large, true},       // 48 MiB is what large ones may have
		{large, false},      // is told to come again
		{small, true},       // has room beside them
		{smallAnswer, true}, // is small still
		{large, false},
	} {
		if got := a.charge(step.n); got != step.want {
			t.Errorf("charge(%d) with %d held: got %v, want %v", step.n, a.unsent.Load(), got, step.want)
		}
	}
	a.unsent.Store(0)
	if !a.charge(2 * maxUnsent) {
		t.Error("an answer that is alone is turned away for its size")
	}
}

// More answers than slots wait, and are turned away in the end.
func TestAnswersWaitForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAnswers(nil, func(error) {})
		var releases []func()
		for range cap(a.building) {
			release, ok := a.slot(t.Context())
			if !ok {
				t.Fatal("a free slot is refused")
			}
			releases = append(releases, release)
		}
		w := httptest.NewRecorder()
		began := time.Now()
		a.serve(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/traces", nil), func(http.ResponseWriter, *http.Request) {
			t.Error("more answers are made at once than there are slots")
		})
		if took := time.Since(began); took != buildPatience {
			t.Errorf("it was turned away after %v, want %v", took, buildPatience)
		}
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("got %d with %v, want 503 and when to come again", w.Code, w.Header())
		}
		if body := w.Body.String(); !strings.Contains(body, "ask again later") {
			t.Errorf("got %s", body)
		}
		for _, release := range releases {
			release()
		}
		if _, ok := a.slot(t.Context()); !ok {
			t.Error("a slot that was given back is refused")
		}
	})
}

// deaf sends a request on a connection that is never read.
func deaf(t *testing.T, addr, path string) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Clients that do not read hold a bounded number of bytes, stop no small answers, and
// do not keep the server from ending.
func TestClientsThatDoNotReadAreBounded(t *testing.T) {
	t.Parallel()
	const large = 20 << 20 // more than a connection's buffers take
	ending := make(chan struct{})
	a := newAnswers(ending, func(error) {})
	mux := http.NewServeMux()
	mux.HandleFunc("/api/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, large)) })
	mux.HandleFunc("/api/small", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	server := httptest.NewServer(a.bounded(mux))
	t.Cleanup(server.Close)
	for range 2 {
		deaf(t, server.Listener.Addr().String(), "/api/large")
	}
	for a.unsent.Load() < 2*large {
		if t.Context().Err() != nil {
			t.Fatal("the answers were not made")
		}
		<-time.After(time.Millisecond)
	}
	if got := ask(t, server, http.MethodGet, "/api/large", http.Header{}); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("got %d with %v for a third one, want 503 and when to come again", got.status, got.header)
	}
	if got := ask(t, server, http.MethodGet, "/api/small", http.Header{}); got.status != http.StatusOK {
		t.Errorf("got %d for a small answer, want 200", got.status)
	}
	close(ending)
	ctx, cancel := context.WithTimeout(t.Context(), 8*endPatience)
	defer cancel()
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Errorf("the server does not end: %v", err)
	}
	if got := a.unsent.Load(); got != 0 {
		t.Errorf("%d bytes are held by nobody", got)
	}
}
