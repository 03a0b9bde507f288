package sampling

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
)

// Tracers with the same probability decide alike, and keep as many as they say.
func TestTraceSampler(t *testing.T) {
	t.Parallel()
	for _, param := range []float64{0, 0.0001, 0.001, 0.1, 0.5, 1} {
		decide := ByTraceID(config.Sampler{Type: config.SamplerProbabilistic, Param: param})
		const n = 1 << 20
		kept := 0
		for i := range uint64(n) {
			// The ids lie evenly; the top bit, which ids of 63 bits have not, counts for nothing.
			if decide(i<<43 | 1 | i&1<<63) {
				kept++
			}
		}
		if got := float64(kept) / n; got < param-1e-6 || got > param+1e-6 {
			t.Errorf("%v: kept %v", param, got)
		}
	}
}
