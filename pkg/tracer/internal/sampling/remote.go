package sampling

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
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
	ctx     context.Context
	url     *url.URL
	client  *http.Client
	log     *slog.Logger
	refresh time.Duration

	mu        sync.Mutex
	fetchedAt time.Time
	body      []byte
	err       error
	last      string
}

// NewSource returns the source of a configuration. Its requests end with ctx.
func NewSource(ctx context.Context, cfg config.Config, log *slog.Logger) (*Source, error) {
	u, err := httpsend.ParseWebURL("sampler.endpoint", cfg.SamplingURL())
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Set("service", cfg.Service)
	u.RawQuery = query.Encode()
	return &Source{
		ctx: ctx, url: u, client: httpsend.NewClient(), log: log.With("url", redact.URL(cfg.SamplingURL())), refresh: cfg.Sampler.RefreshInterval,
	}, nil
}

// Fetch returns the strategy of the configured service. OpenTelemetry's sampler fetches
// in a goroutine of its own when it is made, and again to be sure that it has the
// response: within half of the refresh interval, that is the same one.
func (s *Source) Fetch(string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.fetchedAt) < s.refresh/2 {
		return s.body, s.err
	}
	var strategy Strategy
	if s.body, s.err = s.fetch(); s.err == nil {
		strategy, s.err = ParseStrategy(s.body)
	}
	s.fetchedAt = time.Now()
	switch text := strategy.String(); {
	case s.err == nil && text != s.last:
		s.last = text
		s.log.Info("sampling strategy changed", "strategy", text)
	case s.err != nil && s.ctx.Err() == nil: // else Close ended the request
		reason := s.err.Error()
		s.log.Warn("sampling strategy not updated", "reason", reason[:min(len(reason), httpsend.BodyStart)])
	}
	return s.body, s.err
}

func (s *Source) fetch() ([]byte, error) {
	ctx, cancel := context.WithTimeout(s.ctx, StrategyTimeout)
	defer cancel()
	defer s.client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
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
