package settings

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestOTelEnv(t *testing.T) {
	t.Parallel()
	const unless = "unless the program's code overrides it, OpenTelemetry's SDK "
	tests := map[string]struct {
		tracer   string
		environ  []string
		status   probe.Status
		code     probe.Code
		fact     string
		hint     string
		evidence []string
	}{
		"nothing set": {
			"otel",
			[]string{"PATH=/bin", "OTEL_SERVICE_NAME="},
			probe.StatusSkip, probe.CodeNotUsed,
			"no OpenTelemetry variable is set", "", nil,
		},
		"the path is in effect": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://me:secret@collector:4318"},
			probe.StatusOK, codeOTelAgrees,
			"OpenTelemetry's SDK also samples parentbased_always_on and sends to http://collector:4318/v1/traces", "",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318: in effect, as reporter.collector.endpoint"},
		},
		"gRPC": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317"},
			probe.StatusOK, codeOTelAgrees,
			"OpenTelemetry's SDK also samples parentbased_always_on and sends to grpc://collector:4317", "",
			[]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317: in effect, as reporter.collector.endpoint",
				"OTEL_EXPORTER_OTLP_PROTOCOL=grpc: in effect, for reporter.collector.endpoint",
			},
		},
		"one endpoint goes before the other": {
			"otel",
			[]string{
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://a:4318/v1/traces", "OTEL_EXPORTER_OTLP_ENDPOINT=http://b:4318",
				"OTEL_EXPORTER_OTLP_HEADERS=authorization=secret", "OTEL_LOGS_EXPORTER=none",
			},
			probe.StatusOK, codeOTelAgrees, "OpenTelemetry's SDK also samples parentbased_always_on and sends to http://a:4318/v1/traces", "",
			[]string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://b:4318: not in effect: reporter.collector.endpoint is from OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
				"OTEL_EXPORTER_OTLP_HEADERS=(not shown): read by the SDK itself",
				"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://a:4318/v1/traces: in effect, as reporter.collector.endpoint",
				"OTEL_LOGS_EXPORTER=none: does not affect spans here",
			},
		},
		"a file that is not there": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nosuch.pem"},
			probe.StatusWarn, codeOTelIgnored,
			"OTEL_EXPORTER_OTLP_CERTIFICATE is ignored, and the system's certificate authorities are used: no such file", "",
			[]string{"OTEL_EXPORTER_OTLP_CERTIFICATE=/nosuch.pem: read by the SDK itself"},
		},
		"a key that is not there": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE=/a.pem", "OTEL_EXPORTER_OTLP_CLIENT_KEY=/b.pem"},
			probe.StatusWarn, codeOTelIgnored,
			"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is ignored, and no certificate is sent: no such file", "",
			[]string{
				"OTEL_EXPORTER_OTLP_CLIENT_KEY=(not shown): read by the SDK itself",
				"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE=/a.pem: read by the SDK itself",
			},
		},
		"overruled": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318", "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=grpc://b:4317"},
			probe.StatusOK, codeOTelDiffers, unless + "sends to http://a:4318/v1/traces; this check sends to grpc://b:4317", "",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318: not in effect: reporter.collector.endpoint is from OTDEMO_REPORTER_COLLECTOR_ENDPOINT"},
		},
		"overruled, and mixed up": {
			"otel",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4317", "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=grpc://a:4317"},
			probe.StatusWarn, codeOTelContradicts,
			unless + "sends to http://a:4317/v1/traces; this check sends to grpc://a:4317: " +
				"OTEL_EXPORTER_OTLP_ENDPOINT has port 4317, which is for gRPC, but the protocol is OTLP over HTTP",
			"OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4317: not in effect: reporter.collector.endpoint is from OTDEMO_REPORTER_COLLECTOR_ENDPOINT"},
		},
		"disabled, and overruled": {
			"otel",
			[]string{"OTEL_SDK_DISABLED=true", "OTDEMO_DISABLED=false"},
			probe.StatusWarn, codeOTelDisabled,
			unless + "sends no spans: OTEL_SDK_DISABLED is true", "OTEL_SDK_DISABLED=false",
			[]string{"OTEL_SDK_DISABLED=true: not in effect: disabled is from OTDEMO_DISABLED"},
		},
		"disabled": {
			"otel",
			[]string{"OTEL_TRACES_EXPORTER=none"},
			probe.StatusOK, codeOTelAgrees,
			"OpenTelemetry's SDK sends no spans either: OTEL_TRACES_EXPORTER is none", "",
			[]string{"OTEL_TRACES_EXPORTER=none: in effect, as disabled"},
		},
		"the sampler keeps nothing, and is overruled": {
			"otel",
			[]string{"OTEL_TRACES_SAMPLER=parentbased_always_off", "OTDEMO_SAMPLER_TYPE=const", "OTDEMO_SAMPLER_PARAM=1"},
			probe.StatusWarn, codeOTelKeepsNothing,
			unless + "starts no trace that is kept: the sampler is parentbased_always_off; this check uses const 1",
			"OTEL_TRACES_SAMPLER=always_on",
			[]string{"OTEL_TRACES_SAMPLER=parentbased_always_off: not in effect: sampler.type is from OTDEMO_SAMPLER_TYPE"},
		},
		"the sampler keeps few, and is overruled": {
			"otel",
			[]string{
				"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.001",
				"OTDEMO_SAMPLER_TYPE=const", "OTDEMO_SAMPLER_PARAM=1",
			},
			probe.StatusWarn, codeOTelKeepsFew,
			unless + "keeps one trace in 1000: the sampler is parentbased_traceidratio 0.001; this check uses const 1",
			"OTEL_TRACES_SAMPLER=always_on",
			[]string{
				"OTEL_TRACES_SAMPLER=parentbased_traceidratio: not in effect: sampler.type is from OTDEMO_SAMPLER_TYPE",
				"OTEL_TRACES_SAMPLER_ARG=0.001: not in effect: sampler.param is from OTDEMO_SAMPLER_PARAM",
			},
		},
		"another tracer, and variables for traces": {
			"zipkin",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318"},
			probe.StatusOK, codeOTelUnused,
			"OTEL_EXPORTER_OTLP_ENDPOINT: not read by tracer zipkin, so not checked; the tracer is set by --tracer",
			"--tracer otel", nil,
		},
		"variables of two libraries": {
			"",
			[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://a:4318", "OTEL_SERVICE_NAME=shop", "JAEGER_AGENT_HOST=localhost"},
			probe.StatusWarn, codeOTelUnused,
			"OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME: not read by tracer jaeger, so not checked",
			"--tracer otel",
			[]string{"checking tracer jaeger because of JAEGER_AGENT_HOST"},
		},
		"another tracer, and other variables": {
			"jaeger",
			[]string{"OTEL_LOGS_EXPORTER=none", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://a:4318", "OTEL_COLLECTOR_PORT=tcp://10.0.0.1:4317"},
			probe.StatusSkip, probe.CodeNotUsed,
			"the tracer is jaeger, and no variable configures how OpenTelemetry sends traces", "", nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := config.Source{Dir: t.TempDir(), Environ: tt.environ, TracerOfEnviron: true}
			if tt.tracer != "" {
				src.Flags = []config.Flag{{Name: "--tracer", Key: "tracer", Value: tt.tracer}}
			}
			loaded, err := config.Load(src)
			if err != nil {
				t.Fatal(err)
			}
			target := probetest.Outside(loaded)
			target.Environ = slices.Clone(tt.environ)
			f, _ := probetest.Examine(t, OTelEnvProbe(), target, nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
			if diff := cmp.Diff(tt.evidence, f.Evidence); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// The check does not report what the client of another tracer would do here.
func TestClientEnvIsForJaeger(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "tracer", "otel"))
	target.Environ = []string{"JAEGER_AGENT_HOST=jaeger"}
	f, _ := probetest.Examine(t, ClientEnvProbe(), target, nil)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "the tracer is otel, not jaeger-client-go", "")
}
