package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

func TestConfigEffective(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set        []string
		status     Status
		code       Code
		fact, hint string
	}{
		"defaults": {
			nil, StatusOK, codeConfigEffective,
			"tracer jaeger, service shop, sampler const 1, spans to udp localhost:6831, read back at http://localhost:16686", "",
		},
		"chosen": {
			[]string{
				"service", "till", "reporter.agent.host", "::1", "reporter.agent.port", "16831",
				"sampler.type", "probabilistic", "sampler.param", "0.5", "query.url", "http://ann:secret@h:1/jaeger",
			},
			StatusOK, codeConfigEffective,
			"tracer jaeger, service till, sampler probabilistic 0.5, spans to udp [::1]:16831, read back at http://h:1/jaeger", "",
		},
		"collector": {
			[]string{"reporter.collector.endpoint", "http://ann:secret@h:14268/api/traces"},
			StatusOK, codeConfigEffective,
			"tracer jaeger, service shop, sampler const 1, spans to http://h:14268/api/traces, read back at http://localhost:16686", "",
		},
		"disabled": {[]string{"disabled", "true"}, StatusFail, codeTracerDisabled, "the tracer is disabled (--flag)", "OTDEMO_DISABLED=false"},
		"noop":     {[]string{"tracer", "noop"}, StatusFail, codeTracerDisabled, "the tracer is noop (--flag)", "--tracer jaeger"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := examine(t, configEffective(), outside(load(t, tt.set...)), nil)
			expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestConfigEffectiveShowsOriginsAndWarnings(t *testing.T) {
	t.Parallel()
	loaded := load(t, "service", "till")
	loaded.Warnings = []config.Warning{{Text: "JAEGER_X is misspelt", Hint: "JAEGER_Y"}, {Text: "second"}}
	f, _ := examine(t, configEffective(), outside(loaded), nil)
	expect(t, f, StatusWarn, codeConfigWarnings, "JAEGER_X is misspelt (and 1 more)", "JAEGER_Y")
	if diff := cmp.Diff([]string{"JAEGER_X is misspelt", "second", "service = till (--flag)"}, f.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}
