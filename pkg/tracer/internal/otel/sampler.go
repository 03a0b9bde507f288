package otel

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
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
	u, err := httpsend.ParseURL("sampler.endpoint", cfg.SamplingURL())
	if err != nil {
		return nil, nil, err
	}
	if cfg.Sampler.RefreshInterval <= 0 {
		return nil, nil, fmt.Errorf("sampler.refresh_interval must be positive, got %v", cfg.Sampler.RefreshInterval)
	}
	ctx, end := context.WithCancel(context.Background())
	source := &strategySource{
		Fetcher: sampling.NewFetcher(ctx, u),
		log:     log.With("url", redact.URL(u.String())),
	}
	source.start(cfg.Service)
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

// strategySource implements jaegerremote.SamplingStrategyFetcher. It refuses what
// the sampler would misread, and logs failures and changes, since the sampler logs to
// a logger of another kind.
type strategySource struct {
	*sampling.Fetcher
	log *slog.Logger

	mu   sync.Mutex
	last string
	// first is the first response, which Fetch returns early times: the sampler
	// fetches in a goroutine of its own when it is made, and newRemoteSampler makes it
	// fetch again to be sure that it has the response.
	first    []byte
	firstErr error
	early    int
}

// start fetches the strategy for the first time.
func (s *strategySource) start(service string) {
	s.first, s.firstErr = s.ask(service)
	s.early = 2
}

// Fetch implements jaegerremote.SamplingStrategyFetcher.
func (s *strategySource) Fetch(service string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.early > 0 {
		s.early--
		return s.first, s.firstErr
	}
	return s.ask(service)
}

func (s *strategySource) ask(service string) ([]byte, error) {
	body, err := s.Fetcher.Fetch(service)
	var strategy sampling.Strategy
	if err == nil {
		strategy, err = sampling.ParseStrategy(body)
	}
	if err != nil {
		if s.Ctx.Err() == nil { // else Close ended the request
			reason := err.Error()
			s.log.Warn("sampling strategy not updated", "reason", reason[:min(len(reason), httpsend.BodyStart)])
		}
		return nil, err
	}
	if text := strings.TrimSpace(strategy.String()); text != s.last {
		s.last = text
		s.log.Info("sampling strategy changed", "strategy", text)
	}
	return body, nil
}

// countingSampler counts every span that starts: the SDK calls its sampler for each
// one, and its processors only for those that are sampled.
type countingSampler struct {
	sdktrace.Sampler
	counters *reporter.Counters
}

// ShouldSample implements sdktrace.Sampler.
func (s countingSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	result := s.Sampler.ShouldSample(p)
	s.counters.CountStarted(result.Decision == sdktrace.RecordAndSample)
	return result
}
