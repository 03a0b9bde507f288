package doctor

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// grpcServer greets like an HTTP/2 server: with a SETTINGS frame.
func grpcServer(t *testing.T) string {
	t.Helper()
	return greet(t, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00")
}

// tlsAlert answers plain HTTP with a TLS alert, as OpenSSL's servers do.
func tlsAlert(t *testing.T) string {
	t.Helper()
	return greet(t, "\x15\x03\x01\x00\x02\x02\x46")
}

// greet answers each connection with fixed bytes once it has sent a line.
func greet(t *testing.T, bytes string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, bytes)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// quietTLS is a TLS server that does not log what its clients do wrong.
func quietTLS(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nopLogger()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

const homePage = "<!doctype html><html><body>welcome</body></html>"

func TestQueryAPI(t *testing.T) {
	t.Parallel()
	plain := serve(t, answer(200, "", "{}"))
	secure := quietTLS(t, answer(200, "", "{}"))
	tests := map[string]struct {
		url    string
		status Status
		code   Code
		// In these, HOST stands for the URL's host:port.
		fact, hint string
	}{
		"answers": {
			serve(t, answer(200, "", `{"services":["b","a"]}`)).URL, StatusOK, codeQueryAnswers,
			"http://HOST answers and knows 2 services", "",
		},
		"refused": {"http://" + closedAddr(t), StatusFail, codeQueryRefused, "nothing listens on tcp HOST", "otdemo all-in-one"},
		"refused, with a password": {
			"http://ann:secret@" + closedAddr(t), StatusFail, codeQueryRefused, "nothing listens on tcp HOST", "otdemo all-in-one",
		},
		"unresolved": {
			"http://no-such-host.invalid:16686", StatusFail, codeQueryUnresolved,
			"host no-such-host.invalid does not resolve: no such host", "--query-url http://localhost:16686",
		},
		"another program's page": {
			serve(t, answer(200, "Content-Type: text/html", homePage)).URL, StatusFail, codeQueryNotJSON,
			"http://HOST answers text/html where Jaeger's JSON should be", "--query-url http://127.0.0.1:16686",
		},
		"Jaeger's page names the base path": {
			serve(t, answer(200, "Content-Type: text/html", `<html><head><base href="/tracing/jaeger/"/>`)).URL, StatusFail, codeQueryNotJSON,
			"http://HOST answers text/html where Jaeger's JSON should be", "--query-url http://HOST/tracing/jaeger",
		},
		"another program's JSON, no content type": {
			serve(t, answer(200, "Content-Type: application/json", `[]`)).URL, StatusFail, codeQueryNotJSON,
			"http://HOST answers application/json where Jaeger's JSON should be", "--query-url http://127.0.0.1:16686",
		},
		"wrong base path": {
			serve(t, answer(404, "", "404 page not found")).URL + "/wrong", StatusFail, codeQueryPath,
			"http://HOST/wrong has no query API: it answers 404", "--query-url http://127.0.0.1:16686",
		},
		"unauthorized": {
			serve(t, answer(401, "", "who?")).URL, StatusFail, codeQueryUnauthorized,
			"http://HOST answers 401: it wants other credentials", "--query-url http://USER:PASSWORD@HOST",
		},
		"redirect to another host": {
			serve(t, answer(301, "Location: https://jaeger.example.com/api/v3/services", "")).URL, StatusFail, codeQueryRedirects,
			"http://HOST redirects to https://jaeger.example.com/api/v3/services", "--query-url https://jaeger.example.com",
		},
		"redirect elsewhere": {
			serve(t, answer(302, "Location: /somewhere", "")).URL, StatusFail, codeQueryRedirects,
			"http://HOST redirects to /somewhere", "",
		},
		"redirect to a login": {
			serve(t, answer(302, "Location: /login?next=api", "")).URL, StatusFail, codeQueryLogin,
			"http://HOST answers with a redirect to /login?next=api: a proxy wants a login before Jaeger",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"redirect to a single sign-on": {
			serve(t, answer(302, "Location: https://sso.example.com/oauth2/start?rd=x", "")).URL, StatusFail, codeQueryLogin,
			"http://HOST answers with a redirect to https://sso.example.com/oauth2/start?rd=x: a proxy wants a login before Jaeger",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"login page": {
			serve(t, answer(200, "Content-Type: text/html", `<html><form><input type="password" name=p></form></html>`)).URL,
			StatusFail, codeQueryLogin, "http://HOST answers with a login page: a proxy wants a login before Jaeger",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"only v1 answers": {
			serve(t, onlyPath("/api/services", `{"data":["a"]}`)).URL, StatusOK, codeQueryAnswers,
			"http://HOST answers and knows 1 service", "",
		},
		"the page's base path answers": {
			serve(t, onlyPath("/jaeger/api/v3/services", `{"services":["a"]}`)).URL, StatusFail, codeQueryNotJSON,
			"http://HOST answers text/html where Jaeger's JSON should be; it is at http://HOST/jaeger", "--query-url http://HOST/jaeger",
		},
		"storage fails": {
			serve(t, answer(500, "", "all shards failed")).URL, StatusFail, codeQueryError,
			"http://HOST answers 500: all shards failed", "docker logs --tail 50 jaeger",
		},
		"odd status":          {serve(t, answer(418, "", "")).URL, StatusFail, codeQueryStatus, "http://HOST answers 418", ""},
		"gRPC":                {grpcServer(t), StatusFail, codeQueryProtocol, "HOST does not speak HTTP/1, it may be a gRPC port", "--query-url http://127.0.0.1:16686"},
		"http to TLS":         {strings.Replace(secure.URL, "https", "http", 1), StatusFail, codeQueryTLS, "HOST speaks TLS, the URL says http", "--query-url https://HOST"},
		"http to OpenSSL":     {tlsAlert(t), StatusFail, codeQueryTLS, "HOST speaks TLS, the URL says http", "--query-url https://HOST"},
		"https to plain":      {strings.Replace(plain.URL, "http", "https", 1), StatusFail, codeQueryTLS, "HOST speaks plain HTTP, the URL says https", "--query-url http://HOST"},
		"unknown certificate": {secure.URL, StatusFail, codeQueryCertificate, "certificate of HOST is not trusted: x509: certificate signed by unknown authority", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, host, _ := strings.Cut(tt.url, "//")
			host = host[strings.LastIndex(host, "@")+1:]
			host, _, _ = strings.Cut(host, "/")
			f, _ := examine(t, queryAPI(), outside(load(t, "query.url", tt.url)), nil)
			fill := strings.NewReplacer("HOST", host)
			expect(t, f, tt.status, tt.code, fill.Replace(tt.fact), fill.Replace(tt.hint))
		})
	}
}

// onlyPath has one answer, and Jaeger's page with a base path for all else.
func onlyPath(path, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<html><head><base href="/jaeger/"/>`)
			return
		}
		_, _ = io.WriteString(w, body)
	}
}

func TestQueryAPIEvidence(t *testing.T) {
	t.Parallel()
	both := serve(t, answer(200, "", `{"services":["b","a"],"data":["b","a"]}`))
	f, _ := examine(t, queryAPI(), outside(load(t, "query.url", both.URL)), nil)
	if diff := cmp.Diff([]string{"services: a, b"}, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	v3 := serve(t, onlyPath("/api/v3/services", `{"services":["a"]}`))
	f, _ = examine(t, queryAPI(), outside(load(t, "query.url", v3.URL)), nil)
	want := []string{"services: a", "v1 of the API: get " + v3.URL + "/api/services: answer is not JSON but text/html"}
	if diff := cmp.Diff(want, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	f, _ = examine(t, queryAPI(), outside(load(t, "query.url", "http://127.0.0.1:1/")), nil)
	if len(f.Evidence) != 1 || !strings.Contains(f.Evidence[0], "http://127.0.0.1:1/: dial tcp") {
		t.Errorf("got evidence %q, want what was dialled", f.Evidence)
	}
}

func TestQueryAPITimeout(t *testing.T) {
	t.Parallel()
	target := outside(load(t, "query.url", "http://10.9.9.9:16686"))
	target.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	}
	f, _ := examine(t, queryAPI(), target, nil)
	expect(t, f, StatusFail, codeQueryTimeout, "tcp 10.9.9.9:16686 does not answer in time", "--query-url http://localhost:16686")

	target.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	f, _ = examine(t, queryAPI(), target, nil)
	expect(t, f, StatusFail, codeQueryUnreachable, "request to 10.9.9.9:16686 fails: no route", "")
}

// pkg/config refuses such URLs, but a Target may be made without it.
func TestQueryAPIWithoutURL(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	loaded.Config.Query.URL = "localhost:16686"
	f, _ := examine(t, queryAPI(), outside(loaded), nil)
	expect(t, f, StatusFail, codeQueryURLInvalid,
		`query URL "localhost:16686" is not one: it must start with http:// or https://`, "--query-url http://localhost:16686")
}
