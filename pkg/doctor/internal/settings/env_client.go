package settings

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

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
	return judgePlan(env, plan).Saw(plan.evidence...)
}

// judgePlan compares what jaeger-client-go would do with the configuration. What
// is wrong with both has a finding of its own elsewhere.
func judgePlan(env *probe.Env, plan *clientPlan) probe.Finding {
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

// clientPlan is what jaeger-client-go's config.FromEnv makes of an environment.
// The rules and defaults are those of v2.30.0, config/config_env.go, config.go
// and constants.go.
type clientPlan struct {
	disabled bool
	// sampler is in lower case; the client's default is remote with parameter 0.
	sampler string
	param   float64
	// samplingURL and refresh are of the remote sampler. Its first fetch is after
	// one refresh.
	samplingURL string
	refresh     string
	// target is in the form of Target.path.
	target string
	// refusal is why there would be no tracer, remedy the setting that helps.
	refusal, remedy string
	evidence        []string
}

// planFromEnv is for an environment in which the client treats an empty variable as
// unset.
func planFromEnv(env *probe.Env) *clientPlan {
	or := func(name, preset string) string { return cmp.Or(env.Env(name), preset) }
	// Whether numbers can be read was checked when the configuration was loaded.
	param, _ := strconv.ParseFloat(env.Env("JAEGER_SAMPLER_PARAM"), 64)
	disabled, _ := strconv.ParseBool(env.Env("JAEGER_DISABLED"))
	p := &clientPlan{
		disabled: disabled,
		sampler:  strings.ToLower(or("JAEGER_SAMPLER_TYPE", config.SamplerRemote)),
		param:    param,
		samplingURL: probe.BareText(cmp.Or(env.Env("JAEGER_SAMPLING_ENDPOINT"), env.Env("JAEGER_SAMPLER_MANAGER_HOST_PORT"),
			"http://"+or("JAEGER_AGENT_HOST", "127.0.0.1")+":5778/sampling")),
		refresh: or("JAEGER_SAMPLER_REFRESH_INTERVAL", "1m0s"),
	}
	host, port := or("JAEGER_AGENT_HOST", "localhost"), or("JAEGER_AGENT_PORT", "6831")
	p.target = "udp " + net.JoinHostPort(host, port)
	endpoint := env.Env("JAEGER_ENDPOINT")
	if endpoint != "" {
		p.target = probe.BareText(endpoint)
	}
	p.evidence = []string{
		"service: " + or("JAEGER_SERVICE_NAME", "none; the program's code must set it (no service name provided)"),
		fmt.Sprintf("sampler: %s %v", p.sampler, p.param),
		"spans to: " + p.target,
		"queue size: " + or("JAEGER_REPORTER_MAX_QUEUE_SIZE", "100") + "; while the queue is full, spans are dropped without a log line",
	}
	if p.sampler == config.SamplerRemote {
		p.evidence = append(p.evidence, "sampling server: "+p.samplingURL)
	}
	kinds := []string{config.SamplerConst, config.SamplerProbabilistic, config.SamplerRateLimiting, config.SamplerRemote}
	switch {
	case p.disabled:
	case !slices.Contains(kinds, p.sampler):
		p.refuse("JAEGER_SAMPLER_TYPE=const", "unknown sampler type (%s)", p.sampler)
	case p.isRate() && (param < 0 || param > 1):
		p.refuse("JAEGER_SAMPLER_PARAM=1", "invalid Param for probabilistic sampler; expecting value between 0 and 1, received %v", param)
	case endpoint == "" && strings.Contains(host, ":") && !strings.HasPrefix(host, "["):
		// FromEnv puts host and port together with a colon.
		p.refuse("JAEGER_AGENT_HOST=["+host+"]", "address %s:%s: too many colons in address", host, port)
	}
	return p
}

func (p *clientPlan) refuse(remedy, format string, args ...any) {
	p.refusal, p.remedy = fmt.Sprintf(format, args...), remedy
}

func (p *clientPlan) isRate() bool {
	return p.sampler == config.SamplerProbabilistic || p.sampler == config.SamplerRemote
}

// keeps is the part of traces that are kept at the start: 1 for a sampler that
// keeps any number of them.
func (p *clientPlan) keeps() float64 {
	switch {
	case p.isRate():
		return p.param
	case p.param == 0, p.sampler == config.SamplerRateLimiting && p.param < 0:
		return 0
	default:
		return 1
	}
}

func (p *clientPlan) samples() string {
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
