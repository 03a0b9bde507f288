package canary

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity/identitytest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/trace"
)

// pathNamed returns the probe of a path.
func pathNamed(t *testing.T, id string) probe.Probe {
	t.Helper()
	for _, p := range PathProbes() {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no probe %q", id)
	return probe.Probe{}
}

func TestIngestPathsAreNotTriedWithoutNeed(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t))
	target.Dial = probetest.UsualPorts(nil)
	for _, p := range PathProbes() {
		if f, _ := probetest.Examine(t, p, target, nil); f.Status != probe.StatusSkip {
			t.Errorf("%s: got %s %q, want it skipped", p.ID, f.Status, f.Fact)
		}
	}
	target.Thorough = true
	for _, p := range PathProbes() {
		f, _ := probetest.Examine(t, p, target, nil)
		if configured := p.ID == "udp-compact-path"; configured != (f.Status == probe.StatusSkip) {
			t.Errorf("%s: got %s %q, want only the configured path skipped", p.ID, f.Status, f.Fact)
		}
	}
}

func TestIngestPaths(t *testing.T) {
	t.Parallel()
	there := tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} })
	missing := probetest.Serve(t, probetest.Answer(404, "", probetest.NotFoundBody)).URL
	quiet := probetest.ListenUDP(t).LocalAddr().String()
	otlp := probetest.Hostport(probetest.Serve(t, probetest.Answer(200, "Content-Type: application/json", `{"partialSuccess":{}}`)).URL)
	zipkin := probetest.Hostport(probetest.Serve(t, probetest.Answer(202, "", "")).URL)
	tests := map[string]struct {
		path, query string
		to          map[string]string
		status      probe.Status
		code        probe.Code
		fact, hint  string
	}{
		"OTLP works": {
			"otlp-path", there,
			map[string]string{"tcp 4318": otlp},
			probe.StatusOK, CodePathWorks,
			"a span sent to http://127.0.0.1:4318/v1/traces as OTLP in JSON over HTTP was read back",
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 (for OpenTelemetry)",
		},
		"OTLP loses": {
			"otlp-path", missing,
			map[string]string{"tcp 4318": otlp},
			probe.StatusUnknown, codePathLoses,
			"a span sent to http://127.0.0.1:4318/v1/traces as OTLP in JSON over HTTP was not found", "",
		},
		"OTLP is off": {
			"otlp-path", there, nil, probe.StatusUnknown, codePathNoHelp,
			"OTLP in JSON over HTTP: nothing listens on tcp 127.0.0.1:4318",
			"COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		"another program": {
			"otlp-path", there,
			map[string]string{"tcp 4318": probetest.Hostport(probetest.Serve(t, http.NotFound).URL)},
			probe.StatusUnknown, codePathNoHelp,
			"OTLP in JSON over HTTP: http://127.0.0.1:4318/v1/traces returned 404 for a span", "",
		},
		"gRPC works": {
			"otlp-grpc-path", there,
			map[string]string{"tcp 4317": grpcReceiver(t, "0", true)},
			probe.StatusOK, CodePathWorks,
			"a span sent to 127.0.0.1:4317 as OTLP over gRPC was read back",
			"OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 (for OpenTelemetry)",
		},
		"gRPC without such a service": {
			"otlp-grpc-path", there,
			map[string]string{"tcp 4317": grpcReceiver(t, "12", false)},
			probe.StatusUnknown, codePathNoHelp,
			`OTLP over gRPC: 127.0.0.1:4317 returned grpc-status "12" for a span`, "",
		},
		"gRPC is off": {
			"otlp-grpc-path", there, nil, probe.StatusUnknown, codePathNoHelp,
			"OTLP over gRPC: grpc 127.0.0.1:4317: connect: connection refused", "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		"Zipkin works": {
			"zipkin-path", there,
			map[string]string{"tcp 9411": zipkin},
			probe.StatusOK, CodePathWorks,
			"a span sent to http://127.0.0.1:9411/api/v2/spans as Zipkin's JSON over HTTP was read back",
			"--tracer zipkin --collector-endpoint http://127.0.0.1:9411/api/v2/spans",
		},
		"binary thrift works": {
			"udp-binary-path", there,
			map[string]string{"udp 6832": quiet},
			probe.StatusOK, CodePathWorks,
			"a span sent to udp 127.0.0.1:6832 as binary thrift over UDP was read back", "",
		},
		"binary thrift is refused": {
			"udp-binary-path", there,
			map[string]string{"udp 6832": probetest.ClosedAddr(t)},
			probe.StatusUnknown, codePathNoHelp,
			"binary thrift over UDP: nothing listens on udp 127.0.0.1:6832", "",
		},
		"the usual port works, another is configured": {
			"udp-compact-path", there,
			map[string]string{"udp 6831": quiet},
			probe.StatusOK, CodePathWorks,
			"a span sent to udp 127.0.0.1:6831 as compact thrift over UDP was read back", "--agent-port 6831",
		},
		"the port of old is silent": {
			"udp-zipkin-path", missing,
			map[string]string{"udp 5775": quiet},
			probe.StatusUnknown, codePathLoses,
			"a span sent to udp 127.0.0.1:5775 as compact thrift over UDP was not found", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A TCP port, so that no UDP path is the configured one.
			target := probetest.Outside(probetest.Load(t, "query.url", tt.query, "reporter.agent.host", "127.0.0.1", "reporter.agent.port", "4318"))
			target.Dial = probetest.UsualPorts(tt.to)
			f, _ := probetest.Examine(t, pathNamed(t, tt.path), target, probetest.InTrouble())
			// How long it waited differs.
			f.Fact, _, _ = strings.Cut(f.Fact, " after ")
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

// grpcReceiver responds to each call with a status, in the trailer or, as gRPC
// does for errors, in the header.
func grpcReceiver(t *testing.T, status string, trailer bool) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Content-Type") != "application/grpc" || r.URL.Path != send.OTLPService || len(body) != 5+int(body[4]) {
			t.Errorf("got %s %v %q", r.URL, r.Header, body)
		}
		w.Header().Set("Content-Type", "application/grpc")
		name := "Grpc-Status"
		if trailer {
			name = http.TrailerPrefix + name
		}
		w.Header().Set(name, status)
		_, _ = w.Write(nil)
	}))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	return probetest.Hostport(srv.URL)
}

func TestUDPWayForACollector(t *testing.T) {
	t.Parallel()
	conn := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t,
		"query.url", tracesServer(t, func(id trace.TraceID) []trace.Span { return []trace.Span{spanOf(id)} }),
		"reporter.collector.endpoint", "http://127.0.0.1:1/api/traces"))
	target.Dial = probetest.UsualPorts(map[string]string{"udp 6831": conn.LocalAddr().String()})
	f, _ := probetest.Examine(t, pathNamed(t, "udp-compact-path"), target,
		map[string]probe.Outcome{probe.IDCollector: {Finding: probe.Found(probe.StatusFail, probe.CodeCollectorRefused, "x")}})
	probetest.Expect(t, f, probe.StatusOK, CodePathWorks, "a span sent to udp 127.0.0.1:6831 as compact thrift over UDP was read back",
		"--collector-endpoint '' --agent-host 127.0.0.1")
	if packet, _ := probetest.Receive(t, conn); !probetest.WholeBatch(t, packet, send.CompactProtocol) {
		t.Errorf("sent %q", packet)
	}
}

// What is known not to be there is not sent to.
func TestNoSpanForAPortThatIsNotThere(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1"))
	target.Dial = probetest.UsualPorts(nil)
	earlier := probetest.InTrouble()
	earlier[probe.IDIdentity] = identitytest.JaegerOn("localhost", "v2.13.0")
	f, _ := probetest.Examine(t, pathNamed(t, "udp-zipkin-path"), target, earlier)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "Jaeger v2.13.0 has no port 5775", "")
}

func TestIngestPathsSendWhatIsReadBack(t *testing.T) {
	t.Parallel()
	bodies := make(chan []byte, 1)
	receiver := func(status int) string {
		return probetest.Hostport(probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("got %v, content type %q", err, r.Header.Get("Content-Type"))
			}
			bodies <- body
			w.WriteHeader(status)
		}).URL)
	}
	searched := make(chan string, 1)
	api := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, err := trace.ParseTraceID(strings.TrimPrefix(r.URL.Path, "/api/traces/"))
		if err != nil {
			t.Errorf("unexpected request for %s", r.URL)
		}
		searched <- id.String()
		_ = trace.EncodeTraces(w, []trace.Trace{{ID: id, Spans: []trace.Span{spanOf(id)}}}, nil)
	})
	target := probetest.Outside(probetest.Load(t, "query.url", api.URL, "reporter.agent.host", "127.0.0.1"))
	target.Dial = probetest.UsualPorts(map[string]string{"tcp 4318": receiver(200), "tcp 9411": receiver(202)})

	probetest.Examine(t, pathNamed(t, "otlp-path"), target, probetest.InTrouble())
	var otlp struct {
		ResourceSpans []struct {
			ScopeSpans []struct{ Spans []map[string]any }
		}
	}
	if err := json.Unmarshal(<-bodies, &otlp); err != nil {
		t.Fatal(err)
	}
	span := otlp.ResourceSpans[0].ScopeSpans[0].Spans[0]
	if got, want := span["traceId"], <-searched; got != want || len(want) != 32 || len(span["spanId"].(string)) != 16 {
		t.Errorf("sent %+v and read %s back", span, want)
	}

	probetest.Examine(t, pathNamed(t, "zipkin-path"), target, probetest.InTrouble())
	var zipkin []map[string]any
	if err := json.Unmarshal(<-bodies, &zipkin); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"serviceName": probe.CheckService}, zipkin[0]["localEndpoint"]); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
	if got, want := zipkin[0]["traceId"], <-searched; got != want {
		t.Errorf("sent %v and read %s back", got, want)
	}
}
