package queryapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestQueryAPI(t *testing.T) {
	t.Parallel()
	plain := probetest.Serve(t, probetest.Answer(200, "", "{}"))
	secure := probetest.QuietTLS(t, probetest.Answer(200, "", "{}"))
	tests := map[string]struct {
		url    string
		status probe.Status
		code   probe.Code
		// In these, HOST stands for the URL's host:port.
		fact, hint string
	}{
		"answers": {
			probetest.Serve(t, probetest.Answer(200, "", `{"services":["b","a"]}`)).URL, probe.StatusOK, probe.CodeQueryAnswers,
			"http://HOST responds; 2 services", "",
		},
		"refused": {"http://" + probetest.ClosedAddr(t), probe.StatusFail, probe.CodeQueryRefused, "nothing listens on tcp HOST", "otdemo all-in-one"},
		"refused, with a password": {
			"http://ann:secret@" + probetest.ClosedAddr(t), probe.StatusFail, probe.CodeQueryRefused, "nothing listens on tcp HOST", "otdemo all-in-one",
		},
		"unresolved": {
			"http://no-such-host.invalid:16686", probe.StatusFail, probe.CodeQueryUnresolved,
			"host no-such-host.invalid does not resolve: no such host", "--query-url http://localhost:16686",
		},
		"another program's page": {
			probetest.Serve(t, probetest.Answer(200, "Content-Type: text/html", probetest.HomePage)).URL, probe.StatusFail, codeNotJSON,
			"http://HOST returned text/html instead of Jaeger's JSON", "--query-url http://127.0.0.1:16686",
		},
		"Jaeger's page names the base path": {
			probetest.Serve(t, probetest.Answer(200, "Content-Type: text/html", `<html><head><base href="/tracing/jaeger/"/>`)).URL, probe.StatusFail, codeNotJSON,
			"http://HOST returned text/html instead of Jaeger's JSON", "--query-url http://HOST/tracing/jaeger",
		},
		"another program's JSON, no content type": {
			probetest.Serve(t, probetest.Answer(200, "Content-Type: application/json", `[]`)).URL, probe.StatusFail, codeNotJSON,
			"http://HOST returned application/json instead of Jaeger's JSON", "--query-url http://127.0.0.1:16686",
		},
		"wrong base path": {
			probetest.Serve(t, probetest.Answer(404, "", "404 page not found")).URL + "/wrong", probe.StatusFail, codePath,
			"http://HOST/wrong has no query API: it returned 404", "--query-url http://127.0.0.1:16686",
		},
		"unauthorized": {
			probetest.Serve(t, probetest.Answer(401, "", "who?")).URL, probe.StatusFail, codeUnauthorized,
			"http://HOST returned 401: credentials are missing or wrong", "--query-url http://USER:PASSWORD@HOST",
		},
		"redirect to another host": {
			probetest.Serve(t, probetest.Answer(301, "Location: https://jaeger.example.com/api/v3/services", "")).URL, probe.StatusFail, codeRedirects,
			"http://HOST redirects to https://jaeger.example.com/api/v3/services", "--query-url https://jaeger.example.com",
		},
		"redirect elsewhere": {
			probetest.Serve(t, probetest.Answer(302, "Location: /somewhere", "")).URL, probe.StatusFail, codeRedirects,
			"http://HOST redirects to /somewhere", "",
		},
		"redirect to a login": {
			probetest.Serve(t, probetest.Answer(302, "Location: /login?next=api", "")).URL, probe.StatusFail, codeLogin,
			"http://HOST returned a redirect to /login?next=api: a proxy in front of Jaeger requires a login",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"redirect to a single sign-on": {
			probetest.Serve(t, probetest.Answer(302, "Location: https://sso.example.com/oauth2/start?rd=x", "")).URL, probe.StatusFail, codeLogin,
			"http://HOST returned a redirect to https://sso.example.com/oauth2/start?rd=x: a proxy in front of Jaeger requires a login",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"login page": {
			probetest.Serve(t, probetest.Answer(200, "Content-Type: text/html", `<html><form><input type="password" name=p></form></html>`)).URL,
			probe.StatusFail, codeLogin, "http://HOST returned a login page: a proxy in front of Jaeger requires a login",
			"--query-url http://127.0.0.1:16686 (past the proxy)",
		},
		"only v1 answers": {
			probetest.Serve(t, onlyPath("/api/services", `{"data":["a"]}`)).URL, probe.StatusOK, probe.CodeQueryAnswers,
			"http://HOST responds; 1 service", "",
		},
		"the page's base path answers": {
			probetest.Serve(t, onlyPath("/jaeger/api/v3/services", `{"services":["a"]}`)).URL, probe.StatusFail, codeNotJSON,
			"http://HOST returned text/html instead of Jaeger's JSON; the API is at http://HOST/jaeger", "--query-url http://HOST/jaeger",
		},
		"storage fails": {
			probetest.Serve(t, probetest.Answer(500, "", "all shards failed")).URL, probe.StatusFail, probe.CodeQueryError,
			"http://HOST returned 500: all shards failed", "docker logs --tail 50 jaeger",
		},
		"odd status":          {probetest.Serve(t, probetest.Answer(418, "", "")).URL, probe.StatusFail, codeStatus, "http://HOST returned 418", ""},
		"gRPC":                {probetest.GRPCServer(t), probe.StatusFail, codeNotHTTP, "HOST does not speak HTTP/1; it may be a gRPC port", "--query-url http://127.0.0.1:16686"},
		"http to TLS":         {strings.Replace(secure.URL, "https", "http", 1), probe.StatusFail, codeTLS, "HOST speaks TLS, but the URL scheme is http", "--query-url https://HOST"},
		"http to OpenSSL":     {probetest.TLSAlert(t), probe.StatusFail, codeTLS, "HOST speaks TLS, but the URL scheme is http", "--query-url https://HOST"},
		"https to plain":      {strings.Replace(plain.URL, "http", "https", 1), probe.StatusFail, codeTLS, "HOST speaks plain HTTP, but the URL scheme is https", "--query-url http://HOST"},
		"unknown certificate": {secure.URL, probe.StatusFail, codeCertificate, "certificate of HOST is not trusted: x509: certificate signed by unknown authority", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, host, _ := strings.Cut(tt.url, "//")
			host = host[strings.LastIndex(host, "@")+1:]
			host, _, _ = strings.Cut(host, "/")
			f, _ := probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t, "query.url", tt.url)), nil)
			fill := strings.NewReplacer("HOST", host)
			probetest.Expect(t, f, tt.status, tt.code, fill.Replace(tt.fact), fill.Replace(tt.hint))
		})
	}
}

// onlyPath has one response, and Jaeger's page with a base path for all other
// paths.
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
	both := probetest.Serve(t, probetest.Answer(200, "", `{"services":["b","a"],"data":["b","a"]}`))
	f, _ := probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t, "query.url", both.URL)), nil)
	if diff := cmp.Diff([]string{"services: a, b"}, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	v3 := probetest.Serve(t, onlyPath("/api/v3/services", `{"services":["a"]}`))
	f, _ = probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t, "query.url", v3.URL)), nil)
	want := []string{"services: a", "v1 of the API: get " + v3.URL + "/api/services: answer is not JSON but text/html"}
	if diff := cmp.Diff(want, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	f, _ = probetest.Examine(t, Probe(), probetest.Outside(probetest.Load(t, "query.url", "http://127.0.0.1:1/")), nil)
	if len(f.Evidence) != 1 || !strings.Contains(f.Evidence[0], "http://127.0.0.1:1/: dial tcp") {
		t.Errorf("got evidence %q, want what was dialled", f.Evidence)
	}
}

func TestQueryAPITimeout(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "query.url", "http://10.9.9.9:16686"))
	target.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	}
	f, _ := probetest.Examine(t, Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusFail, CodeTimeout, "tcp 10.9.9.9:16686 did not respond in time", "--query-url http://localhost:16686")

	target.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	f, _ = probetest.Examine(t, Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusFail, codeUnreachable, "request to 10.9.9.9:16686 failed: no route", "")
}

// pkg/config refuses such URLs, but a Target may be made without it.
func TestQueryAPIWithoutURL(t *testing.T) {
	t.Parallel()
	loaded := probetest.Load(t)
	loaded.Config.Query.URL = "localhost:16686"
	f, _ := probetest.Examine(t, Probe(), probetest.Outside(loaded), nil)
	probetest.Expect(t, f, probe.StatusFail, codeURLInvalid,
		`query URL "localhost:16686" is invalid: it must start with http:// or https://`, "--query-url http://localhost:16686")
}
