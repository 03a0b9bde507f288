package stores

import (
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// guardTimeout bounds a request's head.
const guardTimeout = 10 * time.Second

// GuardOptions say what the guard asks for.
type GuardOptions struct {
	// User and Password are asked for by basic authentication when User is set.
	User, Password string
	// TLS has it speak HTTPS and nothing else.
	TLS bool
}

// Guard is a reverse proxy in front of a node, as many people run one: it stands
// in for the security of Elasticsearch 7.17's own, which is not here. Its
// refusal is worded as Elasticsearch 7.17 words it.
type Guard struct {
	// URL is where clients reach the node through the guard.
	URL string
	// CAFile is what they are to trust; empty without TLS.
	CAFile string
}

// refusal is what Elasticsearch 7.17 answers with to who has no credentials.
const refusal = `{"error":{"root_cause":[{"type":"security_exception",` +
	`"reason":"missing authentication credentials for REST request",` +
	`"header":{"WWW-Authenticate":"Basic realm=\"security\" charset=\"UTF-8\""}}],` +
	`"type":"security_exception","reason":"missing authentication credentials for REST request",` +
	`"header":{"WWW-Authenticate":"Basic realm=\"security\" charset=\"UTF-8\""}},"status":401}`

// NewGuard runs a guard in front of the node at backend, an http URL, until the
// test ends.
func NewGuard(t *testing.T, backend string, o GuardOptions) Guard {
	t.Helper()
	target, err := url.Parse(backend)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", at(0))
	if err != nil {
		t.Fatal(err)
	}
	g := Guard{URL: "http://" + listener.Addr().String()}
	if o.TLS {
		c := newCertificate(t)
		pair, err := tls.LoadX509KeyPair(c.pemFile, c.pemFile)
		if err != nil {
			t.Fatal(err)
		}
		g = Guard{URL: "https://" + listener.Addr().String(), CAFile: c.caFile}
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		})
	}
	transport := &http.Transport{}
	quiet := log.New(io.Discard, "", 0)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Del("Authorization") },
		Transport: transport, ErrorLog: quiet,
	}
	server := &http.Server{Handler: o.ask(proxy), ReadHeaderTimeout: guardTimeout, ErrorLog: quiet}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the guard of %s: %v", backend, err)
		}
	})
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
		transport.CloseIdleConnections()
	})
	return g
}

// ask returns next for those who know the password.
func (o GuardOptions) ask(next http.Handler) http.Handler {
	if o.User == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if same(user, o.User) && same(password, o.Password) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="security" charset="UTF-8"`)
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, refusal)
	})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
