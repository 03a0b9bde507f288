package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestCollectorHTTP(t *testing.T) {
	t.Parallel()
	plain := probetest.Serve(t, probetest.Answer(202, "", ""))
	secure := probetest.QuietTLS(t, probetest.Answer(202, "", ""))
	const here = "--collector-endpoint http://127.0.0.1:14268/api/traces"
	tests := map[string]struct {
		url    string
		status probe.Status
		hop    probe.Hop
		code   probe.Code
		// In these, HOST stands for the URL's host:port.
		fact, hint string
	}{
		"accepts": {plain.URL + "/api/traces", probe.StatusOK, probe.HopNone, codeCollectorAccepts, "http://HOST/api/traces accepted a span with 202", ""},
		"refused": {
			"http://ann:secret@" + probetest.ClosedAddr(t) + "/api/traces", probe.StatusFail, probe.HopNone, probe.CodeCollectorRefused,
			"nothing listens on tcp HOST", "docker run -p 14268:14268 ...",
		},
		"unresolved": {
			"http://no-such-host.invalid:14268/api/traces", probe.StatusFail, probe.HopResolve, probe.CodeCollectorUnresolved,
			"host no-such-host.invalid does not resolve: no such host", "getent hosts no-such-host.invalid",
		},
		"the UI's page": {
			probetest.Serve(t, probetest.Answer(200, "Content-Type: text/html; charset=utf-8", probetest.HomePage)).URL + "/api/traces", probe.StatusFail, probe.HopNone, CodeCollectorNotJaeger,
			"http://HOST/api/traces returned 200 for a span, where Jaeger returns 202: the span is lost", here,
		},
		"an empty 204": {
			probetest.Serve(t, probetest.Answer(204, "", "")).URL, probe.StatusFail, probe.HopNone, CodeCollectorNotJaeger,
			"http://HOST returned 204 for a span, where Jaeger returns 202: the span is lost", here,
		},
		"no path": {
			probetest.Serve(t, probetest.Answer(404, "", "404 page not found")).URL, probe.StatusFail, probe.HopNone, CodeCollectorPath,
			"http://HOST does not accept spans: it returned 404", "--collector-endpoint http://HOST/api/traces",
		},
		"Jaeger 1's UI port": {
			probetest.Serve(t, probetest.Answer(405, "", "")).URL + "/api/traces", probe.StatusFail, probe.HopNone, CodeCollectorPath,
			"http://HOST/api/traces does not accept spans: it returned 405", here,
		},
		"unauthorized": {
			probetest.Serve(t, probetest.Answer(401, "", "")).URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorUnauthorized,
			"http://HOST/api/traces returned 401: credentials are missing or wrong",
			"OTDEMO_REPORTER_COLLECTOR_USER=... OTDEMO_REPORTER_COLLECTOR_PASSWORD=...",
		},
		"redirect": {
			probetest.Serve(t, probetest.Answer(307, "Location: https://ann:secret@c.example.com/api/traces", "")).URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorRedirects,
			"http://HOST/api/traces redirects spans to https://c.example.com/api/traces, and a redirected request loses its body",
			"--collector-endpoint https://c.example.com/api/traces",
		},
		"redirect to a path": {
			probetest.Serve(t, probetest.Answer(301, "Location: /api/traces/", "")).URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorRedirects,
			"http://HOST/api/traces redirects spans to /api/traces/, and a redirected request loses its body",
			"--collector-endpoint http://HOST/api/traces/",
		},
		"OTLP": {
			probetest.Serve(t, probetest.Answer(415, "", "415 unsupported media type, supported: [application/json, application/x-protobuf]")).URL + "/v1/traces",
			probe.StatusFail, probe.HopNone, CodeCollectorMediaType,
			"http://HOST/v1/traces returned 415: it does not accept thrift; it may be an OTLP or Zipkin port", here,
		},
		"rejected": {
			probetest.Serve(t, probetest.Answer(400, "", "Unable to process request body: Unknown data type 31\n")).URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorRejects,
			"http://HOST/api/traces returned 400: Unable to process request body: Unknown data type 31", here,
		},
		"storage down": {
			probetest.Serve(t, probetest.Answer(503, "", "queue full")).URL + "/api/traces", probe.StatusFail, probe.HopStorage, probe.CodeCollectorError,
			"http://HOST/api/traces returned 503: queue full", "docker logs --tail 50 jaeger",
		},
		"gRPC": {
			probetest.GRPCServer(t) + "/api/traces", probe.StatusFail, probe.HopNone, CodeCollectorProtocol,
			"HOST does not speak HTTP/1; it may be a gRPC port", here,
		},
		"http to TLS": {
			strings.Replace(secure.URL, "https", "http", 1) + "/api/traces", probe.StatusFail, probe.HopNone, CodeCollectorTLS,
			"HOST speaks TLS, but the URL scheme is http", "--collector-endpoint https://HOST/api/traces",
		},
		"https to plain": {
			strings.Replace(plain.URL, "http", "https", 1) + "/api/traces", probe.StatusFail, probe.HopNone, CodeCollectorTLS,
			"HOST speaks plain HTTP, but the URL scheme is https", "--collector-endpoint http://HOST/api/traces",
		},
		"redirect to a login page": {
			probetest.Serve(t, probetest.Answer(302, "Location: /login?next=%2Fapi", "")).URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorRedirects,
			"http://HOST/api/traces redirects spans to /login?next=%2Fapi, and a redirected request loses its body", here,
		},
		"unknown certificate": {
			secure.URL + "/api/traces", probe.StatusFail, probe.HopNone, codeCollectorCertificate,
			"certificate of HOST is not trusted: x509: certificate signed by unknown authority",
			"SSL_CERT_FILE=ca.pem otdemo check-jaeger (with the authority that signed it)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, host, _ := strings.Cut(tt.url, "//")
			host = host[strings.LastIndex(host, "@")+1:]
			host, _, _ = strings.Cut(host, "/")
			f, _ := probetest.Examine(t, CollectorProbe(), probetest.Outside(probetest.Load(t, "reporter.collector.endpoint", tt.url)), nil)
			fill := strings.NewReplacer("HOST", host)
			probetest.Expect(t, f, tt.status, tt.code, fill.Replace(tt.fact), fill.Replace(tt.hint))
			if f.Hop != tt.hop {
				t.Errorf("got hop %q, want %q", f.Hop, tt.hop)
			}
		})
	}
}

func TestCollectorGetsOneWholeSpan(t *testing.T) {
	t.Parallel()
	var batch jaeger.Batch
	var header http.Header
	srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		buf := thrift.NewTMemoryBuffer()
		_, _ = io.Copy(buf, r.Body)
		if err := batch.Read(r.Context(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
			t.Errorf("decode the body: %v", err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	target := probetest.Outside(probetest.Load(
		t, "reporter.collector.endpoint", srv.URL+"/api/traces", "reporter.collector.user", "ann", "reporter.collector.password", "secret",
	))
	target.UserAgent = "otdemo/1"
	f, _ := probetest.Examine(t, CollectorProbe(), target, nil)
	if f.Code != codeCollectorAccepts {
		t.Fatalf("got %s: %s", f.Code, f.Fact)
	}
	if len(batch.Spans) != 1 || batch.Process.ServiceName != probe.CheckService {
		t.Errorf("got %+v, want one span of %s", batch, probe.CheckService)
	}
	got := []string{header.Get("Content-Type"), header.Get("Authorization"), header.Get("User-Agent")}
	want := []string{"application/x-thrift", "Basic YW5uOnNlY3JldA==", "otdemo/1"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("header: got %q, want %q", got[i], want[i])
		}
	}
}

func TestCollectorTimeout(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "reporter.collector.endpoint", "http://10.9.9.9:14268/api/traces"))
	target.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	}
	f, _ := probetest.Examine(t, CollectorProbe(), target, nil)
	probetest.Expect(t, f, probe.StatusFail, probe.CodeCollectorTimeout, "tcp 10.9.9.9:14268 did not respond in time", "nc -vz 10.9.9.9 14268")
	if len(f.Causes) == 0 {
		t.Error("got no causes")
	}
}

func TestCollectorNotUsed(t *testing.T) {
	t.Parallel()
	f, _ := probetest.Examine(t, CollectorProbe(), probetest.Outside(probetest.Load(t)), nil)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "spans go to the agent; no collector endpoint is set", "")
}
