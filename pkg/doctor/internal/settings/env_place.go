package settings

import (
	"context"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// The codes of what is found here.
const (
	codePlaceRemote    probe.Code = "agent-place-remote"
	codePlaceHere      probe.Code = "agent-place-here"
	CodePlaceContainer probe.Code = "agent-place-container"
)

// PlaceProbe reports what localhost means here. Other probes check whether
// spans arrive there: with a sidecar or the host's network they do.
func PlaceProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDPlace,
		Hop:   probe.HopResolve,
		Title: "the address of Jaeger refers to a known machine",
		Codes: []probe.Code{codePlaceRemote, codePlaceHere, CodePlaceContainer},
		Run:   runPlace,
	}
}

func runPlace(_ context.Context, env *probe.Env) probe.Finding {
	host, key := env.SpanHost(), "reporter.agent.host"
	if env.Config().UsesCollector() {
		key = "reporter.collector.endpoint"
	}
	where := key + " is from " + probe.Origin(env.Loaded, key)
	switch {
	case !hosts.IsLoopback(host):
		return probe.Found(probe.StatusOK, codePlaceRemote, "spans go to %s, not to a loopback address", host).Saw(where)
	case !env.InContainer():
		return probe.Found(probe.StatusOK, codePlaceHere, "%s is this machine", host).Saw(where)
	}
	f := probe.Found(probe.StatusOK, CodePlaceContainer,
		"%s is this container: correct with the host's network, wrong if Jaeger runs in another container", host)
	if env.InPod() {
		f.Fact = host + " is this pod: correct for a sidecar, wrong for an agent on each node"
	}
	return f.Saw(where).Hint(elsewhere(env))
}

// elsewhere is the setting that sends spans to another container, or to the node.
func elsewhere(env *probe.Env) string {
	switch in := send.ProtocolOf(&env.Target); {
	case !env.Config().UsesCollector() && env.InPod():
		return "env: [{name: JAEGER_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]"
	case !env.Config().UsesCollector():
		return "JAEGER_AGENT_HOST=jaeger"
	case in.Tracer == config.TracerJaeger:
		return "JAEGER_ENDPOINT=" + in.At("jaeger")
	case in.Scheme == probe.SchemeGRPC:
		return "OTEL_EXPORTER_OTLP_PROTOCOL=grpc OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:" + in.Port
	case in.Tracer == config.TracerOTel:
		return "OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:" + in.Port
	default:
		return "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=" + in.At(in.Tracer)
	}
}
