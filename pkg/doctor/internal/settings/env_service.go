package settings

import (
	"context"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeServiceFits       probe.Code = "service-name-fits"
	codeServiceMisleading probe.Code = "service-name-misleading"
)

// ServiceProbe checks the service name on the spans.
func ServiceProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDService,
		Hop:   probe.HopConfig,
		Title: "spans can be found by the service name",
		Codes: []probe.Code{codeServiceFits, codeServiceMisleading},
		Run:   runService,
	}
}

func runService(_ context.Context, env *probe.Env) probe.Finding {
	name := env.ServiceName()
	where := "service is from " + probe.Origin(env.Loaded, "service")
	var why string
	switch {
	case name != strings.TrimSpace(name):
		why = "begins or ends with a space, so it is a different service from the one without"
	case slices.Contains([]string{"empty-service-name", "missing-service-name"}, name),
		strings.HasPrefix(name, "unknown_service"):
		// Jaeger 1, Jaeger 2 and OpenTelemetry's SDK, in this order.
		why = "is the name given to spans that have none"
	case IsCheckOrJaeger(name):
		why = "is a name under which Jaeger or this check reports its own spans"
	default:
		return probe.Found(probe.StatusOK, codeServiceFits, "spans are reported as service %s", name).Saw(where)
	}
	return probe.Found(probe.StatusWarn, codeServiceMisleading, "service %q %s", name, why).Saw(where).Hint("--service shop")
}

// IsCheckOrJaeger reports whether a service is the doctor's, or one under which
// a Jaeger traces itself.
func IsCheckOrJaeger(service string) bool {
	return slices.Contains([]string{
		probe.CheckService, "jaeger", "jaeger-query", "jaeger-all-in-one", "jaeger-collector",
	}, service)
}
