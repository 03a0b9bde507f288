package doctor

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/pkg/config"
)

const idConfig = "config-effective"

const (
	codeConfigEffective Code = "config-effective"
	codeConfigWarnings  Code = "config-warnings"
	codeTracerDisabled  Code = "tracer-disabled"
)

func configEffective() Probe {
	return Probe{
		ID:    idConfig,
		Hop:   HopConfig,
		Title: "the configuration makes a tracer that reports spans",
		Codes: []Code{codeConfigEffective, codeConfigWarnings, codeTracerDisabled},
		Run:   runConfigEffective,
	}
}

func runConfigEffective(_ context.Context, env *Env) Finding {
	cfg := env.config()
	var f Finding
	switch warnings := env.Loaded.Warnings; {
	case cfg.Disabled:
		f = found(StatusFail, codeTracerDisabled, "the tracer is disabled (%s)", origin(env.Loaded, "disabled")).
			hint("OTDEMO_DISABLED=false")
	case cfg.Tracer == "noop":
		f = found(StatusFail, codeTracerDisabled, "the tracer is noop (%s)", origin(env.Loaded, "tracer")).
			hint("--tracer jaeger")
	case len(warnings) == 1:
		f = found(StatusWarn, codeConfigWarnings, "%s", warnings[0].Text)
	case len(warnings) > 1:
		f = found(StatusWarn, codeConfigWarnings, "%s (and %d more)", warnings[0].Text, len(warnings)-1)
	default:
		f = found(StatusOK, codeConfigEffective, "tracer %s, service %s, sampler %s %v, spans to %s, read back at %s",
			cfg.Tracer, env.service(), cfg.Sampler.Type, cfg.Sampler.Param,
			env.path(), bareText(cfg.Query.URL))
	}
	for _, w := range env.Loaded.Warnings {
		f = f.saw(w.Text).hint(w.Hint)
	}
	return f.saw(notDefaults(env.Loaded)...)
}

// notDefaults lists the values that somebody chose, with where. Values come
// masked from pkg/config.
func notDefaults(loaded *config.Loaded) []string {
	var lines []string
	for _, v := range loaded.Values {
		if v.Origin.Layer != config.LayerDefault {
			lines = append(lines, fmt.Sprintf("%s = %s (%s)", v.Key, v.Text, v.Origin))
		}
	}
	return lines
}

// origin says where the value of key was written down.
func origin(loaded *config.Loaded, key string) string { return originOf(loaded, key).String() }

// originOf is where the value of a known key is from.
func originOf(loaded *config.Loaded, key string) config.Origin {
	for _, v := range loaded.Values {
		if v.Key == key {
			return v.Origin
		}
	}
	return config.Origin{}
}
