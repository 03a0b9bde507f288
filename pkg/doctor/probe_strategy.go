package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

const idStrategy = "sampling-strategy"

const (
	codeStrategyKeepsAll     Code = "strategy-keeps-all"
	codeStrategyKeepsSome    Code = "strategy-keeps-some"
	codeStrategyKeepsFew     Code = "strategy-keeps-few"
	codeStrategyKeepsNothing Code = "strategy-keeps-nothing"
	codeStrategyNumeric      Code = "strategy-numeric-type"
	codeStrategyUnreachable  Code = "strategy-unreachable"
	codeStrategyUnreadable   Code = "strategy-unreadable"
)

// maxStrategy bounds a strategy's size, as the tracer does.
const maxStrategy = 64 << 10

func samplingStrategy() Probe {
	return Probe{
		ID:    idStrategy,
		Hop:   HopSampling,
		Title: "the sampling server's strategy keeps traces",
		// Its sampler has to wait for no one, so neither does this.
		Beside: []string{idIdentity},
		Settle: settleStrategy,
		Codes: []Code{
			codeStrategyKeepsAll, codeStrategyKeepsSome, codeStrategyKeepsFew, codeStrategyKeepsNothing,
			codeStrategyNumeric, codeStrategyUnreachable, codeStrategyUnreadable,
		},
		Run: runSamplingStrategy,
	}
}

func runSamplingStrategy(ctx context.Context, env *Env) Finding {
	s := env.config().Sampler
	if s.Type != config.SamplerRemote {
		return notUsed("the sampler is %s, no server is asked", s.Type)
	}
	endpoint, err := strategyURL(env)
	if err != nil {
		f := found(StatusWarn, codeStrategyUnreachable, "sampler.endpoint is no URL: %v", withoutURL(err))
		return atInitialRate(f, s.Param)
	}
	body, problem := fetchStrategy(ctx, env, endpoint)
	if problem != nil {
		return atInitialRate(*problem, s.Param)
	}
	saw := fmt.Sprintf("GET %s: %s", bare(endpoint), excerpt(body))
	strategy, err := tracer.ParseStrategy(body)
	if err != nil {
		f := found(StatusWarn, codeStrategyUnreadable,
			"the sampling server at %s does not answer with a strategy", dialAddr(endpoint))
		return atInitialRate(f, s.Param).saw(saw, err.Error())
	}
	f := judgeStrategy(strategy)
	if strategy.ClientError != nil && f.Status == StatusOK && env.config().Tracer == config.TracerJaeger {
		// Jaeger 2.0 to 2.15 answer so, and Jaeger 1 on paths but /sampling.
		f.Status, f.Code = StatusWarn, codeStrategyNumeric
		f.Fact += "; its strategyType is a number, which otdemo reads and jaeger-client-go does not"
		f = f.saw("jaeger-client-go: " + strategy.ClientError.Error()).
			hint("programs with jaeger-client-go: JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1, or Jaeger 2.16")
	}
	return f.saw(saw)
}

// settleStrategy puts before the other hints where this Jaeger has its
// strategies, when it is known to have none at the endpoint.
func settleStrategy(env *Env, f Finding) Finding {
	jaeger, _ := fact[identity](env, idIdentity)
	endpoint, err := strategyURL(env)
	if err != nil || f.Code != codeStrategyUnreachable || !jaeger.runsOn(endpoint.Hostname()) {
		return f
	}
	const onAgent = 5778
	host, hint := endpoint.Hostname(), ""
	switch {
	case endpoint.Path == "/api/sampling" && jaeger.all(func(g generation) bool { return !g.collectorSampling }):
		hint = "--sampling-url http://" + net.JoinHostPort(host, strconv.Itoa(onAgent)) + "/sampling"
	case portOf(endpoint) == strconv.Itoa(onAgent) && jaeger.all(func(g generation) bool { return !slices.Contains(g.tcp, onAgent) }):
		hint = "--sampling-url http://" + net.JoinHostPort(host, portThriftHTTP) + "/api/sampling"
	default:
		return f
	}
	f.Hints = slices.Insert(f.Hints, 0, hint)
	return f.saw("it is " + jaeger.String() + ": " + jaeger.source)
}

// strategyURL is what the tracer asks.
func strategyURL(env *Env) (*url.URL, error) {
	u, err := url.Parse(env.config().SamplingURL())
	if err != nil {
		return nil, err
	}
	q := u.Query()
	q.Set("service", env.service())
	u.RawQuery = q.Encode()
	return u, nil
}

// fetchStrategy returns the server's answer, or the finding that there is none.
func fetchStrategy(ctx context.Context, env *Env, endpoint *url.URL) ([]byte, *Finding) {
	unreachable := func(format string, args ...any) *Finding {
		f := found(StatusWarn, codeStrategyUnreachable, format, args...)
		return &f
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint.String(), nil)
	if err != nil {
		return nil, unreachable("sampler.endpoint is no URL: %v", withoutURL(err))
	}
	client := env.httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		f := oneCode(codeStrategyUnreachable).finding(endpoint, err)
		return nil, &f
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStrategy))
	if err != nil {
		return nil, unreachable("sampling server %s breaks off: %v", dialAddr(endpoint), err)
	}
	if resp.StatusCode != http.StatusOK {
		f := unreachable("sampling server %s answers %s", dialAddr(endpoint), resp.Status).
			saw(fmt.Sprintf("GET %s: %s: %s", bare(endpoint), resp.Status, excerpt(body)))
		return nil, &f
	}
	return body, nil
}

// atInitialRate adds what a sampler does that has no strategy: it stays with
// its parameter for ever.
func atInitialRate(f Finding, param float64) Finding {
	f.Status = StatusWarn
	if param <= 0 {
		f.Status = StatusFail
	}
	f.Fact += fmt.Sprintf("; the sampler stays at sampler.param %v and keeps %s", param, rate(param))
	return f.hint(hintKeepAll)
}

// judgeStrategy looks at how much a strategy keeps.
func judgeStrategy(s tracer.Strategy) Finding {
	codes := keepCodes{
		all: codeStrategyKeepsAll, some: codeStrategyKeepsSome,
		few: codeStrategyKeepsFew, nothing: codeStrategyKeepsNothing,
	}
	if s.Type == config.SamplerRateLimiting {
		if s.TracesPerSecond > 0 {
			return found(StatusOK, codes.some, "the server's strategy keeps up to %s a second", plural.Of(s.TracesPerSecond, "trace", "traces"))
		}
		return found(StatusFail, codes.nothing,
			"the server's strategy is ratelimiting 0, which keeps the first trace and no other").
			hint(hintKeepAll)
	}
	f := judgeRate(s.Rate, codes)
	if s.Operations == 0 {
		return f
	}
	f.Fact = fmt.Sprintf("%s, for the others %s",
		plural.Of(s.Operations, "operation has a rate of its own", "operations have a rate of their own"), f.Fact)
	if f.Status == StatusFail {
		// Some operation may still be kept.
		f.Status, f.Code = StatusWarn, codes.few
	}
	return f
}
