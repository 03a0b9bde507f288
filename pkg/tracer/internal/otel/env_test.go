package otel_test

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
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
	c := &otel.OTLPCollector{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.URL.Path; got != "/some/path" {
			t.Errorf("got path %q", got)
		}
		c.Record(nil, r.Header)
	}))
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure := otel.ServeGRPC(t, listener, otel.Accept, grpc.Creds(credentials.NewTLS(server.TLS.Clone())))
	urls := []string{server.URL + "/some/path", strings.Replace(secure.URL, "grpc:", "grpcs:", 1)}
	for trusted, want := range []reporter.Stats{{Failed: 2}, {Sent: 2}} {
		if trusted == 1 {
			certificateFile(t, server)
		}
		for _, url := range urls {
			tr, l := tracertest.New(t, otel.OtelConfig(url))
			testkit.MakeSpans(tr, 2)
			testkit.CloseTracer(t, tr)
			if s := tr.Stats(); s.Sent != want.Sent || s.Failed != want.Failed {
				t.Errorf("%s, trusted %d: got %+v, want %+v\n%s", url, trusted, s, want, l)
			}
			if trusted == 0 {
				l.Want(t, "level=WARN", "certificate")
			}
		}
	}
}

// grpc:// is plain, whatever certificates are set.
func TestOTLPPlainGRPCStaysPlain(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	certificateFile(t, server)
	tr, l := tracertest.New(t, otel.OtelConfig(otel.NewGRPCCollector(t, otel.Accept).URL))
	testkit.MakeSpans(tr, 2)
	testkit.CloseTracer(t, tr)
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
		for _, c := range []*otel.OTLPCollector{otel.NewHTTPCollector(t, otel.Protobuf(t, nil)), otel.NewGRPCCollector(t, otel.Accept)} {
			cfg := otel.OtelConfig(c.URL)
			authorization := "Basic am9lOmh1bnRlcjI="
			if !named {
				cfg.Reporter.Collector = config.Collector{Endpoint: c.URL}
				authorization = "Bearer abc"
			}
			tr, _ := tracertest.New(t, cfg)
			tr.StartSpan("work").SetTag("a", "1").SetTag("b", "2").Finish()
			testkit.MakeSpans(tr, 4)
			testkit.CloseTracer(t, tr)
			name, team := "Authorization", "X-Team"
			if strings.HasPrefix(c.URL, "grpc") {
				name, team = "authorization", "x-team"
			}
			if got := c.Header(name); got != authorization || c.Header(team) != "blue" {
				t.Errorf("%s: got %q and %q", c.URL, got, c.Header(team))
			}
			if got := c.Count(); got != 3 {
				t.Errorf("%s: got %d requests, want 3", c.URL, got)
			}
			first := c.Requests[0].ResourceSpans[0]
			if got := first.ScopeSpans[0].Spans[0]; len(got.Attributes) != 1 || got.DroppedAttributesCount != 1 {
				t.Errorf("%s: got %v, want one attribute", c.URL, got)
			}
			if got := otel.TextOf(first.Resource.Attributes); got["zone"] != "b" || got["service.name"] != "shop" {
				t.Errorf("%s: got %v", c.URL, got)
			}
		}
	}
}

// Headers that are meant for another endpoint stay here, over both protocols.
func TestOTLPWithoutHeaders(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue,authorization=Bearer abc")
	for _, c := range []*otel.OTLPCollector{otel.NewHTTPCollector(t, otel.Protobuf(t, nil)), otel.NewGRPCCollector(t, otel.Accept)} {
		cfg := otel.OtelConfig(c.URL)
		cfg.Reporter.Collector = config.Collector{Endpoint: c.URL, WithoutHeaders: true}
		tr, _ := tracertest.New(t, cfg)
		testkit.MakeSpans(tr, 1)
		testkit.CloseTracer(t, tr)
		if c.Count() == 0 {
			t.Errorf("%s got no request", c.URL)
		}
		for _, name := range []string{"Authorization", "X-Team", "authorization", "x-team"} {
			if got := c.Header(name); got != "" {
				t.Errorf("%s got %s: %s", c.URL, name, got)
			}
		}
	}
}

func TestOTLPTimeoutVariable(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20")
	release := make(chan struct{})
	c := otel.NewHTTPCollector(t, func(_ http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}
	})
	t.Cleanup(func() { close(release) })
	tr, _ := tracertest.New(t, otel.OtelConfig(c.URL))
	testkit.MakeSpans(tr, 1)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Sent != 1 || c.Count() != 2 {
		t.Errorf("got %+v after %d requests, want the second one to pass", s, c.Count())
	}
}

// The SDK's own log goes to ours, and not what it quotes of headers.
func TestSDKLog(t *testing.T) {
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization hunter2")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5s")
	tr, l := tracertest.New(t, otel.OtelConfig(c.URL))
	testkit.CloseTracer(t, tr)
	l.Want(t, "level=WARN", "OpenTelemetry's SDK", "parse headers")
	if text := fmt.Sprint(l); strings.Contains(text, "hunter2") || strings.Contains(text, "parse duration") {
		t.Errorf("logged %s, want no header and nothing that package config reports", text)
	}
}

func TestOTLPCertificatesIgnored(t *testing.T) {
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	for _, value := range []string{"/nonexistent/ca.pem", "otel_test.go"} {
		t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", value)
		t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", value)
		t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", value)
		tr, l := tracertest.New(t, otel.OtelConfig(c.URL))
		testkit.MakeSpans(tr, 1)
		testkit.CloseTracer(t, tr)
		if s := tr.Stats(); s.Sent != 1 {
			t.Errorf("%s: got %+v, want the span sent\n%s", value, s, l)
		}
		l.Want(t, "level=WARN", "variable=OTEL_EXPORTER_OTLP_CERTIFICATE")
		l.Want(t, "level=WARN", "variable=OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")
	}
}
