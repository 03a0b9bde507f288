// Package sampling makes the samplers of jaeger-client-go, and reads the strategies of
// Jaeger's remote sampling for every tracing system that has it. Start at New;
// ByTraceID is for libraries that sample by trace id.
package sampling

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
)

// New makes the sampler of the configuration. The remote one waits for
// its first strategy; ending life ends its requests.
func New(ctx context.Context, cfg config.Config, m *jaeger.Metrics, log *slog.Logger) (jaeger.Sampler, error) {
	s := cfg.Sampler
	switch s.Type {
	case config.SamplerConst:
		return newConst(s)
	case config.SamplerProbabilistic:
		return newProbabilistic(s)
	case config.SamplerRateLimiting:
		if s.Param < 0 {
			return nil, fmt.Errorf("sampler.param must not be negative for ratelimiting, got %v", s.Param)
		}
		return jaeger.NewRateLimitingSampler(s.Param), nil
	case config.SamplerRemote:
		return newRemoteSampler(ctx, cfg, m, log)
	default:
		return nil, fmt.Errorf("sampler.type must be const, probabilistic, ratelimiting or remote, got %q", s.Type)
	}
}

// ByTraceID returns the decision about a new trace by its id, for libraries
// that know no other samplers. It is jaeger-client-go's, so that tracers with the
// same probability keep the same ids. zipkin-go's boundary sampler takes the
// probability in ten-thousandths, refuses less, and reckons with ids in floating
// point: at 0.001 it was seen to keep 0.0016, at 0.0001 as many.
func ByTraceID(cfg config.Config) (func(traceID uint64) bool, error) {
	var sampler interface {
		IsSampled(id jaeger.TraceID, operation string) (bool, []jaeger.Tag)
	}
	var err error
	switch s := cfg.Sampler; s.Type {
	case config.SamplerConst:
		sampler, err = newConst(s)
	case config.SamplerProbabilistic:
		sampler, err = newProbabilistic(s)
	default:
		err = hint.New(fmt.Errorf("sampler.type must be const or probabilistic with tracer %s, got %q", cfg.Tracer, s.Type),
			"use --sampler-type probabilistic")
	}
	if err != nil {
		return nil, err
	}
	return func(id uint64) bool {
		yes, _ := sampler.IsSampled(jaeger.TraceID{Low: id}, "")
		return yes
	}, nil
}

func newConst(s config.Sampler) (*jaeger.ConstSampler, error) {
	if s.Param != 0 && s.Param != 1 {
		return nil, fmt.Errorf("sampler.param must be 0 or 1 for const, got %v", s.Param)
	}
	return jaeger.NewConstSampler(s.Param == 1), nil
}

func newProbabilistic(s config.Sampler) (*jaeger.ProbabilisticSampler, error) {
	sampler, err := jaeger.NewProbabilisticSampler(s.Param)
	if err != nil {
		return nil, fmt.Errorf("sampler.param must be between 0 and 1 for %s, got %v", s.Type, s.Param)
	}
	return sampler, nil
}
