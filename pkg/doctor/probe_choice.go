package doctor

import (
	"context"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

const idChoice = "tracer-choice"

const (
	codeChoiceGiven       Code = "tracer-chosen"
	codeChoiceEnvironment Code = "tracer-from-environment"
	codeChoiceUnchecked   Code = "tracer-unchecked"
)

// choiceProbe says which tracer is checked and why, and which libraries the
// environment configures that no tracer here stands for: nothing that this check
// finds is about those.
func choiceProbe() Probe {
	return Probe{
		ID:    idChoice,
		Hop:   HopConfig,
		Title: "the tracer that is checked is the one that this environment configures",
		Codes: []Code{codeChoiceGiven, codeChoiceEnvironment, codeChoiceUnchecked},
		Run:   runChoice,
	}
}

func runChoice(_ context.Context, env *Env) Finding {
	tracer, from := env.config().Tracer, originOf(env.Loaded, "tracer")
	var f Finding
	switch from.Layer {
	case config.LayerDefault:
		f = found(StatusOK, codeChoiceGiven, "tracer %s is checked, the default", tracer)
	case config.LayerOTel:
		f = found(StatusOK, codeChoiceEnvironment,
			"tracer %s is checked, because of %s: no flag, file, OTDEMO_TRACER or JAEGER_* variable chooses another", tracer, from).
			hint("--tracer jaeger")
	case config.LayerFile, config.LayerJaeger, config.LayerOtdemo, config.LayerFlag:
		f = found(StatusOK, codeChoiceGiven, "tracer %s is checked, by %s", tracer, from)
	}
	others := config.OtherLibraryVariables(env.Environ)
	if len(others) == 0 {
		return f
	}
	return found(StatusWarn, codeChoiceUnchecked, "%s: not read by tracer %s, and so not checked",
		strings.Join(others, ", "), tracer).saw(f.Fact).hint("otdemo check-jaeger --through URL (with the service's URL)")
}
