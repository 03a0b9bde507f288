package doctor

import (
	"context"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

const idOTelEnv = "otel-env"

const (
	codeOTelAgrees       Code = "otel-env-agrees"
	codeOTelDiffers      Code = "otel-env-differs"
	codeOTelUnused       Code = "otel-env-unused"
	codeOTelContradicts  Code = "otel-env-contradicts"
	codeOTelIgnored      Code = "otel-env-ignored"
	codeOTelDisabled     Code = "otel-env-disabled"
	codeOTelKeepsFew     Code = "otel-env-keeps-few"
	codeOTelKeepsNothing Code = "otel-env-keeps-nothing"
)

// otelEnvProbe is for OpenTelemetry's SDK what client-env is for
// jaeger-client-go: it says what a program of that SDK would do in this
// environment, and which variable is in force. It warns at most.
func otelEnvProbe() Probe {
	return Probe{
		ID:    idOTelEnv,
		Hop:   HopConfig,
		Title: "the SDK of OpenTelemetry would keep and send traces in this environment, too",
		Codes: []Code{
			codeOTelAgrees, codeOTelDiffers, codeOTelUnused, codeOTelIgnored, codeOTelContradicts, codeOTelDisabled, codeOTelKeepsFew, codeOTelKeepsNothing,
		},
		Run: runOTelEnv,
	}
}

func runOTelEnv(_ context.Context, env *Env) Finding {
	vars := otelVariables(env.Environ)
	cfg := env.config()
	switch {
	case len(vars) == 0:
		return notUsed("no variable of OpenTelemetry's is set")
	case cfg.Tracer != config.TracerOTel:
		return unusedOTel(env)
	}
	plan := planFromOTel(vars)
	if text := env.ignoredFile(); text != "" {
		return found(StatusWarn, codeOTelIgnored, "%s", text).saw(plan.inForce(env.Loaded)...)
	}
	return judgeOTel(env, plan).saw(plan.inForce(env.Loaded)...)
}

// unusedOTel is for another tracer. That a service of OpenTelemetry's is not
// checked is well only where somebody has chosen that for this run.
func unusedOTel(env *Env) Finding {
	tracer, from := env.config().Tracer, originOf(env.Loaded, "tracer")
	names := config.OTelVariables(env.Environ)
	if len(names) == 0 {
		return notUsed("the tracer is %s, and no variable says how OpenTelemetry is to send traces", tracer)
	}
	f := found(StatusWarn, codeOTelUnused, "%s: not read by tracer %s, and so not checked",
		strings.Join(names, ", "), tracer).hint("--tracer otel")
	switch {
	case from.Layer >= config.LayerOtdemo:
		f.Status = StatusOK
		f.Fact += ", chosen by " + from.String()
	case from.Layer == config.LayerDefault:
		if set := config.JaegerVariables(env.Environ); len(set) > 0 {
			f = f.saw("tracer " + tracer + " is checked, because of " + strings.Join(set, ", "))
		}
	}
	return f
}

// judgeOTel compares what the SDK would do with the configuration. What is wrong
// with both has a finding of its own elsewhere.
func judgeOTel(env *Env, plan otelPlan) Finding {
	const unless = "OpenTelemetry's SDK, unless the program's code says otherwise, "
	cfg := env.config()
	keeps, keepsHere := plan.keeps(), cfg.Sampler.Param
	target, here := plan.target(), env.path()
	mixedUp, mended := plan.mixedUp()
	switch {
	case plan.off != "" && !cfg.Disabled:
		return found(StatusWarn, codeOTelDisabled, "%ssends no spans: %s", unless, plan.off).hint(plan.offRemedy)
	case plan.off != "":
		return found(StatusOK, codeOTelAgrees, "OpenTelemetry's SDK sends no spans either: %s", plan.off)
	case mixedUp != "" && target != here:
		return found(StatusWarn, codeOTelContradicts, "%ssends to %s, this check to %s: %s", unless, target, here, mixedUp).hint(mended)
	case keeps <= 0 && keepsHere != 0:
		return found(StatusWarn, codeOTelKeepsNothing, "%sbegins no trace that is kept: the sampler is %s; this check samples %s %v",
			unless, plan.samples(), cfg.Sampler.Type, keepsHere).hint("OTEL_TRACES_SAMPLER=always_on")
	case keeps <= fewRate && keepsHere > fewRate:
		return found(StatusWarn, codeOTelKeepsFew, "%skeeps %s: the sampler is %s; this check samples %s %v",
			unless, rate(keeps), plan.samples(), cfg.Sampler.Type, keepsHere).hint("OTEL_TRACES_SAMPLER=always_on")
	case target != here:
		return found(StatusOK, codeOTelDiffers, "%ssends to %s, this check to %s", unless, target, here)
	default:
		return found(StatusOK, codeOTelAgrees, "OpenTelemetry's SDK samples %s and sends to %s, too", plan.samples(), target)
	}
}

// samples is the sampler with its argument.
func (p *otelPlan) samples() string {
	if p.arg == "" {
		return p.sampler
	}
	return p.sampler + " " + p.arg
}
