package sampling

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
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
// at once instead of after the first interval, and logs failures.
func newRemoteSampler(
	ctx context.Context, cfg config.Config, m *jaeger.Metrics, log *slog.Logger,
) (jaeger.Sampler, error) {
	initial, err := jaeger.NewProbabilisticSampler(cfg.Sampler.Param)
	if err != nil {
		return nil, err
	}
	u, err := httpsend.ParseURL("sampler.endpoint", cfg.SamplingURL())
	if err != nil {
		return nil, err
	}
	log = log.With("url", redact.URL(u.String()))
	sampler := jaeger.NewRemotelyControlledSampler(cfg.Service,
		jaeger.SamplerOptions.Metrics(m),
		jaeger.SamplerOptions.Logger(samplerLogger{reporter.ClientLogger{Log: log}, ctx}),
		jaeger.SamplerOptions.InitialSampler(initial),
		jaeger.SamplerOptions.MaxOperations(cfg.Sampler.MaxOperations),
		jaeger.SamplerOptions.SamplingRefreshInterval(cfg.Sampler.RefreshInterval),
		jaeger.SamplerOptions.SamplingStrategyFetcher(NewFetcher(ctx, u)),
		jaeger.SamplerOptions.SamplingStrategyParser(&parser{log: log}),
	)
	sampler.UpdateSampler()
	return sampler, nil
}

// samplerLogger raises the level of what the sampler logs as info: only failures
// to fetch, parse or apply a strategy.
type samplerLogger struct {
	reporter.ClientLogger
	ctx context.Context
}

// Infof implements jaeger.Logger.
func (l samplerLogger) Infof(format string, args ...any) {
	if l.ctx.Err() != nil {
		return // the request was ended by Close
	}
	reason := fmt.Sprintf(format, args...)
	l.Log.Warn("sampling strategy not updated", "reason", reason[:min(len(reason), httpsend.BodyStart)])
}

// Fetcher implements jaeger.SamplingStrategyFetcher.
type Fetcher struct {
	Ctx    context.Context
	url    *url.URL
	client *http.Client
}

// NewFetcher returns a fetcher whose requests end with ctx.
func NewFetcher(ctx context.Context, u *url.URL) *Fetcher {
	return &Fetcher{Ctx: ctx, url: u, client: httpsend.NewClient()}
}

// Fetch fetches the strategy of service.
func (f *Fetcher) Fetch(service string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(f.Ctx, StrategyTimeout)
	defer cancel()
	defer f.client.CloseIdleConnections()
	u := *f.url
	query := u.Query()
	query.Set("service", service)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, redact.Error(err)
	}
	resp, err := f.client.Do(req)
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

// parser implements jaeger.SamplingStrategyParser, and logs changes.
type parser struct {
	log  *slog.Logger
	last atomic.Pointer[string]
}

// Parse returns the response in the type that the sampler's updaters expect.
func (p *parser) Parse(body []byte) (any, error) {
	strategy, err := ParseStrategy(body)
	if err != nil {
		return nil, err
	}
	text := strategy.String()
	if last := p.last.Swap(&text); last == nil || *last != text {
		p.log.Info("sampling strategy changed", "strategy", strings.TrimSpace(text))
	}
	return strategy.response, nil
}
