package settings

import (
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity/identitytest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestSamplingStrategy(t *testing.T) {
	t.Parallel()
	const hintNumeric = "programs with jaeger-client-go: JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1, or Jaeger 2.16"
	tests := map[string]struct {
		param string
		serve http.HandlerFunc
		// The rest is expected; HOST stands for the server's address.
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"Jaeger 1: one in a thousand": {
			"0", probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}`),
			probe.StatusWarn, codeStrategyKeepsFew, "probability 0.001 keeps one trace in 1000", hintKeepAll,
		},
		"Jaeger 2.0 to 2.15: a number": {
			"0", probetest.Answer(200, "", `{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`),
			probe.StatusWarn, codeStrategyNumeric,
			"probability 1 keeps every trace; its strategyType is a number, which otdemo can read but jaeger-client-go cannot", hintNumeric,
		},
		"a number and nothing kept: the worse comes first": {
			"1", probetest.Answer(200, "", `{"strategyType":0,"probabilisticSampling":{"samplingRate":0}}`),
			probe.StatusFail, codeStrategyKeepsNothing, "probability 0 keeps no trace", hintKeepAll,
		},
		"all": {
			"0", probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`),
			probe.StatusOK, codeStrategyKeepsAll, "probability 1 keeps every trace", "",
		},
		"rate limiting": {
			"0", probetest.Answer(200, "", `{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}`),
			probe.StatusOK, codeStrategyKeepsSome, "the server's strategy keeps up to 5 traces a second", "",
		},
		"rate limiting 0": {
			"0", probetest.Answer(200, "", `{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":0}}`),
			probe.StatusFail, codeStrategyKeepsNothing, "the server's strategy is ratelimiting 0, which keeps only the first trace", hintKeepAll,
		},
		"by operation, others nothing": {
			"0", probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","operationSampling":{"defaultSamplingProbability":0,
				"perOperationStrategies":[{"operation":"get","probabilisticSampling":{"samplingRate":1}}]}}`),
			probe.StatusWarn, codeStrategyKeepsFew, "1 operation has its own rate; for the others, probability 0 keeps no trace", hintKeepAll,
		},
		"by operation": {
			"0", probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","operationSampling":{"defaultSamplingProbability":0.5,"perOperationStrategies":[]}}`),
			probe.StatusOK, codeStrategyKeepsSome, "probability 0.5 keeps one trace in 2", "",
		},
		"html": {
			"0", probetest.Answer(200, "Content-Type: text/html", "<html>welcome</html>"),
			probe.StatusFail, codeStrategyUnreadable,
			"the sampling server at HOST did not return a strategy; the sampler stays at sampler.param 0 and keeps no trace", hintKeepAll,
		},
		"html, with a rate to start at": {
			"0.5", probetest.Answer(200, "Content-Type: text/html", "<html>welcome</html>"),
			probe.StatusWarn, codeStrategyUnreadable,
			"the sampling server at HOST did not return a strategy; the sampler stays at sampler.param 0.5 and keeps one trace in 2", hintKeepAll,
		},
		"empty object": {
			"1", probetest.Answer(200, "", `{}`), probe.StatusWarn, codeStrategyUnreadable,
			"the sampling server at HOST did not return a strategy; the sampler stays at sampler.param 1 and keeps every trace", hintKeepAll,
		},
		"rate above 1": {
			"1", probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":2}}`), probe.StatusWarn, codeStrategyUnreadable,
			"the sampling server at HOST did not return a strategy; the sampler stays at sampler.param 1 and keeps every trace", hintKeepAll,
		},
		"unknown word": {
			"1", probetest.Answer(200, "", `{"strategyType":"ADAPTIVE"}`), probe.StatusWarn, codeStrategyUnreadable,
			"the sampling server at HOST did not return a strategy; the sampler stays at sampler.param 1 and keeps every trace", hintKeepAll,
		},
		"Jaeger 2 without /api/sampling": {
			"0", probetest.Answer(404, "", "404 page not found\n"), probe.StatusFail, codeStrategyUnreachable,
			"sampling server HOST returned 404 Not Found; the sampler stays at sampler.param 0 and keeps no trace", hintKeepAll,
		},
		"refused": {
			"0", nil, probe.StatusFail, codeStrategyUnreachable,
			"nothing listens on tcp HOST; the sampler stays at sampler.param 0 and keeps no trace", hintKeepAll,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := ""
			if tt.serve == nil {
				host = probetest.ClosedAddr(t)
			} else {
				host = strings.TrimPrefix(probetest.Serve(t, tt.serve).URL, "http://")
			}
			loaded := probetest.Load(t, "sampler.type", "remote", "sampler.param", tt.param, "sampler.endpoint", "http://"+host+"/sampling")
			f, _ := probetest.Examine(t, StrategyProbe(), probetest.Outside(loaded), nil)
			probetest.Expect(t, f, tt.status, tt.code, strings.ReplaceAll(tt.fact, "HOST", host), tt.hint)
		})
	}
}

func TestSamplingStrategyIsForTheRealService(t *testing.T) {
	t.Parallel()
	var got string
	srv := probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.String()
		probetest.Answer(200, "", `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`)(w, r)
	})
	loaded := probetest.Load(t, "sampler.type", "remote", "sampler.endpoint", srv.URL+"/sampling", "service", "a till")
	probetest.Examine(t, StrategyProbe(), probetest.Outside(loaded), nil)
	if want := "/sampling?service=a+till"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestSamplingStrategyNotUsed(t *testing.T) {
	t.Parallel()
	f, _ := probetest.Examine(t, StrategyProbe(), probetest.Outside(probetest.Load(t)), nil)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "the sampler is const, which uses no server", "")
}

func TestStrategyThatThisVersionHasElsewhere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		endpoint, version, hint string
	}{
		"Jaeger 2 has none at the collector": {
			"http://localhost:14268/api/sampling", "v2.20.0", "--sampling-url http://localhost:5778/sampling",
		},
		"1.63 has none at the agent":       {"http://localhost:5778/sampling", "v1.63.0", "--sampling-url http://localhost:14268/api/sampling"},
		"1.62 has both":                    {"http://localhost:5778/sampling", "v1.62.0", hintKeepAll},
		"another host's version":           {"http://jaeger:5778/sampling", "v1.63.0", hintKeepAll},
		"a port of somebody's own choice":  {"http://localhost:15778/sampling", "v1.63.0", hintKeepAll},
		"a Jaeger whose version is hidden": {"http://localhost:5778/sampling", "", hintKeepAll},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := StrategyProbe()
			identified := identitytest.JaegerOn("localhost", tt.version)
			env := &probe.Env{
				Target: probetest.Outside(probetest.Load(t, "sampler.type", "remote", "sampler.endpoint", tt.endpoint)), Probe: &p,
				Earlier: map[string]*probe.Outcome{probe.IDIdentity: &identified},
			}
			before := atInitialRate(probe.Found(probe.StatusWarn, codeStrategyUnreachable, "x"), 1)
			if got := probe.First(p.Finalize(env, before).Hints); got != tt.hint {
				t.Errorf("got hint %q, want %q", got, tt.hint)
			}
		})
	}
	p := StrategyProbe()
	identified := identitytest.JaegerOn("localhost", "v1.63.0")
	env := &probe.Env{Target: probetest.Outside(probetest.Load(t, "sampler.type", "remote")), Probe: &p, Earlier: map[string]*probe.Outcome{probe.IDIdentity: &identified}}
	if f := p.Finalize(env, probe.Found(probe.StatusOK, codeStrategyKeepsAll, "x")); len(f.Hints) != 0 {
		t.Errorf("a strategy that is there gets the hint %q", f.Hints)
	}
}
