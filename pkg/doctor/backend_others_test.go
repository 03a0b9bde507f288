package doctor

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/queryapi"
	"github.com/otdemo/otdemo/pkg/doctor/internal/settings"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// zipkinServer responds as Zipkin's server 3 does, without any trace.
func zipkinServer(w http.ResponseWriter, r *http.Request) {
	text := func(status int, body string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
	id, isTrace := strings.CutPrefix(r.URL.Path, "/api/v2/trace/")
	switch {
	case r.URL.Path == "/":
		w.Header().Set("Location", "/zipkin/")
		w.WriteHeader(http.StatusFound)
	case r.URL.Path == "/info":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write([]byte(`{"zipkin":{"version":"3.6.1","commit":"abc"}}`))
	case r.URL.Path == "/api/v2/services":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`["shop"]`))
	case isTrace:
		text(http.StatusNotFound, id+" not found")
	case r.URL.Path == "/api/v2/spans" && r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
	default:
		text(http.StatusNotFound, "Status: 404\nDescription: Not Found\n")
	}
}

func TestZipkinIsKnown(t *testing.T) {
	t.Parallel()
	srv := probetest.Serve(t, zipkinServer)
	target := probetest.Outside(probetest.Load(t, "tracer", "zipkin", "query.url", srv.URL, "reporter.collector.endpoint", srv.URL+"/api/v2/spans"))
	f, _ := probetest.Examine(t, identity.Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusOK, identity.CodeZipkin, "this is Zipkin 3.6.1", "")
	f, _ = probetest.Examine(t, queryapi.Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusOK, probe.CodeQueryAnswers, srv.URL+" responds; 1 service", "")
}

// A Zipkin that accepted a span and does not show it has causes of its own, and is
// called by its name. integration/ has the real one, where all is well.
func TestZipkinThatLosesSpans(t *testing.T) {
	t.Parallel()
	srv := probetest.Serve(t, zipkinServer)
	target := probetest.Outside(probetest.Load(t, "tracer", "zipkin", "query.url", srv.URL, "reporter.collector.endpoint", srv.URL+"/api/v2/spans"))
	target.Dial = probetest.UsualPorts(nil)
	report := Run(t.Context(), target, Options{Timeout: 2 * canary.LostAfter})
	v, f := report.Verdict, probetest.OfProbe(report.Findings, probe.IDCanary)
	if start := "spans do NOT reach Zipkin: first broken hop: delivery: a span that "; !strings.HasPrefix(v.Text, start) {
		t.Errorf("got %q, want it to start with %q", v.Text, start)
	}
	if f.Code != probe.CodeCanaryLost || len(f.Causes) == 0 || !strings.Contains(f.Causes[0].Command, "COLLECTOR_SAMPLE_RATE") {
		t.Errorf("got %s with the causes %+v, want %s and Zipkin's own sampling first", f.Code, f.Causes, probe.CodeCanaryLost)
	}
	if kind := probetest.OfProbe(report.Findings, probe.IDStorageKind); kind.Code != probe.CodeNotUsed {
		t.Errorf("got %s %q about Jaeger's storage, want nothing", kind.Code, kind.Fact)
	}
}

func TestAppdashIsReadBackFromTheEmbeddedBackend(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	endpoint := "tcp://" + backend.Addrs()[allinone.Appdash]
	report := Run(t.Context(), probetest.Outside(probetest.Load(t, append(pairs[4:6], "tracer", "appdash", "reporter.collector.endpoint", endpoint)...)), Options{})
	want := "spans from this configuration reach Jaeger (" + endpoint + ", visible after "
	if v := report.Verdict; !v.OK || !strings.HasPrefix(v.Text, want) {
		t.Errorf("got %+v, want it to start with %q", v, want)
	}
	if f := probetest.OfProbe(report.Findings, probe.IDCollector); f.Code != transport.CodeCollectorConnects {
		t.Errorf("got %s: %s, want %s", f.Code, f.Fact, transport.CodeCollectorConnects)
	}
}

// Appdash's own collector receives spans and shows them only on its page: the
// check must report them neither as delivered nor as lost.
func TestAppdashOfItsOwnIsUnknown(t *testing.T) {
	t.Parallel()
	_, pairs := probetest.StartBackend(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go swallow(l, done)
	endpoint := "tcp://" + l.Addr().String()
	report := Run(t.Context(), probetest.Outside(probetest.Load(t, append(pairs[4:6], "tracer", "appdash", "reporter.collector.endpoint", endpoint)...)),
		Options{Timeout: 2 * canary.LostAfter, Skip: []string{probe.IDPorts}})
	v := report.Verdict
	if v.Answer != AnswerUnknown || v.Code != canary.CodeCanaryAppdash || !strings.Contains(v.Fix, "7700/traces") {
		t.Errorf("got %+v, want unknown by %s, and Appdash's page", v, canary.CodeCanaryAppdash)
	}
}

// swallow accepts connections and reads them to their end.
func swallow(l net.Listener, done chan<- struct{}) {
	defer close(done)
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			buf := make([]byte, 4096)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
	}
}

// Where the configured port is closed and another one of the same tracer's was
// proven to work, that is the fix.
func TestFixIsAPortThatWorks(t *testing.T) {
	t.Parallel()
	backend, pairs := probetest.StartBackend(t)
	addrs := backend.Addrs()
	tests := map[string]struct {
		endpoint string
		open     map[string]string
		fix      string
	}{
		"gRPC instead of HTTP": {
			"http://127.0.0.1:4318/v1/traces",
			map[string]string{"tcp 4317": addrs[allinone.OTLPGRPC]},
			"--collector-endpoint grpc://127.0.0.1:4317",
		},
		"HTTP instead of gRPC": {
			"grpc://127.0.0.1:4317",
			map[string]string{"tcp 4318": addrs[allinone.OTLPHTTP]},
			"--collector-endpoint http://127.0.0.1:4318/v1/traces",
		},
		"another tracer's port is not": {
			"grpc://127.0.0.1:4317", map[string]string{"tcp 9411": addrs[allinone.Zipkin]}, "docker run -p 4317:4317 ...",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := probetest.Outside(probetest.Load(t, "query.url", pairs[5], "tracer", "otel", "reporter.collector.endpoint", tt.endpoint))
			target.Dial = probetest.UsualPorts(tt.open)
			report := Run(t.Context(), target, Options{})
			v := report.Verdict
			if v.Code != probe.CodeCollectorRefused || v.Fix != tt.fix {
				t.Errorf("got %s, fix %q, want %s, fix %q", v.Code, v.Fix, probe.CodeCollectorRefused, tt.fix)
			}
		})
	}
}

// With each tracer, the variable that moves spans out of this container is that
// tracer's own.
func TestPlaceOfTracers(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://localhost:4318/v1/traces":    "OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318",
		"grpc://localhost:4317":              "OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4317",
		"http://localhost:9411/api/v2/spans": "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=http://zipkin:9411/api/v2/spans",
		"tcp://localhost:7701":               "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=tcp://appdash:7701",
	} {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			tracer := map[string]string{"4318": "otel", "4317": "otel", "9411": "zipkin", "7701": "appdash"}
			port, _, _ := strings.Cut(endpoint[strings.LastIndex(endpoint, ":")+1:], "/")
			target := probetest.Outside(probetest.Load(t, "tracer", tracer[port], "reporter.collector.endpoint", endpoint))
			target.ReadFile = func(string) ([]byte, error) { return nil, nil }
			f, _ := probetest.Examine(t, settings.PlaceProbe(), target, nil)
			if f.Code != settings.CodePlaceContainer || probe.First(f.Hints) != want {
				t.Errorf("got %s %q, want %s %q", f.Code, f.Hints, settings.CodePlaceContainer, want)
			}
		})
	}
}
