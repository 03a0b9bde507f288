package elasticsearch

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestElasticsearchAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		serve  http.HandlerFunc
		status probe.Status
		code   probe.Code
		// fact has URL for the server's.
		fact string
		// prints is a part of what Jaeger prints.
		prints string
	}{
		"well": {probetest.Answer(200, "X-Elastic-Product: Elasticsearch", probetest.RootES7), probe.StatusOK, codeResponds, "URL responds: Elasticsearch 7.17.29", ""},
		"OpenSearch": {
			probetest.Answer(200, "", `{"version":{"distribution":"opensearch","number":"2.11.0"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`),
			probe.StatusOK, codeResponds, "URL responds: OpenSearch 2.11.0", "",
		},
		"no credentials": {
			probetest.Answer(401, "", probetest.SecurityException), probe.StatusFail, codeUnauthorized,
			"URL returned 401: it requires a user and a password", "elastic: Error 401 (Unauthorized)",
		},
		"forbidden": {
			probetest.Answer(403, "", `{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet"}`), probe.StatusFail, codeForbidden,
			"URL returned 403: this user or address has no access", "status code: 403",
		},
		"wrong path": {
			probetest.Answer(404, "", "404 page not found"), probe.StatusFail, codePath,
			"URL returned 404: no Elasticsearch at this path", "health check timeout: no Elasticsearch node available",
		},
		"starting": {
			probetest.Answer(503, "", `{"status":503,"error":{"type":"master_not_discovered_exception"}}`), probe.StatusFail, codeUnavailable,
			"URL returned 503: it is starting or overloaded, or a proxy has no backend", "status code: 503, body: {",
		},
		"login page": {
			probetest.Answer(302, "Location: /login", ""), probe.StatusFail, codeStatus, "URL returned 302", noNode,
		},
		"a page": {
			probetest.Answer(200, "Content-Type: text/html", "<html>welcome</html>"), probe.StatusFail, codeNotElasticsearch,
			"URL returned 200 but is not Elasticsearch", "",
		},
		"HEAD forbidden": {
			func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				probetest.Answer(200, "", probetest.RootES7)(w, r)
			},
			probe.StatusFail, codeHeadRefused,
			"URL returned 200 for GET and 403 for HEAD: Jaeger up to 2.19 sends HEAD and treats the server as down", noNode,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := probetest.Serve(t, tt.serve)
			f, env := probetest.Examine(t, Probe(), probetest.AtES(t, srv.URL), nil)
			fact := strings.ReplaceAll(tt.fact, "URL", srv.URL)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, fact)
			}
			if !slices.ContainsFunc(f.Evidence, func(line string) bool { return strings.Contains(line, tt.prints) }) {
				t.Errorf("evidence %q lacks %q", f.Evidence, tt.prints)
			}
			if _, learned := env.Published.(cluster); learned != (tt.status == probe.StatusOK) {
				t.Errorf("learned %v with status %s", env.Published, f.Status)
			}
		})
	}
}

// It is one and the same for either name.
func TestOpenSearchIsExamined(t *testing.T) {
	t.Parallel()
	srv := probetest.Serve(t, probetest.Answer(200, "", `{"version":{"distribution":"opensearch","number":"2.11.0"}}`))
	target := probetest.AtES(t, srv.URL)
	target.Storage.Kind = probe.StorageOpenSearch
	f, _ := probetest.Examine(t, Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusOK, codeResponds, srv.URL+" responds: OpenSearch 2.11.0", "")
}

func TestElasticsearchURLs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ fact, hint, prints string }{
		"http:/127.0.0.1:9200": {
			`the server's URL "http:/127.0.0.1:9200" has no host: write two slashes after http:`, "--es-url http://127.0.0.1:9200",
			`Head "http:/127.0.0.1:9200": http: no Host in request URL: no Elasticsearch node available`,
		},
		"127.0.0.1:9200": {
			`the server's URL "127.0.0.1:9200" has no scheme`, "--es-url http://127.0.0.1:9200",
			"first path segment in URL cannot contain colon",
		},
		"localhost:9200": {
			`the server's URL "localhost:9200" has no scheme`, "--es-url http://localhost:9200",
			"health check timeout: no Elasticsearch node available",
		},
		"elastic:secret@es:9200": {
			`the server's URL "USER:PASSWORD@es:9200" has no scheme`, "--es-url http://USER:PASSWORD@es:9200", noNode,
		},
		"ftp://es": {`the server's URL "ftp://es" is not http or https`, "--es-url http://localhost:9200", ""},
	}
	for raw, tt := range tests {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, raw), nil)
			probetest.Expect(t, f, probe.StatusFail, codeURLInvalid, tt.fact, tt.hint)
			if f.Hop != probe.HopConfig || tt.prints != "" && !strings.Contains(strings.Join(f.Evidence, "\n"), tt.prints) {
				t.Errorf("got hop %s, evidence %q, want config, %q", f.Hop, f.Evidence, tt.prints)
			}
		})
	}
}

func TestElasticsearchUnreachable(t *testing.T) {
	t.Parallel()
	closed := probetest.ClosedAddr(t)
	f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, "http://"+closed), nil)
	probetest.Expect(t, f, probe.StatusFail, CodeRefused, "nothing listens on tcp "+closed, "curl -sS http://"+closed)
	for jaeger, want := range map[string]string{
		"":       "Jaeger 1.66 to 1.76 and 2.3 to 2.19 prints: failed to create Elasticsearch client: health check timeout: ",
		"1.62.0": "Jaeger 1.62.0 prints: failed to create primary Elasticsearch client: health check timeout: ",
		"2.13.0": "Jaeger 2.13.0 prints: failed to initialize storage 'NAME': failed to create Elasticsearch client: health check timeout: ",
	} {
		f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, "http://"+closed), map[string]probe.Outcome{probe.IDIdentity: {Published: jaegerOf(jaeger)}})
		want += `Head "http://` + closed + `": dial tcp ` + closed + `: connect: connection refused: no Elasticsearch node available`
		if !slices.Contains(f.Evidence, want) {
			t.Errorf("evidence %q lacks %q", f.Evidence, want)
		}
	}
}

func TestElasticsearchTLS(t *testing.T) {
	t.Parallel()
	secure, plain := probetest.TLSServer(t), probetest.Serve(t, probetest.Answer(200, "", probetest.RootES7))
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	tests := map[string]struct {
		url    string
		change func(*probe.Target)
		code   probe.Code
		prints string
	}{
		"https to a plain port": {"https://" + host(plain), nil, codeTLS, noNode},
		"http to a TLS port":    {"http://" + host(secure), nil, codeTLS, ""},
		"http to a TLS port that resets": {
			"http://" + hangUp(t, host(secure)), nil, codeTLS, noNode,
		},
		"self-signed": {secure.URL, nil, codeCertificate, "x509: "},
		"insecure":    {secure.URL, func(t *probe.Target) { t.Storage.Insecure = true }, codeResponds, ""},
		"with its CA": {
			secure.URL, func(t *probe.Target) {
				t.Storage.CACert = "ca.pem"
				t.ReadFile = func(string) ([]byte, error) { return ca, nil }
			}, codeResponds, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.AtES(t, tt.url)
			if tt.change != nil {
				tt.change(&target)
			}
			f, _ := probetest.Examine(t, Probe(), target, nil)
			if f.Code != tt.code || !strings.Contains(strings.Join(f.Evidence, "\n"), tt.prints) {
				t.Errorf("got %s %q %q, want %s, %q", f.Code, f.Fact, f.Evidence, tt.code, tt.prints)
			}
			if f.Code == codeCertificate && !strings.Contains(strings.Join(f.Evidence, "\n"), "names example.com") {
				t.Errorf("evidence %q does not show the certificate's names", f.Evidence)
			}
			if f.Code == codeTLS && len(f.Hints) == 0 {
				t.Error("no hint")
			}
		})
	}
}

// hangUp is a port that closes HTTP connections and passes TLS on, as
// Elasticsearch's TLS port does.
func hangUp(t *testing.T, to string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-served })
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			passTLS(t, conn, to)
		}
	}()
	return l.Addr().String()
}

// passTLS passes one handshake on, record by record, until a side ends it.
func passTLS(t *testing.T, conn net.Conn, to string) {
	t.Helper()
	defer func() { _ = conn.Close() }()
	hello := make([]byte, 16<<10)
	n, err := conn.Read(hello)
	if err != nil || hello[0] != 0x16 {
		return
	}
	up, err := new(net.Dialer).DialContext(t.Context(), "tcp", to)
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		pipe(up, conn)
	}()
	_, _ = up.Write(hello[:n])
	pipe(conn, up)
	<-done
}

// pipe copies from one to the other until an end, and then closes both.
func pipe(from, to net.Conn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			_, _ = from.Close(), to.Close()
			return
		}
	}
}

func TestElasticsearchPasswordIsSentAndNotShown(t *testing.T) {
	t.Parallel()
	srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "elastic" || password != "secret" {
			probetest.Answer(401, "", probetest.SecurityException)(w, r)
			return
		}
		probetest.Answer(200, "", probetest.RootES7)(w, r)
	})
	inURL, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	inURL.User = url.UserPassword("elastic", "secret")
	// examine fails if a finding contains the word.
	if f, _ := probetest.Examine(t, Probe(), probetest.AtES(t, inURL.String()), nil); f.Code != codeResponds {
		t.Errorf("got %s %q, want it answered", f.Code, f.Fact)
	}
	target := probetest.AtES(t, srv.URL)
	target.Storage.User, target.Storage.Password = "elastic", "secret2"
	f, _ := probetest.Examine(t, Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusFail, codeUnauthorized, srv.URL+" returned 401: it rejects user elastic with this password",
		"ES_USERNAME=elastic ES_PASSWORD=... (Jaeger 1)")
}

func TestOneServerOfSeveralIsEnough(t *testing.T) {
	t.Parallel()
	closed, srv := probetest.ClosedAddr(t), probetest.Serve(t, probetest.Answer(200, "", probetest.RootES7))
	target := probetest.AtES(t, "http://"+closed)
	target.Storage.ESURLs = append(target.Storage.ESURLs, srv.URL)
	f, env := probetest.Examine(t, Probe(), target, nil)
	if f.Status != probe.StatusWarn || f.Code != CodeRefused || env.Published == nil {
		t.Errorf("got %s %s and learned %v, want a warning and the other server", f.Status, f.Code, env.Published)
	}
}

func TestElasticsearchVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		opensearch bool
		version    string
		jaeger     string
		want       bool
	}{
		{false, "5.6.1", "1.57.0", true},
		{false, "6.8.0", "1.58.0", false},
		{false, "7.0.0", "1.13.1", false},
		{false, "7.17.29", "1.62.0", true},
		{false, "7.17.29", "2.13.0", true},
		{false, "8.19.0", "1.51.0", false},
		{false, "8.19.0", "2.0.0", true},
		{false, "9.4.0", "1.71.0", false},
		{false, "9.4.0", "1.72.0", true},
		{false, "9.4.0", "2.8.0", false},
		{false, "9.4.0", "2.9.0", true},
		{true, "2.11.0", "1.38.0", false},
		{true, "3.0.0", "2.9.0", true},
	}
	for _, tt := range tests {
		v, _ := jaegers.ParseVersion(tt.version)
		jaeger, _ := jaegers.ParseVersion(tt.jaeger)
		s, known := supportOf(tt.opensearch, v)
		if got := s.by(jaeger); !known || got != tt.want {
			t.Errorf("Jaeger %s with %s (opensearch %t): got %t (known %t), want %t", tt.jaeger, tt.version, tt.opensearch, got, known, tt.want)
		}
	}
}
