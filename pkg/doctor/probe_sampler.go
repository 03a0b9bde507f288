package doctor

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
)

const idSampler = "sampler"

const (
	codeSamplerKeepsAll     Code = "sampler-keeps-all"
	codeSamplerKeepsSome    Code = "sampler-keeps-some"
	codeSamplerKeepsFew     Code = "sampler-keeps-few"
	codeSamplerKeepsNothing Code = "sampler-keeps-nothing"
	codeSamplerRemote       Code = "sampler-remote"
)

// fewRate is the probability from which on somebody who tries things out sees
// nothing: Jaeger's own default of one in a thousand.
const fewRate = 0.001

// hintKeepAll is what one wants while looking for spans.
const hintKeepAll = "--sampler-type const --sampler-param 1"

func samplerProbe() Probe {
	return Probe{
		ID:    idSampler,
		Hop:   HopSampling,
		Title: "the sampler keeps traces",
		Codes: []Code{
			codeSamplerKeepsAll, codeSamplerKeepsSome, codeSamplerKeepsFew, codeSamplerKeepsNothing,
			codeSamplerRemote,
		},
		Run: runSampler,
	}
}

func runSampler(_ context.Context, env *Env) Finding {
	s := env.config().Sampler
	where := fmt.Sprintf("sampler.type = %s (%s), sampler.param = %v (%s)",
		s.Type, origin(env.Loaded, "sampler.type"), s.Param, origin(env.Loaded, "sampler.param"))
	return judgeSampler(s).saw(where)
}

func judgeSampler(s config.Sampler) Finding {
	switch s.Type {
	case config.SamplerRemote:
		return found(StatusOK, codeSamplerRemote, "remote: %s until the server at sampler.endpoint answers", rate(s.Param))
	case config.SamplerRateLimiting:
		if s.Param > 0 {
			return found(StatusOK, codeSamplerKeepsSome, "ratelimiting keeps up to %v traces a second", s.Param)
		}
		// jaeger-client-go starts the limiter with one credit.
		return found(StatusFail, codeSamplerKeepsNothing, "ratelimiting 0 keeps the first trace and no other").
			hint(hintKeepAll)
	case config.SamplerConst:
		if s.Param == 0 {
			return found(StatusFail, codeSamplerKeepsNothing, "const 0 keeps no trace").hint(hintKeepAll)
		}
		return found(StatusOK, codeSamplerKeepsAll, "const 1 keeps every trace")
	default:
		return judgeRate(s.Param, keepCodes{
			all: codeSamplerKeepsAll, some: codeSamplerKeepsSome,
			few: codeSamplerKeepsFew, nothing: codeSamplerKeepsNothing,
		})
	}
}

// keepCodes are the codes of a probe for how much a probability keeps.
type keepCodes struct{ all, some, few, nothing Code }

// judgeRate is the finding for a probability.
func judgeRate(p float64, codes keepCodes) Finding {
	switch {
	case p <= 0:
		return found(StatusFail, codes.nothing, "probability 0 keeps no trace").hint(hintKeepAll)
	case p <= fewRate:
		return found(StatusWarn, codes.few, "probability %v keeps %s", p, rate(p)).hint(hintKeepAll)
	case p < 1:
		return found(StatusOK, codes.some, "probability %v keeps %s", p, rate(p))
	default:
		return found(StatusOK, codes.all, "probability 1 keeps every trace")
	}
}

// rate puts a probability into words: "one trace in 1000".
func rate(p float64) string {
	switch {
	case p <= 0:
		return "no trace"
	case p >= 1:
		return "every trace"
	default:
		return fmt.Sprintf("one trace in %.4g", 1/p)
	}
}
