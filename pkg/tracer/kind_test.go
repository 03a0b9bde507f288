package tracer_test

import (
	"slices"
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Each row of the table is true of the tracer that it describes.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			for _, sampler := range kind.Of(kind.Jaeger).Samplers {
				cfg := testkit.UDPConfig(testkit.ClosedPort(t))
				cfg.Tracer, cfg.Propagation = k.Name, nil
				cfg.Sampler = config.Sampler{Type: sampler, Param: 1, RefreshInterval: cfg.Sampler.RefreshInterval}
				cfg.Sampler.Endpoint = "http://" + testkit.ClosedTCP(t) + "/sampling"
				tr, err := tracer.New(cfg, tracer.Options{})
				if has := slices.Contains(k.Samplers, sampler); has != (err == nil) {
					t.Errorf("sampler %s: got error %v, but the table says %v", sampler, err, has)
				}
				if err != nil {
					continue
				}
				checkFormat(t, tr, k)
				testkit.CloseTracer(t, tr)
			}
		})
	}
}

// checkFormat fails the test unless a span's id has the length that k says.
func checkFormat(t *testing.T, tr *tracer.Tracer, k kind.Kind) {
	t.Helper()
	span := tr.StartSpan("work")
	id, _ := tr.Trace(span.Context())
	if wide := id.High != 0; k.TraceIDBits == 64 && wide || k.TraceIDBits == 128 && !wide {
		t.Errorf("got trace id %s, want %d bits", id, k.TraceIDBits)
	}
}
