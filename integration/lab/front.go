package lab

import (
	"crypto/subtle"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Layer is something that stands before a Jaeger.
type Layer func(behind http.Handler) http.Handler

// Front returns the URL of a server that passes all requests on to the one at
// target, through the layers, the outermost first.
func Front(t *testing.T, target string, layers ...Layer) string {
	t.Helper()
	return serve(t, proxy(t, target, layers)).URL
}

// TLSFront is Front over TLS, with a certificate that nobody trusts.
func TLSFront(t *testing.T, target string, layers ...Layer) string {
	t.Helper()
	server := quiet(httptest.NewUnstartedServer(proxy(t, target, layers)))
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := quiet(httptest.NewUnstartedServer(h))
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// quiet keeps the server from complaining about clients that do what a test is
// about.
func quiet(server *httptest.Server) *httptest.Server {
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

func proxy(t *testing.T, target string, layers []Layer) http.Handler {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	var h http.Handler = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		// Kept-alive connections would outlive the test.
		Transport: &http.Transport{DisableKeepAlives: true},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	for _, layer := range slices.Backward(layers) {
		h = layer(h)
	}
	return h
}

// UnderPath serves what is behind it below a path, "/jaeger", and 404 elsewhere.
func UnderPath(path string) Layer {
	return func(behind http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(path+"/", http.StripPrefix(path, behind))
		return mux
	}
}

// ClockOff shifts the Date of every answer: to a client, the host's clock is off.
func ClockOff(by time.Duration) Layer {
	return func(behind http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			behind.ServeHTTP(&shifted{ResponseWriter: w, by: by}, r)
		})
	}
}

type shifted struct {
	http.ResponseWriter
	by   time.Duration
	done bool
}

func (s *shifted) WriteHeader(status int) {
	if !s.done {
		s.done = true
		s.Header().Set("Date", time.Now().Add(s.by).UTC().Format(http.TimeFormat))
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *shifted) Write(p []byte) (int, error) {
	if !s.done {
		s.WriteHeader(http.StatusOK)
	}
	return s.ResponseWriter.Write(p)
}

// Password lets requests through that bring the user and the password.
func Password(user, password string) Layer {
	return func(behind http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, p, _ := r.BasicAuth()
			if u != user || subtle.ConstantTimeCompare([]byte(p), []byte(password)) == 0 {
				w.Header().Set("WWW-Authenticate", `Basic realm="jaeger"`)
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			behind.ServeHTTP(w, r)
		})
	}
}

// SlowStorage hides each trace for that long after it has been asked for first:
// it is how a storage looks that makes spans visible late.
func SlowStorage(delay time.Duration) Layer {
	return func(behind http.Handler) http.Handler {
		var asked sync.Map // path to the time when it was asked for first
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			first, _ := asked.LoadOrStore(r.URL.Path, time.Now())
			if strings.Contains(r.URL.Path, "/traces/") && time.Since(first.(time.Time)) < delay {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, notFound)
				return
			}
			behind.ServeHTTP(w, r)
		})
	}
}

// notFound is Jaeger's answer for a trace that it does not have.
const notFound = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}` + "\n"

// Answer returns the URL of a server that answers every request alike.
func Answer(t *testing.T, status int, contentType, body string) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})).URL
}

// LoginPage returns the URL of a server that sends everybody to a page for their
// password, as single sign-on does.
func LoginPage(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Sign in</title><form>Password</form>")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.Path), http.StatusFound)
	})
	return serve(t, mux).URL
}

// RedirectTo returns the URL of a server that redirects to the same path at
// target, as one does that wants https.
func RedirectTo(t *testing.T, target string, status int) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target+r.URL.Path, status)
	})).URL
}

// Instead answers paths that end so with this JSON, as a storage does that has
// lost one of its indices.
func Instead(suffix, json string) Layer {
	return func(behind http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, suffix) {
				behind.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, json)
		})
	}
}
