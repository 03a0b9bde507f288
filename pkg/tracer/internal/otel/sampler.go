package otel

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
)

// newSampler makes the sampler of the configuration, which is for traces that
// begin here. The remote one waits for its first strategy;
// stop ends its requests.
func newSampler(cfg config.Config, log *slog.Logger) (sampler sdktrace.Sampler, stop func(), err error) {
	switch s := cfg.Sampler; s.Type {
	case config.SamplerRemote:
		return newRemoteSampler(cfg, log)
	case config.SamplerConst:
		sampler = sdktrace.NeverSample()
		if s.Param == 1 {
			sampler = sdktrace.AlwaysSample()
		}
	default:
		sampler = sdktrace.TraceIDRatioBased(s.Param)
	}
	return sampler, func() {}, nil
}

// newRemoteSampler makes OpenTelemetry's sampler for Jaeger's remote strategies, but
// with the first one in use when it returns, and a warning when there is none.
func newRemoteSampler(cfg config.Config, log *slog.Logger) (sdktrace.Sampler, func(), error) {
	if cfg.Sampler.RefreshInterval <= 0 {
		return nil, nil, fmt.Errorf("sampler.refresh_interval must be positive, got %v", cfg.Sampler.RefreshInterval)
	}
	ctx, end := context.WithCancel(context.Background())
	source, err := sampling.NewSource(ctx, cfg, log)
	if err != nil {
		end()
		return nil, nil, err
	}
	sampler := jaegerremote.New(cfg.Service,
		jaegerremote.WithSamplingStrategyFetcher(source),
		jaegerremote.WithInitialSampler(sdktrace.TraceIDRatioBased(cfg.Sampler.Param)),
		jaegerremote.WithMaxOperations(cfg.Sampler.MaxOperations),
		jaegerremote.WithSamplingRefreshInterval(cfg.Sampler.RefreshInterval),
	)
	sampler.UpdateSampler()
	return sampler, func() {
		end()
		sampler.Close()
	}, nil
}

// countingSampler counts every span that starts: the SDK calls its sampler for each
// one, and its processors only for those that are sampled.
type countingSampler struct {
	sdktrace.Sampler
	counters *reporter.Counters
}

func (s countingSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := s.Sampler.ShouldSample(p)
	s.counters.CountStarted(result.Decision == sdktrace.RecordAndSample)
	return result
}
