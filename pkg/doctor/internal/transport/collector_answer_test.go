package transport

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// Each tracer's span is as its own library sends it, with the credentials.
func TestCollectorGetsTheTracersProtocol(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		tracer, path, mediaType string
		status                  int
		is                      func(body []byte) bool
	}{
		"zipkin": {"zipkin", "/api/v2/spans", "application/json", http.StatusAccepted, func(body []byte) bool {
			var spans []struct {
				Local struct {
					Service string `json:"serviceName"`
				} `json:"localEndpoint"`
			}
			return json.Unmarshal(body, &spans) == nil && len(spans) == 1 && spans[0].Local.Service == probe.CheckService
		}},
		"otel": {"otel", "/v1/traces", "application/x-protobuf", http.StatusOK, func(body []byte) bool {
			var request coltracepb.ExportTraceServiceRequest
			return proto.Unmarshal(body, &request) == nil && request.ResourceSpans[0].ScopeSpans[0].Spans[0].Name == probe.IDCollector
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body []byte
			var header http.Header
			srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				header = r.Header
				body, _ = io.ReadAll(r.Body)
				w.WriteHeader(tt.status)
			})
			target := probetest.Outside(probetest.Load(
				t, "tracer", tt.tracer, "reporter.collector.endpoint", srv.URL+tt.path,
				"reporter.collector.user", "ann", "reporter.collector.password", "secret",
			))
			target.Environ = append(target.Environ, "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=till%2F1,bad header=1,novalue")
			f, _ := probetest.Examine(t, CollectorProbe(), target, nil)
			if f.Code != codeCollectorAccepts {
				t.Fatalf("got %s: %s", f.Code, f.Fact)
			}
			if !tt.is(body) || header.Get("Content-Type") != tt.mediaType || header.Get("Authorization") != "Basic YW5uOnNlY3JldA==" {
				t.Errorf("got %q with %v, want a span of %s as %s with a password", body, header, probe.CheckService, tt.mediaType)
			}
			want := ""
			if tt.tracer == "otel" {
				want = "till/1"
			}
			if got := header.Get("X-Tenant"); got != want {
				t.Errorf("got the header %q, want %q", got, want)
			}
		})
	}
}

func TestCollectorAnswers(t *testing.T) {
	t.Parallel()
	// partial_success {rejected_spans: 1, error_message: "too old"}.
	const rejected = "\x0a\x0b\x08\x01\x12\x07too old"
	tests := map[string]struct {
		tracer  string
		handler http.HandlerFunc
		status  probe.Status
		code    probe.Code
		fact    string
		hint    string
	}{
		"OTLP that rejects a span in a success": {
			"otel", probetest.Answer(200, "Content-Type: application/x-protobuf", rejected), probe.StatusFail, codeCollectorRejects,
			"URL returned 200 but rejected 1 of 1 span: too old", "docker logs --tail 50 jaeger",
		},
		"OTLP that warns of nothing": {
			"otel", probetest.Answer(200, "Content-Type: application/x-protobuf", "\x0a\x00"), probe.StatusOK, codeCollectorAccepts,
			"URL accepted a span with 200", "",
		},
		"a page for OTLP": {
			"otel", probetest.Answer(200, "Content-Type: text/html", probetest.HomePage), probe.StatusFail, CodeCollectorNotJaeger,
			"URL returned 200 and a web page for a span: the span is lost", "--collector-endpoint http://127.0.0.1:4318/v1/traces",
		},
		"another success for OTLP": {
			"otel", probetest.Answer(204, "", ""), probe.StatusFail, CodeCollectorNotJaeger,
			"URL returned 204 for a span, where Jaeger returns 200: the span is lost", "--collector-endpoint http://127.0.0.1:4318/v1/traces",
		},
		"a login for OTLP": {
			"otel", probetest.Answer(401, "", ""), probe.StatusFail, codeCollectorUnauthorized, "URL returned 401: credentials are missing or wrong",
			"OTDEMO_REPORTER_COLLECTOR_USER=... OTDEMO_REPORTER_COLLECTOR_PASSWORD=...",
		},
		"no Zipkin's JSON": {
			"zipkin", probetest.Answer(415, "", ""), probe.StatusFail, CodeCollectorMediaType,
			"URL returned 415: it does not accept Zipkin's JSON; it may be a thrift or OTLP port", "--collector-endpoint http://127.0.0.1:9411/api/v2/spans",
		},
		"Zipkin redirects": {
			"zipkin", probetest.Answer(302, "Location: /login", ""), probe.StatusFail, codeCollectorRedirects,
			"URL redirects spans to /login, and a redirected request loses its body", "--collector-endpoint http://127.0.0.1:9411/api/v2/spans",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := probetest.Serve(t, tt.handler).URL + "/spans"
			f, _ := probetest.Examine(t, CollectorProbe(), probetest.Outside(probetest.Load(t, "tracer", tt.tracer, "reporter.collector.endpoint", endpoint)), nil)
			probetest.Expect(t, f, tt.status, tt.code, strings.Replace(tt.fact, "URL", endpoint, 1), tt.hint)
		})
	}
}

func TestCollectorCallAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status string
		code   probe.Code
		hop    probe.Hop
	}{
		"unimplemented": {"12", CodeCollectorNotJaeger, probe.HopNone},
		"a login":       {"16", codeCollectorUnauthorized, probe.HopNone},
		"denied":        {"7", codeCollectorUnauthorized, probe.HopNone},
		"full":          {"8", probe.CodeCollectorError, probe.HopStorage},
		"unavailable":   {"14", probe.CodeCollectorError, probe.HopStorage},
		"invalid":       {"3", codeCollectorRejects, probe.HopNone},
		"fine":          {"0", codeCollectorAccepts, probe.HopNone},
		"no status":     {"", CodeCollectorNotGRPC, probe.HopNone},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/grpc")
				if tt.status != "" {
					w.Header().Set("Grpc-Status", tt.status)
				}
			}))
			srv.Config.Protocols = new(http.Protocols)
			srv.Config.Protocols.SetUnencryptedHTTP2(true)
			srv.Start()
			t.Cleanup(srv.Close)
			f, _ := probetest.Examine(t, CollectorProbe(), probetest.Outside(probetest.Load(t, "tracer", "otel", "reporter.collector.endpoint", "grpc://"+probetest.Hostport(srv.URL))), nil)
			if f.Code != tt.code || f.Hop != tt.hop {
				t.Errorf("got %s at %q: %s, want %s at %q", f.Code, f.Hop, f.Fact, tt.code, tt.hop)
			}
		})
	}
}

// The exporter reads the CA of a collector from the environment, and so does
// the check: what the tracer trusts is not a failure.
func TestCollectorTrustsWhatTheExporterTrusts(t *testing.T) {
	t.Parallel()
	srv := probetest.QuietTLS(t, probetest.Answer(200, "", ""))
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	target := probetest.Outside(probetest.Load(t, "tracer", "otel", "reporter.collector.endpoint", srv.URL+"/v1/traces"))
	target.ReadFile = os.ReadFile
	f, _ := probetest.Examine(t, CollectorProbe(), target, nil)
	if f.Code != codeCollectorCertificate {
		t.Errorf("without the authority: got %s: %s", f.Code, f.Fact)
	}
	target.Environ = append(target.Environ, "OTEL_EXPORTER_OTLP_CERTIFICATE="+name)
	f, _ = probetest.Examine(t, CollectorProbe(), target, nil)
	if f.Code != codeCollectorAccepts {
		t.Errorf("with the authority: got %s: %s", f.Code, f.Fact)
	}
	// The other protocol, to a port of TLS.
	addr := strings.TrimPrefix(srv.URL, "https://")
	grpc := probetest.Outside(probetest.Load(t, "tracer", "otel", "reporter.collector.endpoint", "grpc://"+addr))
	f, _ = probetest.Examine(t, CollectorProbe(), grpc, nil)
	probetest.Expect(t, f, probe.StatusFail, CodeCollectorTLS, addr+" speaks TLS, but the URL scheme is grpc", "--collector-endpoint grpcs://"+addr)
}
