package settings

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeConfigEffective probe.Code = "config-effective"
	codeConfigWarnings  probe.Code = "config-warnings"
	codeTracerDisabled  probe.Code = "tracer-disabled"
)

// ConfigProbe reports the effective configuration and what is odd about it.
func ConfigProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDConfig,
		Hop:   probe.HopConfig,
		Title: "the configuration creates a tracer that reports spans",
		Codes: []probe.Code{codeConfigEffective, codeConfigWarnings, codeTracerDisabled},
		Run:   runConfig,
	}
}

func runConfig(_ context.Context, env *probe.Env) probe.Finding {
	cfg := env.Config()
	var f probe.Finding
	switch warnings := env.Loaded.Warnings; {
	case cfg.Disabled:
		f = probe.Found(probe.StatusFail, codeTracerDisabled, "the tracer is disabled (%s)", probe.Origin(env.Loaded, "disabled")).
			Hint(enabling(probe.OriginOf(env.Loaded, "disabled").Detail))
	case cfg.Tracer == "noop":
		f = probe.Found(probe.StatusFail, codeTracerDisabled, "the tracer is noop (%s)", probe.Origin(env.Loaded, "tracer")).
			Hint("--tracer jaeger")
	case len(warnings) == 1:
		f = probe.Found(probe.StatusWarn, codeConfigWarnings, "%s", warnings[0].Text)
	case len(warnings) > 1:
		f = probe.Found(probe.StatusWarn, codeConfigWarnings, "%s (and %d more)", warnings[0].Text, len(warnings)-1)
	default:
		f = probe.Found(probe.StatusOK, codeConfigEffective, "tracer %s, service %s, sampler %s %v, spans to %s, read back at %s",
			cfg.Tracer, env.ServiceName(), cfg.Sampler.Type, cfg.Sampler.Param,
			env.Path(), probe.BareText(cfg.Query.URL))
	}
	for _, w := range env.Loaded.Warnings {
		f = f.Saw(w.Text).Hint(w.Hint)
	}
	for _, v := range env.Loaded.Values {
		if v.Origin.Layer != config.LayerDefault {
			// pkg/config masks secret ones.
			f = f.Saw(fmt.Sprintf("%s = %s (%s)", v.Key, v.Text, v.Origin))
		}
	}
	return f
}

// enabling is the setting that ends what a variable disables, where the service would
// read it: a variable that disables the tracer is the service's too.
func enabling(variable string) string {
	switch variable {
	case "OTEL_TRACES_EXPORTER":
		return variable + "=otlp"
	case "OTEL_SDK_DISABLED", "JAEGER_DISABLED":
		return variable + "=false"
	default:
		return "OTDEMO_DISABLED=false"
	}
}
