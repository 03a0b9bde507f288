package settings

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeSamplerKeepsAll     probe.Code = "sampler-keeps-all"
	codeSamplerKeepsSome    probe.Code = "sampler-keeps-some"
	codeSamplerKeepsFew     probe.Code = "sampler-keeps-few"
	codeSamplerKeepsNothing probe.Code = "sampler-keeps-nothing"
	codeSamplerRemote       probe.Code = "sampler-remote"
)

// fewRate is the probability at which trying things out by hand shows nothing:
// Jaeger's own default of one in a thousand.
const fewRate = 0.001

const hintKeepAll = "--sampler-type const --sampler-param 1"

// SamplerProbe checks that the sampler keeps traces.
func SamplerProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDSampler,
		Hop:   probe.HopSampling,
		Title: "the sampler keeps traces",
		Codes: []probe.Code{
			codeSamplerKeepsAll, codeSamplerKeepsSome, codeSamplerKeepsFew, codeSamplerKeepsNothing,
			codeSamplerRemote,
		},
		Run: runSampler,
	}
}

func runSampler(_ context.Context, env *probe.Env) probe.Finding {
	s := env.Config().Sampler
	where := fmt.Sprintf("sampler.type = %s (%s), sampler.param = %v (%s)",
		s.Type, probe.Origin(env.Loaded, "sampler.type"), s.Param, probe.Origin(env.Loaded, "sampler.param"))
	return judgeSampler(s).Saw(where)
}

func judgeSampler(s config.Sampler) probe.Finding {
	switch s.Type {
	case config.SamplerRemote:
		return probe.Found(probe.StatusOK, codeSamplerRemote, "remote: keeps %s until the server at sampler.endpoint responds", rateText(s.Param))
	case config.SamplerRateLimiting:
		if s.Param > 0 {
			return probe.Found(probe.StatusOK, codeSamplerKeepsSome, "ratelimiting keeps up to %s", perSecond(s.Param))
		}
		// jaeger-client-go starts the limiter with one credit.
		return probe.Found(probe.StatusFail, codeSamplerKeepsNothing, "ratelimiting 0 keeps only the first trace").
			Hint(hintKeepAll)
	default:
		what := "probability"
		if s.Type == config.SamplerConst {
			what = s.Type
		}
		return judgeRate(what, s.Param, keepCodes{
			all: codeSamplerKeepsAll, some: codeSamplerKeepsSome,
			few: codeSamplerKeepsFew, nothing: codeSamplerKeepsNothing,
		})
	}
}

type keepCodes struct{ all, some, few, nothing probe.Code }

func judgeRate(what string, p float64, codes keepCodes) probe.Finding {
	f := probe.Found(probe.StatusOK, codes.some, "%s %v keeps %s", what, p, rateText(p))
	switch {
	case p <= 0:
		f.Status, f.Code = probe.StatusFail, codes.nothing
	case p <= fewRate:
		f.Status, f.Code = probe.StatusWarn, codes.few
	case p >= 1:
		f.Code = codes.all
	}
	if f.Status != probe.StatusOK {
		return f.Hint(hintKeepAll)
	}
	return f
}

// rateText puts a probability into words: "one trace in 1000".
func rateText(p float64) string {
	switch {
	case p <= 0:
		return "no trace"
	case p >= 1:
		return "every trace"
	default:
		return fmt.Sprintf("one trace in %.4g", 1/p)
	}
}

// perSecond describes a limit: "1 trace a second", "0.5 traces a second".
func perSecond(limit float64) string {
	if limit == 1 {
		return "1 trace a second"
	}
	return fmt.Sprintf("%v traces a second", limit)
}
