package doctor

import (
	"context"
	"slices"
	"strings"
)

const idService = "service-name"

const (
	codeServiceFits       Code = "service-name-fits"
	codeServiceMisleading Code = "service-name-misleading"
)

func serviceProbe() Probe {
	return Probe{
		ID:    idService,
		Hop:   HopConfig,
		Title: "spans will be found under the service's name",
		Codes: []Code{codeServiceFits, codeServiceMisleading},
		Run:   runService,
	}
}

func runService(_ context.Context, env *Env) Finding {
	name := env.service()
	where := "service is from " + origin(env.Loaded, "service")
	var why string
	switch {
	case name != strings.TrimSpace(name):
		why = "begins or ends with a space, so that it is another service than the one without"
	case slices.Contains([]string{"empty-service-name", "missing-service-name"}, name),
		strings.HasPrefix(name, "unknown_service"):
		// Jaeger 1, Jaeger 2 and OpenTelemetry's SDK, in this order.
		why = "is the name for spans that have none"
	case isCheckOrJaeger(name):
		why = "is a name under which Jaeger or this check reports its own spans"
	default:
		return found(StatusOK, codeServiceFits, "spans are of service %s", name).saw(where)
	}
	return found(StatusWarn, codeServiceMisleading, "service %q %s", name, why).saw(where).hint("--service shop")
}
