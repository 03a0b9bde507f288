package settings

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// otelPrefix is that of OpenTelemetry's variables. The first endpoint is taken as
// it stands, to the second the path for traces is added.
const (
	otelPrefix        = "OTEL_"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
)

// otelPlan is what OpenTelemetry's SDK makes of an environment, by its
// "Environment Variable Specification" and "OTLP exporter" 1.50. An SDK treats an empty
// variable as unset.
type otelPlan struct {
	// off is the variable because of which it would send no spans, "" if it would.
	off string
	// sampler is in lower case, arg its argument as it was written.
	sampler, arg string
	// endpoint is as it was written, endpointFrom the variable that sets it, ""
	// for the default.
	endpoint, endpointFrom string
	// protocol is as it was written; grpc is set for gRPC.
	protocol string
	grpc     bool
}

func planFromOTel(env *probe.Env) otelPlan {
	p := otelPlan{
		sampler: strings.ToLower(cmp.Or(env.Env("OTEL_TRACES_SAMPLER"), "parentbased_always_on")),
		arg:     env.Env("OTEL_TRACES_SAMPLER_ARG"),
	}
	switch exporter := env.Env("OTEL_TRACES_EXPORTER"); {
	case strings.EqualFold(env.Env("OTEL_SDK_DISABLED"), "true"):
		p.off = "OTEL_SDK_DISABLED"
	case exporter != "" && !slices.Contains(strings.Split(exporter, ","), "otlp"):
		p.off = "OTEL_TRACES_EXPORTER"
	}
	p.protocol = cmp.Or(env.Env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), env.Env("OTEL_EXPORTER_OTLP_PROTOCOL"))
	p.grpc = strings.EqualFold(p.protocol, "grpc")
	p.endpoint = "http://localhost:" + send.PortOTLPHTTP
	if p.grpc {
		p.endpoint = "http://localhost:" + send.PortOTLPGRPC
	}
	for _, name := range []string{envEndpoint, envTracesEndpoint} {
		if endpoint := env.Env(name); endpoint != "" {
			p.endpoint, p.endpointFrom = endpoint, name
		}
	}
	return p
}

// keeps returns the share of traces started in the process that are kept. An
// argument that is not a rate is 1, as in the SDKs.
func (p *otelPlan) keeps() float64 {
	switch strings.TrimPrefix(p.sampler, "parentbased_") {
	case "always_off":
		return 0
	case "traceidratio":
		rate, err := strconv.ParseFloat(p.arg, 64)
		if err == nil && rate >= 0 && rate < 1 {
			return rate
		}
	}
	return 1
}

// target is where spans go, in the form of Target.path.
func (p *otelPlan) target() string {
	u, err := url.Parse(p.endpoint)
	if err != nil {
		return "(no URL)"
	}
	switch {
	case p.grpc && u.Scheme == "https":
		u.Scheme, u.Path = probe.SchemeGRPCS, ""
	case p.grpc:
		u.Scheme, u.Path = probe.SchemeGRPC, ""
	case p.endpointFrom != envTracesEndpoint:
		u = u.JoinPath("v1", "traces")
	}
	return probe.Bare(u)
}

// protocolMismatch reports that the endpoint's port is for the other protocol,
// and the fix; "" if it is not.
func (p *otelPlan) protocolMismatch() (text, hint string) {
	u, err := url.Parse(p.endpoint)
	switch {
	case err != nil, p.endpointFrom == "":
		return "", ""
	case u.Port() == send.PortOTLPGRPC && !p.grpc:
		return fmt.Sprintf("%s has port %s, which is for gRPC, but the protocol is OTLP over HTTP", p.endpointFrom, send.PortOTLPGRPC),
			"OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
	case u.Port() == send.PortOTLPHTTP && p.grpc:
		return fmt.Sprintf("%s has port %s, which is for HTTP, but the protocol is gRPC", p.endpointFrom, send.PortOTLPHTTP),
			"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
	default:
		return "", ""
	}
}

func otelVariables(environ []string) []string {
	var names []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" && strings.HasPrefix(name, otelPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inEffect reports for each variable whether the configuration has its value,
// and if not, what overrides it. Headers carry tokens, so they are not shown.
func (p *otelPlan) inEffect(env *probe.Env) []string {
	var lines []string
	for _, name := range otelVariables(env.Environ) {
		value := env.Env(name)
		isPart := func(part string) bool { return strings.Contains(name, part) }
		switch {
		case slices.ContainsFunc([]string{"HEADERS", "KEY", "TOKEN"}, isPart):
			value = "(not shown)"
		case isPart("ENDPOINT"):
			value = probe.BareText(value)
		}
		lines = append(lines, fmt.Sprintf("%s=%s: %s", name, value, p.effect(env, name)))
	}
	return lines
}

func (p *otelPlan) effect(env *probe.Env, name string) string {
	for _, v := range slices.Backward(env.Loaded.Values) {
		if v.Origin.Detail == name && v.Key != "tracer" {
			return "in effect, as " + v.Key
		}
	}
	for _, k := range config.Keys() {
		if !slices.Contains(k.OTel, name) {
			continue
		}
		origin := probe.Origin(env.Loaded, k.Name)
		if strings.HasSuffix(name, "_PROTOCOL") && env.Env(name) == p.protocol && strings.HasPrefix(origin, otelPrefix) {
			return "in effect, for " + k.Name
		}
		return fmt.Sprintf("not in effect: %s is from %s", k.Name, origin)
	}
	for _, prefix := range []string{"EXPORTER_OTLP_", "BSP_", "SPAN_", "ATTRIBUTE_", "EVENT_", "LINK_"} {
		if strings.HasPrefix(name, otelPrefix+prefix) {
			return "read by the SDK itself"
		}
	}
	return "does not affect spans here"
}
