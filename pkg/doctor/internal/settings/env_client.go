package settings

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeClientAgrees       probe.Code = "client-env-agrees"
	codeClientDiffers      probe.Code = "client-env-differs"
	codeClientKeepsFew     probe.Code = "client-env-keeps-few"
	codeClientKeepsNothing probe.Code = "client-env-keeps-nothing"
	codeClientDisabled     probe.Code = "client-env-disabled"
	codeClientRefused      probe.Code = "client-env-refused"
)

// ClientEnvProbe looks at what jaeger-client-go would do here: somebody whose
// own program is silent runs the check in that program's environment, where
// otdemo's defaults, which keep every trace, would hide the client's, which keep
// none. It decides nothing about the configuration, so it warns at most.
func ClientEnvProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDClientEnv,
		Hop:   probe.HopConfig,
		Title: "jaeger-client-go would keep traces in this environment, too",
		Codes: []probe.Code{
			codeClientAgrees, codeClientDiffers, codeClientKeepsFew, codeClientKeepsNothing,
			codeClientDisabled, codeClientRefused,
		},
		Run: runClientEnv,
	}
}

func runClientEnv(_ context.Context, env *probe.Env) probe.Finding {
	vars := clientVariables(env.Environ)
	switch cfg := env.Config(); {
	case len(vars) == 0:
		return probe.NotUsed("no variable of jaeger-client-go is set")
	case cfg.Tracer != config.TracerJaeger && cfg.Tracer != config.TracerNoop:
		return probe.NotUsed("the tracer is %s, and not jaeger-client-go", cfg.Tracer)
	}
	plan := planFromEnv(vars)
	return judgePlan(env, plan).Saw(plan.Evidence()...)
}

// judgePlan compares what jaeger-client-go would do with the configuration. What
// is wrong with both has a finding of its own elsewhere.
func judgePlan(env *probe.Env, plan clientPlan) probe.Finding {
	const unless = "jaeger-client-go's FromEnv, unless the program's code says otherwise, "
	cfg := env.Config()
	same := cfg.Sampler.Type == plan.sampler && cfg.Sampler.Param == plan.param
	keeps := plan.keeps()
	switch {
	case plan.refusal != "":
		return probe.Found(probe.StatusWarn, codeClientRefused, "jaeger-client-go makes no tracer of this environment: %s", plan.refusal).
			Hint(plan.remedy)
	case plan.disabled && !cfg.Disabled:
		return probe.Found(probe.StatusWarn, codeClientDisabled, "%smakes no spans: JAEGER_DISABLED is true", unless).
			Hint("unset JAEGER_DISABLED")
	case keeps <= 0 && !same:
		return probe.Found(probe.StatusWarn, codeClientKeepsNothing, "%ssamples %s, this check %s %v", unless,
			plan.samples(), cfg.Sampler.Type, cfg.Sampler.Param).
			Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1")
	case keeps <= fewRate && !same:
		return probe.Found(probe.StatusWarn, codeClientKeepsFew, "%ssamples %s, this check %s %v", unless,
			plan.samples(), cfg.Sampler.Type, cfg.Sampler.Param).
			Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1")
	case plan.target != env.Path():
		return probe.Found(probe.StatusOK, codeClientDiffers, "%ssends to %s, this check to %s", unless, plan.target, env.Path())
	default:
		return probe.Found(probe.StatusOK, codeClientAgrees, "jaeger-client-go's FromEnv samples %s and sends to %s, too",
			plan.samples(), plan.target)
	}
}

// samples says what the sampler keeps.
func (p clientPlan) samples() string {
	text := fmt.Sprintf("%s %v", p.sampler, p.param)
	switch {
	case p.sampler == config.SamplerRemote:
		return fmt.Sprintf("%s, which keeps %s before %s has answered, after %s at the earliest",
			text, rate(p.param), probe.BareText(p.samplingURL), p.refresh)
	case p.sampler == config.SamplerRateLimiting && p.param <= 0:
		return text + ", which keeps the first trace and no other"
	case p.sampler == config.SamplerRateLimiting:
		return fmt.Sprintf("%s, which keeps up to %v traces a second", text, p.param)
	default:
		return text + ", which keeps " + rate(p.keeps())
	}
}

// evidence is what the client would do, value by value.
func (p clientPlan) Evidence() []string {
	service := p.service
	if service == "" {
		service = "none, so that the program's code must name it (no service name provided)"
	}
	lines := []string{
		"service: " + service,
		fmt.Sprintf("sampler: %s %v", p.sampler, p.param),
		"spans to: " + p.target,
		fmt.Sprintf("queue: %s spans; what comes while it is full is dropped without a log line", p.queue),
	}
	if p.samplingURL != "" && p.sampler == config.SamplerRemote {
		lines = append(lines, "sampling server: "+probe.BareText(p.samplingURL))
	}
	return lines
}
