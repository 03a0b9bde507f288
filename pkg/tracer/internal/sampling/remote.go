package sampling

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
)

// Limits of a request to a strategy server.
const (
	// StrategyTimeout bounds one request, and so the time that New may block. The
	// server is the agent, on the same host as a rule.
	StrategyTimeout = 2 * time.Second
	// StrategyBytes bounds the answer: hundreds of operations fit.
	StrategyBytes = 64 << 10
)

// newRemoteSampler makes jaeger-client-go's remotely controlled sampler, but fetches
// at once instead of after the first interval.
func newRemoteSampler(
	ctx context.Context, cfg config.Config, m *jaeger.Metrics, log *slog.Logger,
) (jaeger.Sampler, error) {
	initial, err := jaeger.NewProbabilisticSampler(cfg.Sampler.Param)
	if err != nil {
		return nil, err
	}
	source, err := NewSource(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	sampler := jaeger.NewRemotelyControlledSampler(cfg.Service,
		jaeger.SamplerOptions.Metrics(m),
		jaeger.SamplerOptions.Logger(jaeger.NullLogger), // of failures that the source has logged
		jaeger.SamplerOptions.InitialSampler(initial),
		jaeger.SamplerOptions.MaxOperations(cfg.Sampler.MaxOperations),
		jaeger.SamplerOptions.SamplingRefreshInterval(cfg.Sampler.RefreshInterval),
		jaeger.SamplerOptions.SamplingStrategyFetcher(source),
		jaeger.SamplerOptions.SamplingStrategyParser(parser{}),
	)
	sampler.UpdateSampler()
	return sampler, nil
}

// parser implements jaeger.SamplingStrategyParser.
type parser struct{}

// Parse returns the response in the type that the sampler's updaters expect.
func (parser) Parse(body []byte) (any, error) {
	strategy, err := ParseStrategy(body)
	return strategy.response, err
}

// Source fetches the strategies of a service. It rejects what samplers would misread,
// and logs failures and changes. It implements the SamplingStrategyFetcher of
// jaeger-client-go and that of OpenTelemetry.
type Source struct {
	ctx    context.Context
	url    *url.URL
	client *http.Client
	log    *slog.Logger

	mu   sync.Mutex
	last string
}

// NewSource returns the source of a configuration. Its requests end with ctx.
func NewSource(ctx context.Context, cfg config.Config, log *slog.Logger) (*Source, error) {
	u, err := httpsend.ParseWebURL("sampler.endpoint", cfg.SamplingURL())
	if err != nil {
		return nil, err
	}
	return &Source{ctx: ctx, url: u, client: httpsend.NewClient(), log: log.With("url", redact.URL(u.String()))}, nil
}

// Fetch fetches the strategy of service.
func (s *Source) Fetch(service string) ([]byte, error) {
	body, err := s.fetch(service)
	var strategy Strategy
	if err == nil {
		strategy, err = ParseStrategy(body)
	}
	if err != nil {
		if s.ctx.Err() == nil { // else Close ended the request
			reason := err.Error()
			s.log.Warn("sampling strategy not updated", "reason", reason[:min(len(reason), httpsend.BodyStart)])
		}
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if text := strings.TrimSpace(strategy.String()); text != s.last {
		s.last = text
		s.log.Info("sampling strategy changed", "strategy", text)
	}
	return body, nil
}

func (s *Source) fetch(service string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(s.ctx, StrategyTimeout)
	defer cancel()
	defer s.client.CloseIdleConnections()
	u := *s.url
	query := u.Query()
	query.Set("service", service)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, redact.Error(err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, redact.Error(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, StrategyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s: %q", resp.Status, excerpt(body))
	}
	if len(body) > StrategyBytes {
		return nil, fmt.Errorf("the answer is longer than %d bytes", StrategyBytes)
	}
	return body, nil
}
