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
// "Environment Variable Specification" and "OTLP exporter" 1.50.
type otelPlan struct {
	vars map[string]string
	// off is why it would send no spans, "" if it would.
	off, offRemedy string
	// sampler is in lower case, arg its argument as it was written.
	sampler, arg string
	// endpoint is as it was written, endpointFrom the variable that sets it, ""
	// for the default.
	endpoint, endpointFrom string
	// protocol is as it was written; grpc is set for gRPC.
	protocol string
	grpc     bool
}

// otelVariables returns the variables of OpenTelemetry that are set in an
// environment of "KEY=value". An SDK treats an empty one as unset.
func otelVariables(environ []string) map[string]string {
	vars := make(map[string]string)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, again := vars[name]; value != "" && !again && strings.HasPrefix(name, otelPrefix) {
			vars[name] = value
		}
	}
	return vars
}

func planFromOTel(vars map[string]string) otelPlan {
	p := otelPlan{
		vars:    vars,
		sampler: strings.ToLower(cmp.Or(vars["OTEL_TRACES_SAMPLER"], "parentbased_always_on")),
		arg:     vars["OTEL_TRACES_SAMPLER_ARG"],
	}
	switch exporter := vars["OTEL_TRACES_EXPORTER"]; {
	case strings.EqualFold(vars["OTEL_SDK_DISABLED"], "true"):
		p.off, p.offRemedy = "OTEL_SDK_DISABLED is true", "unset OTEL_SDK_DISABLED"
	case exporter != "" && !slices.Contains(strings.Split(exporter, ","), "otlp"):
		p.off, p.offRemedy = "OTEL_TRACES_EXPORTER is "+exporter, "OTEL_TRACES_EXPORTER=otlp"
	}
	p.protocol = cmp.Or(vars["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"], vars["OTEL_EXPORTER_OTLP_PROTOCOL"])
	p.grpc = strings.EqualFold(p.protocol, "grpc")
	p.endpoint = "http://localhost:" + send.PortOTLPHTTP
	if p.grpc {
		p.endpoint = "http://localhost:" + send.PortOTLPGRPC
	}
	switch {
	case vars[envTracesEndpoint] != "":
		p.endpointFrom = envTracesEndpoint
	case vars[envEndpoint] != "":
		p.endpointFrom = envEndpoint
	}
	p.endpoint = cmp.Or(vars[p.endpointFrom], p.endpoint)
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

// isSecret reports whether a variable's value must not be shown: headers carry
// tokens.
func isSecret(name string) bool {
	return strings.Contains(name, "HEADERS") || strings.Contains(name, "KEY") || strings.Contains(name, "TOKEN")
}

// inEffect reports for each variable whether the configuration has its value,
// and if not, what overrides it.
func (p *otelPlan) inEffect(loaded *config.Loaded) []string {
	used := make(map[string]string)
	for _, v := range loaded.Values {
		if strings.HasPrefix(v.Origin.Detail, otelPrefix) && v.Key != "tracer" {
			used[v.Origin.Detail] = v.Key
		}
	}
	var lines []string
	names := make([]string, 0, len(p.vars))
	for name := range p.vars {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := p.vars[name]
		if strings.Contains(name, "ENDPOINT") {
			value = probe.BareText(value)
		}
		if isSecret(name) {
			value = "(not shown)"
		}
		lines = append(lines, fmt.Sprintf("%s=%s: %s", name, value, p.effect(loaded, name, used[name])))
	}
	return lines
}

// effect returns what a variable does here; key is the one that it has set.
func (p *otelPlan) effect(loaded *config.Loaded, name, key string) string {
	if key != "" {
		return "in effect, as " + key
	}
	for _, k := range config.Keys() {
		if !slices.Contains(k.OTel, name) {
			continue
		}
		if p.vars[name] == p.protocol && strings.HasSuffix(name, "_PROTOCOL") && strings.HasPrefix(probe.Origin(loaded, k.Name), otelPrefix) {
			return "in effect, for " + k.Name
		}
		return fmt.Sprintf("not in effect: %s is from %s", k.Name, probe.Origin(loaded, k.Name))
	}
	for _, prefix := range []string{"EXPORTER_OTLP_", "BSP_", "SPAN_", "ATTRIBUTE_", "EVENT_", "LINK_"} {
		if strings.HasPrefix(name, otelPrefix+prefix) {
			return "read by the SDK itself"
		}
	}
	return "does not affect spans here"
}
