// Package sampling makes the samplers of jaeger-client-go, and reads the strategies of
// Jaeger's remote sampling for every tracing system that has it. Start at New;
// ByTraceID is for libraries that sample by trace id.
package sampling

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Check returns an error for a sampler that the tracer does not have, or a parameter
// that the sampler cannot use.
func Check(cfg config.Config) error {
	s, k := cfg.Sampler, kind.Of(cfg.Tracer)
	switch {
	case !slices.Contains(k.Samplers, s.Type):
		last := len(k.Samplers) - 1
		return hint.New(fmt.Errorf("sampler.type must be %s or %s with tracer %s, got %q",
			strings.Join(k.Samplers[:last], ", "), k.Samplers[last], k.Name, s.Type), "use --sampler-type probabilistic")
	case s.Type == config.SamplerConst && s.Param != 0 && s.Param != 1:
		return fmt.Errorf("sampler.param must be 0 or 1 for const, got %v", s.Param)
	case s.Type == config.SamplerRateLimiting && s.Param < 0:
		return fmt.Errorf("sampler.param must not be negative for ratelimiting, got %v", s.Param)
	case s.Type != config.SamplerRateLimiting && !(s.Param >= 0 && s.Param <= 1):
		return fmt.Errorf("sampler.param must be between 0 and 1 for %s, got %v", s.Type, s.Param)
	}
	return nil
}

// New makes the sampler of a configuration that Check accepts. The remote one waits
// for its first strategy; the end of ctx ends its requests.
func New(ctx context.Context, cfg config.Config, m *jaeger.Metrics, log *slog.Logger) (jaeger.Sampler, error) {
	switch s := cfg.Sampler; s.Type {
	case config.SamplerConst:
		return jaeger.NewConstSampler(s.Param == 1), nil
	case config.SamplerProbabilistic:
		return jaeger.NewProbabilisticSampler(s.Param)
	case config.SamplerRateLimiting:
		return jaeger.NewRateLimitingSampler(s.Param), nil
	default:
		return newRemoteSampler(ctx, cfg, m, log)
	}
}

// ByTraceID returns the decision about a new trace by its id, for libraries that have
// no other samplers. It is jaeger-client-go's, so that tracers with the same
// probability keep the same ids. zipkin-go's boundary sampler takes the probability
// in ten-thousandths, rejects less, and calculates with ids in floating point: at
// 0.001 it was seen to keep 0.0016, at 0.0001 as many.
func ByTraceID(s config.Sampler) func(traceID uint64) bool {
	if s.Type == config.SamplerConst {
		return func(uint64) bool { return s.Param == 1 }
	}
	sampler, _ := jaeger.NewProbabilisticSampler(s.Param) // which Check has accepted
	return func(id uint64) bool {
		yes, _ := sampler.IsSampled(jaeger.TraceID{Low: id}, "")
		return yes
	}
}
