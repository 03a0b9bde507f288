package tracer

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// newSampler makes the sampler of the configuration. The remote one waits for
// its first strategy; ending life ends its requests.
func newSampler(life context.Context, cfg config.Config, m *jaeger.Metrics, log *slog.Logger) (jaeger.Sampler, error) {
	s := cfg.Sampler
	switch s.Type {
	case config.SamplerConst:
		if s.Param != 0 && s.Param != 1 {
			return nil, fmt.Errorf("sampler.param must be 0 or 1 for const, got %v", s.Param)
		}
		return jaeger.NewConstSampler(s.Param == 1), nil
	case config.SamplerProbabilistic:
		return newProbabilistic(s)
	case config.SamplerRateLimiting:
		if s.Param < 0 {
			return nil, fmt.Errorf("sampler.param must not be negative for ratelimiting, got %v", s.Param)
		}
		return jaeger.NewRateLimitingSampler(s.Param), nil
	case config.SamplerRemote:
		return newRemoteSampler(life, cfg, m, log)
	default:
		return nil, fmt.Errorf("sampler.type must be const, probabilistic, ratelimiting or remote, got %q", s.Type)
	}
}

func newProbabilistic(s config.Sampler) (*jaeger.ProbabilisticSampler, error) {
	sampler, err := jaeger.NewProbabilisticSampler(s.Param)
	if err != nil {
		return nil, fmt.Errorf("sampler.param must be between 0 and 1 for %s, got %v", s.Type, s.Param)
	}
	return sampler, nil
}
