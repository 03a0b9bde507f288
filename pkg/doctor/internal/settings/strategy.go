package settings

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

const (
	codeStrategyKeepsAll     probe.Code = "strategy-keeps-all"
	codeStrategyKeepsSome    probe.Code = "strategy-keeps-some"
	codeStrategyKeepsFew     probe.Code = "strategy-keeps-few"
	codeStrategyKeepsNothing probe.Code = "strategy-keeps-nothing"
	codeStrategyNumeric      probe.Code = "strategy-numeric-type"
	codeStrategyUnreachable  probe.Code = "strategy-unreachable"
	codeStrategyUnreadable   probe.Code = "strategy-unreadable"
)

// maxStrategy bounds a strategy's size, as the tracer does.
const maxStrategy = 64 << 10

// StrategyProbe fetches the strategy that the remote sampler would get.
func StrategyProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDStrategy,
		Hop:   probe.HopSampling,
		Title: "the sampling server's strategy keeps traces",
		// Its sampler has to wait for no one, so neither does this.
		RunsBeside: []string{probe.IDIdentity},
		Finalize:   finalizeStrategy,
		Codes: []probe.Code{
			codeStrategyKeepsAll, codeStrategyKeepsSome, codeStrategyKeepsFew, codeStrategyKeepsNothing,
			codeStrategyNumeric, codeStrategyUnreachable, codeStrategyUnreadable,
		},
		Run: runStrategy,
	}
}

func runStrategy(ctx context.Context, env *probe.Env) probe.Finding {
	s := env.Config().Sampler
	if s.Type != config.SamplerRemote {
		return probe.NotUsed("the sampler is %s, which uses no server", s.Type)
	}
	endpoint := strategyURL(env)
	got, err := probe.Fetch(ctx, env, endpoint, maxStrategy)
	if err != nil {
		return atInitialRate(probe.OneCode(codeStrategyUnreachable).Finding(endpoint, err), s.Param)
	}
	if got.Status != http.StatusOK {
		f := probe.Found(probe.StatusWarn, codeStrategyUnreachable, "sampling server %s returned %d %s",
			probe.DialAddr(endpoint), got.Status, http.StatusText(got.Status))
		return atInitialRate(f, s.Param).Saw(got.Evidence())
	}
	strategy, err := tracer.ParseStrategy(got.Body)
	if err != nil {
		f := probe.Found(probe.StatusWarn, codeStrategyUnreadable,
			"the sampling server at %s did not return a strategy", probe.DialAddr(endpoint))
		return atInitialRate(f, s.Param).Saw(got.Evidence(), err.Error())
	}
	f := judgeStrategy(strategy)
	if strategy.ClientError != nil && f.Status == probe.StatusOK && env.Config().Tracer == config.TracerJaeger {
		// Jaeger 2.0 to 2.15 return this, and Jaeger 1 on paths other than
		// /sampling.
		f.Status, f.Code = probe.StatusWarn, codeStrategyNumeric
		f.Fact += "; its strategyType is a number, which otdemo can read but jaeger-client-go cannot"
		f = f.Saw("jaeger-client-go: " + strategy.ClientError.Error()).
			Hint("programs with jaeger-client-go: JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1, or Jaeger 2.16")
	}
	return f.Saw(got.Evidence())
}

// finalizeStrategy puts before the other hints where this Jaeger has its
// strategies, when it is known to have none at the endpoint.
func finalizeStrategy(env *probe.Env, f probe.Finding) probe.Finding {
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	endpoint := strategyURL(env)
	if f.Code != codeStrategyUnreachable || !jaeger.RunsOn(endpoint.Hostname()) {
		return f
	}
	const onAgent = 5778
	host, hint := endpoint.Hostname(), ""
	switch {
	case endpoint.Path == "/api/sampling" && jaeger.All(func(g jaegers.Generation) bool { return !g.CollectorSampling }):
		hint = "--sampling-url http://" + net.JoinHostPort(host, strconv.Itoa(onAgent)) + "/sampling"
	case probe.PortOf(endpoint) == strconv.Itoa(onAgent) && jaeger.All(func(g jaegers.Generation) bool { return !slices.Contains(g.TCP, onAgent) }):
		hint = "--sampling-url http://" + net.JoinHostPort(host, probe.PortThriftHTTP) + "/api/sampling"
	default:
		return f
	}
	f.Hints = slices.Insert(f.Hints, 0, hint)
	return f.Saw("it is " + jaeger.String() + ": " + jaeger.Source)
}

func strategyURL(env *probe.Env) *url.URL {
	u, err := url.Parse(env.Config().SamplingURL())
	if err != nil {
		// pkg/config has found it to be a URL.
		return new(url.URL)
	}
	q := u.Query()
	q.Set("service", env.ServiceName())
	u.RawQuery = q.Encode()
	return u
}

// atInitialRate adds what a sampler without a strategy does: it stays at its
// parameter forever.
func atInitialRate(f probe.Finding, param float64) probe.Finding {
	f.Status = probe.StatusWarn
	if param <= 0 {
		f.Status = probe.StatusFail
	}
	f.Fact += fmt.Sprintf("; the sampler stays at sampler.param %v and keeps %s", param, rateText(param))
	return f.Hint(hintKeepAll)
}

func judgeStrategy(s tracer.Strategy) probe.Finding {
	codes := keepCodes{
		all: codeStrategyKeepsAll, some: codeStrategyKeepsSome,
		few: codeStrategyKeepsFew, nothing: codeStrategyKeepsNothing,
	}
	if s.Type == config.SamplerRateLimiting {
		if s.TracesPerSecond > 0 {
			return probe.Found(probe.StatusOK, codes.some, "the server's strategy keeps up to %s", perSecond(float64(s.TracesPerSecond)))
		}
		return probe.Found(probe.StatusFail, codes.nothing,
			"the server's strategy is ratelimiting 0, which keeps only the first trace").
			Hint(hintKeepAll)
	}
	f := judgeRate("probability", s.Rate, codes)
	if s.Operations == 0 {
		return f
	}
	f.Fact = fmt.Sprintf("%s; for the others, %s",
		plural.Of(s.Operations, "operation has its own rate", "operations have their own rates"), f.Fact)
	if f.Status == probe.StatusFail {
		// Some operation may still be kept.
		f.Status, f.Code = probe.StatusWarn, codes.few
	}
	return f
}
