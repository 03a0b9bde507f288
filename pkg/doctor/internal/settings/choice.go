package settings

import (
	"context"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeTracerChosen          probe.Code = "tracer-chosen"
	codeTracerFromEnvironment probe.Code = "tracer-from-environment"
	codeTracerUnchecked       probe.Code = "tracer-unchecked"
)

// ChoiceProbe reports which tracer is checked and why, and which libraries the
// environment configures that otdemo has no tracer for: the findings of this
// check are not about those.
func ChoiceProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDChoice,
		Hop:   probe.HopConfig,
		Title: "the checked tracer is the one that this environment configures",
		Codes: []probe.Code{codeTracerChosen, codeTracerFromEnvironment, codeTracerUnchecked},
		Run:   runChoice,
	}
}

func runChoice(_ context.Context, env *probe.Env) probe.Finding {
	tracer, from := env.Config().Tracer, probe.OriginOf(env.Loaded, "tracer")
	var f probe.Finding
	switch from.Layer {
	case config.LayerDefault:
		f = probe.Found(probe.StatusOK, codeTracerChosen, "checking tracer %s, the default", tracer)
	case config.LayerOTel:
		f = probe.Found(probe.StatusOK, codeTracerFromEnvironment,
			"checking tracer %s because of %s: no flag, file, OTDEMO_TRACER or JAEGER_* variable selects another", tracer, from).
			Hint("--tracer jaeger")
	case config.LayerFile, config.LayerJaeger, config.LayerOtdemo, config.LayerFlag:
		f = probe.Found(probe.StatusOK, codeTracerChosen, "checking tracer %s, set by %s", tracer, from)
	}
	others := config.OtherLibraryVariables(env.Environ)
	if len(others) == 0 {
		return f
	}
	return probe.Found(probe.StatusWarn, codeTracerUnchecked, "%s: not read by tracer %s, so not checked",
		strings.Join(others, ", "), tracer).Saw(f.Fact).Hint("otdemo check-jaeger --through URL (with the service's URL)")
}
