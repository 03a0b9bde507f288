package settings

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestConfigEffective(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set        []string
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"defaults": {
			nil, probe.StatusOK, codeConfigEffective,
			"tracer jaeger, service shop, sampler const 1, spans to udp localhost:6831, read back at http://localhost:16686", "",
		},
		"chosen": {
			[]string{
				"service", "till", "reporter.agent.host", "::1", "reporter.agent.port", "16831",
				"sampler.type", "probabilistic", "sampler.param", "0.5", "query.url", "http://ann:secret@h:1/jaeger",
			},
			probe.StatusOK, codeConfigEffective,
			"tracer jaeger, service till, sampler probabilistic 0.5, spans to udp [::1]:16831, read back at http://h:1/jaeger", "",
		},
		"collector": {
			[]string{"reporter.collector.endpoint", "http://ann:secret@h:14268/api/traces"},
			probe.StatusOK, codeConfigEffective,
			"tracer jaeger, service shop, sampler const 1, spans to http://h:14268/api/traces, read back at http://localhost:16686", "",
		},
		"disabled": {[]string{"disabled", "true"}, probe.StatusFail, codeTracerDisabled, "the tracer is disabled (--flag)", "OTDEMO_DISABLED=false"},
		"noop":     {[]string{"tracer", "noop"}, probe.StatusFail, codeTracerDisabled, "the tracer is noop (--flag)", "--tracer jaeger"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := probetest.Examine(t, ConfigProbe(), probetest.Outside(probetest.Load(t, tt.set...)), nil)
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestEnabling(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]string{
		"OTEL_TRACES_EXPORTER": "OTEL_TRACES_EXPORTER=otlp",
		"OTEL_SDK_DISABLED":    "OTEL_SDK_DISABLED=false",
		"JAEGER_DISABLED":      "JAEGER_DISABLED=false",
		"OTDEMO_DISABLED":      "OTDEMO_DISABLED=false",
		"config.yaml:3":        "OTDEMO_DISABLED=false",
	} {
		if got := enabling(detail); got != want {
			t.Errorf("enabling(%s) = %s, want %s", detail, got, want)
		}
	}
}

func TestConfigEffectiveShowsOriginsAndWarnings(t *testing.T) {
	t.Parallel()
	loaded := probetest.Load(t, "service", "till")
	loaded.Warnings = []config.Warning{{Text: "JAEGER_X is misspelt", Hint: "JAEGER_Y"}, {Text: "second"}}
	f, _ := probetest.Examine(t, ConfigProbe(), probetest.Outside(loaded), nil)
	probetest.Expect(t, f, probe.StatusWarn, codeConfigWarnings, "JAEGER_X is misspelt (and 1 more)", "JAEGER_Y")
	if diff := cmp.Diff([]string{"JAEGER_X is misspelt", "second", "service = till (--flag)"}, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}
