package settings

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestTracerChoice(t *testing.T) {
	t.Parallel()
	const because = ": no flag, file, OTDEMO_TRACER or JAEGER_* variable selects another"
	tests := map[string]struct {
		environ []string
		flags   []config.Flag
		status  probe.Status
		code    probe.Code
		fact    string
		hint    string
	}{
		"nothing set": {nil, nil, probe.StatusOK, codeTracerChosen, "checking tracer jaeger, the default", ""},
		"a service of OpenTelemetry's": {
			[]string{"OTEL_SERVICE_NAME=shop", "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:9999"},
			nil,
			probe.StatusOK, codeTracerFromEnvironment,
			"checking tracer otel because of OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME" + because, "--tracer jaeger",
		},
		"one of both": {
			[]string{"OTEL_SERVICE_NAME=shop", "JAEGER_AGENT_HOST=localhost"},
			nil,
			probe.StatusOK, codeTracerChosen, "checking tracer jaeger, the default", "",
		},
		"chosen by a variable": {
			[]string{"OTEL_SERVICE_NAME=shop", "OTDEMO_TRACER=zipkin"},
			nil,
			probe.StatusOK, codeTracerChosen, "checking tracer zipkin, set by OTDEMO_TRACER", "",
		},
		"chosen by a flag": {
			[]string{"OTEL_SERVICE_NAME=shop"},
			[]config.Flag{{Name: "--tracer", Key: "tracer", Value: "jaeger"}},
			probe.StatusOK, codeTracerChosen, "checking tracer jaeger, set by --tracer", "",
		},
		"an address for the default tracer": {
			[]string{"OTEL_SERVICE_NAME=shop"},
			[]config.Flag{{Name: "--agent-host", Key: "reporter.agent.host", Value: "jaeger"}},
			probe.StatusOK, codeTracerChosen, "checking tracer jaeger, the default", "",
		},
		"of metrics, and of Kubernetes": {
			[]string{"OTEL_METRICS_EXPORTER=otlp", "OTEL_COLLECTOR_PORT=tcp://10.0.0.1:4317"},
			nil,
			probe.StatusOK, codeTracerChosen, "checking tracer jaeger, the default", "",
		},
		"other libraries": {
			[]string{"DD_AGENT_HOST=a", "AWS_XRAY_DAEMON_ADDRESS=b:2000", "ZIPKIN_BASE_URL=http://z:9411", "ZIPKIN_SERVICE_HOST=10.0.0.1"},
			nil,
			probe.StatusWarn, codeTracerUnchecked,
			"AWS_XRAY_DAEMON_ADDRESS, DD_AGENT_HOST, ZIPKIN_BASE_URL: not read by tracer jaeger, so not checked",
			"otdemo check-jaeger --through URL (with the service's URL)",
		},
		"an exporter of OpenTelemetry's that is gone": {
			[]string{"OTEL_EXPORTER_JAEGER_ENDPOINT=http://j:14268/api/traces"},
			nil,
			probe.StatusWarn, codeTracerUnchecked,
			"OTEL_EXPORTER_JAEGER_ENDPOINT: not read by tracer jaeger, so not checked",
			"otdemo check-jaeger --through URL (with the service's URL)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := tt.environ
			loaded, err := config.Load(config.Source{Dir: t.TempDir(), Environ: environ, Flags: tt.flags, TracerOfEnviron: true})
			if err != nil {
				t.Fatal(err)
			}
			target := probetest.Outside(loaded)
			target.Environ = environ
			f, _ := probetest.Examine(t, ChoiceProbe(), target, nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}
