package load

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/client"
)

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-release })
	mux.HandleFunc("/cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9") })
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(release) })
	untrusted := httptest.NewUnstartedServer(mux)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)

	tests := []struct {
		name, url string
		want      ErrorKind
	}{
		{"fine", srv.URL + "/fine", ""},
		{"status", srv.URL + "/nosuch", Status},
		{"refused", "http://127.0.0.1:1/", Refused},
		{"cut", srv.URL + "/cut", Reset},
		{"half a body", srv.URL + "/half", Reset},
		{"timeout", srv.URL + "/hang", Timeout},
		{"no such host", "http://no-such-host.invalid/", DNS},
		{"not trusted", untrusted.URL, TLS},
		{"no TLS there", strings.Replace(srv.URL, "http:", "https:", 1), TLS},
		{"redirects", srv.URL + "/loop", Other},
		{"malformed", "http://[::1:1/", Other},
	}
	tr := newTracer(t, "noop")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := optionsFor(t, tr, tt.url)
			if tt.want == Timeout {
				opts.Client = client.New(tr, client.Options{Timeout: 50 * time.Millisecond})
				t.Cleanup(opts.Client.Close)
			}
			result, _, err := Call(t.Context(), opts)
			if result.Kind != tt.want {
				t.Errorf("kind is %q, want %q; the error is %v", result.Kind, tt.want, err)
			}
			if result.Failed() != (err != nil) || err != nil && result.Err != err.Error() {
				t.Errorf("the result says %q, the error is %v", result.Err, err)
			}
		})
	}
}

func TestCancelledCallsAreNoTimeouts(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	tr := newTracer(t, "noop")
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"cancelled": func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		},
		"deadline": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Millisecond)
		},
	} {
		ctx, cancel := end()
		defer cancel()
		result, _, _ := Call(ctx, optionsFor(t, tr, "http://"+ln.Addr().String()))
		if result.Kind != Canceled {
			t.Errorf("%s: kind is %q, want %q: %s", name, result.Kind, Canceled, result.Err)
		}
	}
}
