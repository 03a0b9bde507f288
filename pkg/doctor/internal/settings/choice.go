package settings

import (
	"context"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeChoiceGiven       probe.Code = "tracer-chosen"
	codeChoiceEnvironment probe.Code = "tracer-from-environment"
	codeChoiceUnchecked   probe.Code = "tracer-unchecked"
)

// ChoiceProbe says which tracer is checked and why, and which libraries the
// environment configures that no tracer here stands for: nothing that this check
// finds is about those.
func ChoiceProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDChoice,
		Hop:   probe.HopConfig,
		Title: "the tracer that is checked is the one that this environment configures",
		Codes: []probe.Code{codeChoiceGiven, codeChoiceEnvironment, codeChoiceUnchecked},
		Run:   runChoice,
	}
}

func runChoice(_ context.Context, env *probe.Env) probe.Finding {
	tracer, from := env.Config().Tracer, probe.OriginOf(env.Loaded, "tracer")
	var f probe.Finding
	switch from.Layer {
	case config.LayerDefault:
		f = probe.Found(probe.StatusOK, codeChoiceGiven, "tracer %s is checked, the default", tracer)
	case config.LayerOTel:
		f = probe.Found(probe.StatusOK, codeChoiceEnvironment,
			"tracer %s is checked, because of %s: no flag, file, OTDEMO_TRACER or JAEGER_* variable chooses another", tracer, from).
			Hint("--tracer jaeger")
	case config.LayerFile, config.LayerJaeger, config.LayerOtdemo, config.LayerFlag:
		f = probe.Found(probe.StatusOK, codeChoiceGiven, "tracer %s is checked, by %s", tracer, from)
	}
	others := config.OtherLibraryVariables(env.Environ)
	if len(others) == 0 {
		return f
	}
	return probe.Found(probe.StatusWarn, codeChoiceUnchecked, "%s: not read by tracer %s, and so not checked",
		strings.Join(others, ", "), tracer).Saw(f.Fact).Hint("otdemo check-jaeger --through URL (with the service's URL)")
}
