package doctor

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// tracerPaths are the paths of the tracers that send to a collector of the
// embedded Jaeger, as pairs of key and value.
func tracerPaths(addrs map[string]string) map[string][]string {
	return map[string][]string{
		"zipkin":         {"tracer", "zipkin", "reporter.collector.endpoint", "http://" + addrs[allinone.Zipkin] + "/api/v2/spans"},
		"otel over HTTP": {"tracer", "otel", "reporter.collector.endpoint", "http://" + addrs[allinone.OTLPHTTP] + "/v1/traces"},
		"otel over gRPC": {"tracer", "otel", "reporter.collector.endpoint", "grpc://" + addrs[allinone.OTLPGRPC]},
	}
}

// healthyTracerRuns is how often in a row each tracer's path must be found
// healthy.
const healthyTracerRuns = 10

func TestHealthyTracers(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	want := []string{
		"config-effective ok config-effective",
		"sampler ok sampler-keeps-all",
		"query-api ok query-answers",
		"agent-host skip not-used",
		"agent-udp skip not-used",
		"collector-http ok collector-accepts",
		"canary ok canary-delivered",
		"canary-large skip not-used",
		"search ok search-finds",
		"http-path skip not-used",
	}
	for name, alternative := range tracerPaths(backend.Addrs()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, append(slices.Clip(pairs[4:6]), alternative...)...))
			for range healthyTracerRuns {
				report := Run(t.Context(), target, Options{})
				if diff := cmp.Diff(want, probetest.About(want, report.Findings)); diff != "" {
					t.Fatalf("findings (-want +got):\n%s\n%+v", diff, report.Findings)
				}
				for _, f := range report.Findings {
					if f.Status == probe.StatusFail || f.Status == probe.StatusWarn {
						t.Fatalf("false alarm: %s %s: %s", f.Status, f.Code, f.Fact)
					}
				}
				start := "spans from this configuration reach Jaeger (" + alternative[3] + ", visible after "
				if v := report.Verdict; !v.OK || !strings.HasPrefix(v.Text, start) {
					t.Fatalf("got verdict %+v, want it to start with %q", v, start)
				}
			}
		})
	}
}

// A tracer that sends to the port of another one's protocol. The ports of the
// backend stand at their usual numbers, as in a real Jaeger.
func TestMixedUpPorts(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	addrs := backend.Addrs()
	usual := map[string]string{
		"tcp 14268": addrs[allinone.CollectorHTTP], "tcp 4317": addrs[allinone.OTLPGRPC],
		"tcp 4318": addrs[allinone.OTLPHTTP], "tcp 9411": addrs[allinone.Zipkin], "tcp 16686": addrs[allinone.Query],
	}
	const host = "127.0.0.1"
	gRPC := probetest.Hostport(probetest.GRPCServer(t))
	tests := map[string]struct {
		tracer, endpoint string
		code             probe.Code
		fact             string
		hints            []string
	}{
		"OTLP over HTTP to a port that only speaks gRPC": {
			"otel", "http://" + host + ":4317/only", transport.CodeCollectorProtocol,
			"127.0.0.1:4317 does not speak HTTP/1; it may be a gRPC port; port 4317 is for OTLP over gRPC, and tracer otel sends OTLP over HTTP",
			[]string{"--collector-endpoint http://127.0.0.1:4318/v1/traces", "--collector-endpoint grpc://127.0.0.1:4317"},
		},
		"OTLP over HTTP to the embedded port for gRPC": {
			"otel", "http://" + host + ":4317/v1/traces", transport.CodeCollectorMediaType,
			"http://127.0.0.1:4317/v1/traces returned 415: it does not accept OTLP over HTTP; port 4317 is for OTLP over gRPC, and tracer otel sends OTLP over HTTP",
			[]string{"--collector-endpoint http://127.0.0.1:4318/v1/traces", "--collector-endpoint grpc://127.0.0.1:4317"},
		},
		"OTLP over gRPC to the port for HTTP": {
			"otel", "grpc://" + host + ":4318", transport.CodeCollectorNotGRPC,
			"127.0.0.1:4318 speaks HTTP, not gRPC; port 4318 is for OTLP over HTTP, and tracer otel sends OTLP over gRPC",
			[]string{"--collector-endpoint http://127.0.0.1:4318/v1/traces", "--collector-endpoint grpc://127.0.0.1:4317"},
		},
		"OTLP with another path": {
			"otel", "http://" + host + ":4318/v1/trace", transport.CodeCollectorPath, "http://127.0.0.1:4318/v1/trace does not accept spans: it returned 404",
			[]string{"--collector-endpoint http://127.0.0.1:4318/v1/traces"},
		},
		"OTLP to Zipkin's port": {
			"otel", "http://" + host + ":9411/v1/traces", transport.CodeCollectorPath,
			"http://127.0.0.1:9411/v1/traces does not accept spans: it returned 404; port 9411 is for Zipkin's JSON, and tracer otel sends OTLP over HTTP",
			[]string{
				"--collector-endpoint http://127.0.0.1:4318/v1/traces",
				"--tracer zipkin --collector-endpoint http://127.0.0.1:9411/api/v2/spans",
			},
		},
		"OTLP to the UI": {
			"otel", "http://" + host + ":16686/v1/traces", transport.CodeCollectorPath, "http://127.0.0.1:16686/v1/traces does not accept spans: it returned 405",
			[]string{"--collector-endpoint http://127.0.0.1:4318/v1/traces"},
		},
		"gRPC to the UI": {
			"otel", "grpc://" + host + ":16686", transport.CodeCollectorNotGRPC, "127.0.0.1:16686 speaks HTTP, not gRPC",
			[]string{"--collector-endpoint grpc://127.0.0.1:4317"},
		},
		"TLS to a plain gRPC port": {
			"otel", "grpcs://" + host + ":4317", transport.CodeCollectorTLS, "127.0.0.1:4317 does not speak TLS, but the URL scheme is grpcs",
			[]string{"--collector-endpoint grpc://127.0.0.1:4317"},
		},
		"Zipkin to thrift's port": {
			"zipkin", "http://" + host + ":14268/api/v2/spans", transport.CodeCollectorPath,
			"http://127.0.0.1:14268/api/v2/spans does not accept spans: it returned 404; port 14268 is for thrift, and tracer zipkin sends Zipkin's JSON",
			[]string{
				"--collector-endpoint http://127.0.0.1:9411/api/v2/spans",
				"--tracer jaeger --collector-endpoint http://127.0.0.1:14268/api/traces",
			},
		},
		"Zipkin with another path": {
			"zipkin", "http://" + host + ":9411/zipkin", transport.CodeCollectorPath, "http://127.0.0.1:9411/zipkin does not accept spans: it returned 404",
			[]string{"--collector-endpoint http://127.0.0.1:9411/api/v2/spans"},
		},
		"Zipkin to the port for gRPC": {
			"zipkin", "http://" + host + ":4317/only", transport.CodeCollectorProtocol,
			"127.0.0.1:4317 does not speak HTTP/1; it may be a gRPC port; port 4317 is for OTLP over gRPC, and tracer zipkin sends Zipkin's JSON",
			[]string{
				"--collector-endpoint http://127.0.0.1:9411/api/v2/spans",
				"--tracer otel --collector-endpoint grpc://127.0.0.1:4317",
			},
		},
		"Appdash to the UI": {
			"appdash", "tcp://" + host + ":16686", transport.CodeCollectorNotJaeger,
			"tcp 127.0.0.1:16686 speaks HTTP, which Appdash's collector does not: spans sent there are lost",
			[]string{"--collector-endpoint tcp://127.0.0.1:7701"},
		},
		"Appdash to the port for gRPC": {
			"appdash", "tcp://" + host + ":4317", transport.CodeCollectorNotJaeger,
			"tcp 127.0.0.1:4317 speaks HTTP, which Appdash's collector does not: spans sent there are lost; " +
				"port 4317 is for OTLP over gRPC, and tracer appdash sends Appdash's packets",
			[]string{"--collector-endpoint tcp://127.0.0.1:7701", "--tracer otel --collector-endpoint grpc://127.0.0.1:4317"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, append(slices.Clip(pairs[4:6]), "tracer", tt.tracer, "reporter.collector.endpoint", tt.endpoint)...))
			ports := maps.Clone(usual)
			if strings.HasSuffix(tt.endpoint, "/only") {
				ports["tcp 4317"] = gRPC
			}
			target.Dial = probetest.UsualPorts(ports)
			f, _ := probetest.Examine(t, transport.CollectorProbe(), target, nil)
			if f.Status != probe.StatusFail || f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %s %q, want %s %q\n%q", f.Status, f.Code, f.Fact, tt.code, tt.fact, f.Evidence)
			}
			if diff := cmp.Diff(tt.hints, f.Hints); diff != "" {
				t.Errorf("hints (-want +got):\n%s", diff)
			}
		})
	}
}
