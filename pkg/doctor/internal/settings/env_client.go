package settings

import (
	"context"
	"fmt"
	"slices"

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

// ClientEnvProbe checks what jaeger-client-go would do here. The check is often
// run in the environment of a program that sends no spans; there, otdemo's
// defaults, which keep every trace, would hide the client's, which keep none.
// It decides nothing about the configuration, so it warns at most.
func ClientEnvProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDClientEnv,
		Hop:   probe.HopConfig,
		Title: "jaeger-client-go would also keep traces in this environment",
		Codes: []probe.Code{
			codeClientAgrees, codeClientDiffers, codeClientKeepsFew, codeClientKeepsNothing,
			codeClientDisabled, codeClientRefused,
		},
		Run: runClientEnv,
	}
}

func runClientEnv(_ context.Context, env *probe.Env) probe.Finding {
	isSet := func(name string) bool { return env.Env(name) != "" }
	anySet := func(key config.Key) bool { return slices.ContainsFunc(key.Jaeger, isSet) }
	switch cfg := env.Config(); {
	case !slices.ContainsFunc(config.Keys(), anySet):
		return probe.NotUsed("no jaeger-client-go variable is set")
	case cfg.Tracer != config.TracerJaeger && cfg.Tracer != config.TracerNoop:
		return probe.NotUsed("the tracer is %s, not jaeger-client-go", cfg.Tracer)
	}
	plan := planFromEnv(env)
	return judgePlan(env, plan).Saw(plan.evidence()...)
}

// judgePlan compares what jaeger-client-go would do with the configuration. What
// is wrong with both has a finding of its own elsewhere.
func judgePlan(env *probe.Env, plan clientPlan) probe.Finding {
	const unless = "unless the program's code overrides it, jaeger-client-go's FromEnv "
	cfg := env.Config()
	same := cfg.Sampler.Type == plan.sampler && cfg.Sampler.Param == plan.param
	keeps := plan.keeps()
	switch {
	case plan.refusal != "":
		return probe.Found(probe.StatusWarn, codeClientRefused, "jaeger-client-go cannot create a tracer from this environment: %s", plan.refusal).
			Hint(plan.remedy)
	case plan.disabled && !cfg.Disabled:
		return probe.Found(probe.StatusWarn, codeClientDisabled, "%screates no spans: JAEGER_DISABLED is true", unless).
			Hint("unset JAEGER_DISABLED")
	case keeps <= fewRate && !same:
		code := codeClientKeepsFew
		if keeps <= 0 {
			code = codeClientKeepsNothing
		}
		return probe.Found(probe.StatusWarn, code, "%ssamples %s; this check uses %s %v", unless, plan.samples(), cfg.Sampler.Type, cfg.Sampler.Param).
			Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1")
	case plan.target != env.Path():
		return probe.Found(probe.StatusOK, codeClientDiffers, "%ssends to %s; this check sends to %s", unless, plan.target, env.Path())
	default:
		return probe.Found(probe.StatusOK, codeClientAgrees, "jaeger-client-go's FromEnv also samples %s and sends to %s",
			plan.samples(), plan.target)
	}
}

func (p clientPlan) samples() string {
	text := fmt.Sprintf("%s %v", p.sampler, p.param)
	switch {
	case p.sampler == config.SamplerRemote:
		return fmt.Sprintf("%s, which keeps %s until %s responds, after %s at the earliest",
			text, rateText(p.param), p.samplingURL, p.refresh)
	case p.sampler == config.SamplerRateLimiting && p.param <= 0:
		return text + ", which keeps only the first trace"
	case p.sampler == config.SamplerRateLimiting:
		return text + ", which keeps up to " + perSecond(p.param)
	default:
		return text + ", which keeps " + rateText(p.keeps())
	}
}

func (p clientPlan) evidence() []string {
	lines := []string{
		"service: " + p.service,
		fmt.Sprintf("sampler: %s %v", p.sampler, p.param),
		"spans to: " + p.target,
		fmt.Sprintf("queue size: %s; while the queue is full, spans are dropped without a log line", p.queue),
	}
	if p.sampler == config.SamplerRemote {
		lines = append(lines, "sampling server: "+p.samplingURL)
	}
	return lines
}
