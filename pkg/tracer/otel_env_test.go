package tracer

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otdemo/otdemo/pkg/config"
)

// certificateFile writes the certificate of a server with TLS, and trusts it.
func certificateFile(t *testing.T, server *httptest.Server) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", file)
}

func TestOTLPOverTLS(t *testing.T) {
	c := &otlpCollector{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.URL.Path; got != "/some/path" {
			t.Errorf("got path %q", got)
		}
		c.record(nil, r.Header)
	}))
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := serveGRPC(t, listener, accept, grpc.Creds(credentials.NewTLS(server.TLS.Clone())))
	urls := []string{server.URL + "/some/path", strings.Replace(secure.url, "grpc:", "grpcs:", 1)}
	for trusted, want := range []Stats{{Failed: 2}, {Sent: 2}} {
		if trusted == 1 {
			certificateFile(t, server)
		}
		for _, url := range urls {
			tr, l := newTracer(t, otelConfig(url))
			makeSpans(tr, 2)
			closeTracer(t, tr)
			if s := tr.Stats(); s.Sent != want.Sent || s.Failed != want.Failed {
				t.Errorf("%s, trusted %d: got %+v, want %+v\n%s", url, trusted, s, want, l)
			}
			if trusted == 0 {
				l.want(t, "level=WARN", "certificate")
			}
		}
	}
}

// grpc:// is plain, whatever certificates are set.
func TestOTLPPlainGRPCStaysPlain(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	certificateFile(t, server)
	tr, l := newTracer(t, otelConfig(newGRPCCollector(t, accept).url))
	makeSpans(tr, 2)
	closeTracer(t, tr)
	if s := tr.Stats(); s.Sent != 2 {
		t.Errorf("got %+v\n%s", s, l)
	}
}

// The SDK's own variables hold, and our user and password go before its headers.
func TestOTLPVariables(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue,authorization=Bearer abc")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")
	t.Setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "zone=b")
	t.Setenv("OTEL_SERVICE_NAME", "not this")
	for _, named := range []bool{false, true} {
		for _, c := range []*otlpCollector{newHTTPCollector(t, protobuf(t, nil)), newGRPCCollector(t, accept)} {
			cfg := otelConfig(c.url)
			authorization := "Basic am9lOmh1bnRlcjI="
			if !named {
				cfg.Reporter.Collector = config.Collector{Endpoint: c.url}
				authorization = "Bearer abc"
			}
			tr, _ := newTracer(t, cfg)
			tr.StartSpan("work").SetTag("a", "1").SetTag("b", "2").Finish()
			makeSpans(tr, 4)
			closeTracer(t, tr)
			name, team := "Authorization", "X-Team"
			if strings.HasPrefix(c.url, "grpc") {
				name, team = "authorization", "x-team"
			}
			if got := c.header(name); got != authorization || c.header(team) != "blue" {
				t.Errorf("%s: got %q and %q", c.url, got, c.header(team))
			}
			if got := c.count(); got != 3 {
				t.Errorf("%s: got %d requests, want 3", c.url, got)
			}
			first := c.requests[0].ResourceSpans[0]
			if got := first.ScopeSpans[0].Spans[0]; len(got.Attributes) != 1 || got.DroppedAttributesCount != 1 {
				t.Errorf("%s: got %v, want one attribute", c.url, got)
			}
			if got := textOf(first.Resource.Attributes); got["zone"] != "b" || got["service.name"] != "shop" {
				t.Errorf("%s: got %v", c.url, got)
			}
		}
	}
}

// Headers that are meant for another endpoint stay here, over both protocols.
func TestOTLPWithoutHeaders(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue,authorization=Bearer abc")
	for _, c := range []*otlpCollector{newHTTPCollector(t, protobuf(t, nil)), newGRPCCollector(t, accept)} {
		cfg := otelConfig(c.url)
		cfg.Reporter.Collector = config.Collector{Endpoint: c.url, WithoutHeaders: true}
		tr, _ := newTracer(t, cfg)
		makeSpans(tr, 1)
		closeTracer(t, tr)
		if c.count() == 0 {
			t.Errorf("%s got no request", c.url)
		}
		for _, name := range []string{"Authorization", "X-Team", "authorization", "x-team"} {
			if got := c.header(name); got != "" {
				t.Errorf("%s got %s: %s", c.url, name, got)
			}
		}
	}
}

func TestOTLPTimeoutVariable(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20")
	release := make(chan struct{})
	c := newHTTPCollector(t, func(_ http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}
	})
	t.Cleanup(func() { close(release) })
	tr, _ := newTracer(t, otelConfig(c.url))
	makeSpans(tr, 1)
	closeTracer(t, tr)
	if s := tr.Stats(); s.Sent != 1 || c.count() != 2 {
		t.Errorf("got %+v after %d requests, want the second one to pass", s, c.count())
	}
}

// The SDK goes on with its defaults, and so do we.
func TestOTLPNumbersIgnored(t *testing.T) {
	want := otlpLimits{batch: 512, export: sendPatience, request: 10 * time.Second}
	for _, value := range []string{"5s", "0", "-1", "x"} {
		for _, name := range []string{
			"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		} {
			t.Setenv(name, value)
		}
		if got := readOTLPLimits(); got != want {
			t.Errorf("%s: got %+v, want %+v", value, got, want)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")
	want.request = 2 * time.Second
	if got := readOTLPLimits(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOTLPCertificatesIgnored(t *testing.T) {
	c := newHTTPCollector(t, protobuf(t, nil))
	for _, value := range []string{"/nonexistent/ca.pem", "otel_test.go"} {
		t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", value)
		t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", value)
		t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", value)
		tr, l := newTracer(t, otelConfig(c.url))
		makeSpans(tr, 1)
		closeTracer(t, tr)
		if s := tr.Stats(); s.Sent != 1 {
			t.Errorf("%s: got %+v, want the span sent\n%s", value, s, l)
		}
		l.want(t, "level=WARN", "variable=OTEL_EXPORTER_OTLP_CERTIFICATE")
		l.want(t, "level=WARN", "variable=OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")
	}
}
