package settings

import (
	"context"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeOTelAgrees       probe.Code = "otel-env-agrees"
	codeOTelDiffers      probe.Code = "otel-env-differs"
	codeOTelUnused       probe.Code = "otel-env-unused"
	codeOTelContradicts  probe.Code = "otel-env-contradicts"
	codeOTelIgnored      probe.Code = "otel-env-ignored"
	codeOTelDisabled     probe.Code = "otel-env-disabled"
	codeOTelKeepsFew     probe.Code = "otel-env-keeps-few"
	codeOTelKeepsNothing probe.Code = "otel-env-keeps-nothing"
)

// OTelEnvProbe is for OpenTelemetry's SDK what client-env is for
// jaeger-client-go: it reports what a program with that SDK would do in this
// environment, and which variables are in effect. It warns at most.
func OTelEnvProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDOTelEnv,
		Hop:   probe.HopConfig,
		Title: "an OpenTelemetry SDK would also keep and send traces in this environment",
		Codes: []probe.Code{
			codeOTelAgrees, codeOTelDiffers, codeOTelUnused, codeOTelIgnored, codeOTelContradicts, codeOTelDisabled, codeOTelKeepsFew, codeOTelKeepsNothing,
		},
		Run: runOTelEnv,
	}
}

func runOTelEnv(_ context.Context, env *probe.Env) probe.Finding {
	switch {
	case len(otelVariables(env.Environ)) == 0:
		return probe.NotUsed("no OpenTelemetry variable is set")
	case env.Config().Tracer != config.TracerOTel:
		return unreadOTel(env)
	}
	plan := planFromOTel(env)
	return judgeOTel(env, plan).Saw(plan.inEffect(env)...)
}

// unreadOTel returns the finding for another tracer. Not checking an
// OpenTelemetry service is fine only if the tracer was set for this run.
func unreadOTel(env *probe.Env) probe.Finding {
	tracer, from := env.Config().Tracer, probe.OriginOf(env.Loaded, "tracer")
	names := config.OTelVariables(env.Environ)
	if len(names) == 0 {
		return probe.NotUsed("the tracer is %s, and no variable configures how OpenTelemetry sends traces", tracer)
	}
	f := probe.Found(probe.StatusWarn, codeOTelUnused, "%s: not read by tracer %s, so not checked",
		strings.Join(names, ", "), tracer).Hint("--tracer otel")
	switch {
	case from.Layer >= config.LayerOtdemo:
		f.Status = probe.StatusOK
		f.Fact += "; the tracer is set by " + from.String()
	case from.Layer == config.LayerDefault:
		if set := config.JaegerVariables(env.Environ); len(set) > 0 {
			f = f.Saw("checking tracer " + tracer + " because of " + strings.Join(set, ", "))
		}
	}
	return f
}

// judgeOTel compares what the SDK would do with the configuration. What is wrong
// with both has a finding of its own elsewhere.
func judgeOTel(env *probe.Env, plan otelPlan) probe.Finding {
	const unless = "unless the program's code overrides it, OpenTelemetry's SDK "
	cfg := env.Config()
	keeps, keepsHere := plan.keeps(), cfg.Sampler.Param
	target, here := plan.target(), env.Path()
	mismatch, fix := plan.protocolMismatch()
	ignored := env.IgnoredFile()
	switch {
	case ignored != "":
		return probe.Found(probe.StatusWarn, codeOTelIgnored, "%s", ignored)
	case plan.off != "" && !cfg.Disabled:
		return probe.Found(probe.StatusWarn, codeOTelDisabled, "%ssends no spans: %s is %s", unless, plan.off, env.Env(plan.off)).
			Hint(enabling(plan.off))
	case plan.off != "":
		return probe.Found(probe.StatusOK, codeOTelAgrees, "OpenTelemetry's SDK sends no spans either: %s is %s", plan.off, env.Env(plan.off))
	case mismatch != "" && target != here:
		return probe.Found(probe.StatusWarn, codeOTelContradicts, "%ssends to %s; this check sends to %s: %s", unless, target, here, mismatch).Hint(fix)
	case keeps <= 0 && keepsHere != 0:
		return probe.Found(probe.StatusWarn, codeOTelKeepsNothing, "%sstarts no trace that is kept: the sampler is %s; this check uses %s %v",
			unless, plan.samples(), cfg.Sampler.Type, keepsHere).Hint("OTEL_TRACES_SAMPLER=always_on")
	case keeps <= fewRate && keepsHere > fewRate:
		return probe.Found(probe.StatusWarn, codeOTelKeepsFew, "%skeeps %s: the sampler is %s; this check uses %s %v",
			unless, rateText(keeps), plan.samples(), cfg.Sampler.Type, keepsHere).Hint("OTEL_TRACES_SAMPLER=always_on")
	case target != here:
		return probe.Found(probe.StatusOK, codeOTelDiffers, "%ssends to %s; this check sends to %s", unless, target, here)
	default:
		return probe.Found(probe.StatusOK, codeOTelAgrees, "OpenTelemetry's SDK also samples %s and sends to %s", plan.samples(), target)
	}
}

func (p *otelPlan) samples() string {
	if p.arg == "" {
		return p.sampler
	}
	return p.sampler + " " + p.arg
}
