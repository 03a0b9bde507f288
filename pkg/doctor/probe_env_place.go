package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

const idPlace = "agent-place"

const (
	codePlaceRemote    Code = "agent-place-remote"
	codePlaceHere      Code = "agent-place-here"
	codePlaceContainer Code = "agent-place-container"
)

// placeProbe says what localhost means here. Whether spans get through there is
// for other probes to find out: with a sidecar or the host's network they do.
func placeProbe() Probe {
	return Probe{
		ID:    idPlace,
		Hop:   HopResolve,
		Title: "it is known which machine the address of Jaeger means",
		Codes: []Code{codePlaceRemote, codePlaceHere, codePlaceContainer},
		Run:   runPlace,
	}
}

func runPlace(_ context.Context, env *Env) Finding {
	host, key := env.spanHost(), "reporter.agent.host"
	if env.config().UsesCollector() {
		key = "reporter.collector.endpoint"
	}
	where := key + " is from " + origin(env.Loaded, key)
	switch {
	case !isLoopback(host):
		return found(StatusOK, codePlaceRemote, "spans go to %s, not to a loopback address", host).saw(where)
	case !env.inContainer():
		return found(StatusOK, codePlaceHere, "%s is this machine", host).saw(where)
	}
	f := found(StatusOK, codePlaceContainer,
		"%s is this container: right with the host's network, wrong for a Jaeger in another container", host)
	hint := "JAEGER_AGENT_HOST=jaeger"
	if env.inPod() {
		f.Fact = host + " is this pod: right for a sidecar, wrong for an agent on each node"
		hint = "env: [{name: JAEGER_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]"
	}
	if env.config().UsesCollector() {
		hint = hintPlace(intakeOf(&env.Target))
	}
	return f.saw(where).hint(hint)
}

// hintPlace is the variable that sends spans to another container.
func hintPlace(in intake) string {
	switch {
	case in.tracer == config.TracerJaeger:
		return "JAEGER_ENDPOINT=" + in.at("jaeger")
	case in.scheme == schemeGRPC:
		return "OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:" + in.port
	case in.tracer == config.TracerOTel:
		return "OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:" + in.port
	default:
		return "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=" + in.at(in.tracer)
	}
}

// inPod reports whether Kubernetes runs this process.
func (t *Target) inPod() bool {
	return slices.ContainsFunc(t.Environ, func(kv string) bool { return strings.HasPrefix(kv, "KUBERNETES_SERVICE_HOST=") })
}
