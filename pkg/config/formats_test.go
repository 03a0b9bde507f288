package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// A command that calls services of any kind sends what all of them read, unless
// somebody chose the formats; others keep to the tracer's own.
func TestFormatsForAnyService(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		file      string
		environ   []string
		flags     []config.Flag
		any, only []string
	}{
		{
			name: "default",
			any:  []string{"jaeger", "w3c", "b3"}, only: []string{"jaeger"},
		},
		{
			name: "zipkin", flags: []config.Flag{{Name: "--tracer", Key: "tracer", Value: "zipkin"}},
			any: []string{"b3", "jaeger", "w3c"}, only: []string{"b3"},
		},
		{
			name: "otel", environ: []string{"OTDEMO_TRACER=otel"},
			any: []string{"w3c", "jaeger", "b3"}, only: []string{"w3c"},
		},
		{
			name: "appdash", file: "tracer: appdash\n",
			any: []string{"appdash", "jaeger", "w3c", "b3"}, only: []string{"appdash"},
		},
		{
			name: "chosen by a flag", flags: []config.Flag{{Name: "--propagation", Key: "propagation", Value: "w3c"}},
			any: []string{"w3c"}, only: []string{"w3c"},
		},
		{
			name: "chosen by a variable", environ: []string{"OTDEMO_PROPAGATION=jaeger"},
			any: []string{"jaeger"}, only: []string{"jaeger"},
		},
		{
			name: "chosen by OpenTelemetry's variable", environ: []string{"OTDEMO_TRACER=otel", "OTEL_PROPAGATORS=b3"},
			any: []string{"b3-single"}, only: []string{"b3-single"},
		},
		{
			name: "chosen in the file", file: "propagation: [b3]\n",
			any: []string{"b3"}, only: []string{"b3"},
		},
		{
			name: "the file leaves it open", file: "propagation: []\n",
			any: []string{"jaeger", "w3c", "b3"}, only: []string{"jaeger"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Source{Dir: dirWith(t, tt.file), Environ: tt.environ, Flags: tt.flags}
			only := mustLoad(t, src)
			if diff := cmp.Diff(tt.only, only.Config.Formats()); diff != "" {
				t.Errorf("the tracer's own (-want +got):\n%s", diff)
			}
			src.AnyService = true
			loaded := mustLoad(t, src)
			if diff := cmp.Diff(tt.any, loaded.Config.Formats()); diff != "" {
				t.Errorf("for any service (-want +got):\n%s", diff)
			}
		})
	}
}
