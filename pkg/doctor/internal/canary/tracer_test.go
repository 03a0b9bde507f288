package canary

import (
	"context"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// The canary goes through the tracer that is configured.
func TestCanaryIsOfTheConfiguredTracer(t *testing.T) {
	t.Parallel()
	for tracer, endpoint := range map[string]string{
		"zipkin": "http://127.0.0.1:1/api/v2/spans", "otel": "http://127.0.0.1:1/v1/traces", "appdash": "tcp://127.0.0.1:1",
	} {
		t.Run(tracer, func(t *testing.T) {
			t.Parallel()
			cfg := probetest.Load(t, "tracer", tracer, "reporter.collector.endpoint", endpoint, "sampler.param", "0").Config
			ctx, cancel := context.WithTimeout(t.Context(), LostAfter/10)
			defer cancel()
			c, err := sendCanary(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if c.Target != endpoint || c.id.IsZero() || c.stats.Sent != 0 {
				t.Errorf("got %+v, want a span that could not be sent to %s", c, endpoint)
			}
		})
	}
}
