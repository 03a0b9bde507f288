package canary

import (
	"context"
	"net"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

const (
	codeProtocolAgrees  probe.Code = "otel-protocol-agrees"
	codeProtocolDiffers probe.Code = "otel-protocol-differs"
)

// The SDKs by the protocol that they use when OTEL_EXPORTER_OTLP_PROTOCOL is not set.
const (
	byHTTP = "OTLP over HTTP, the default of Go, Node.js and Java's agent"
	byGRPC = "OTLP over gRPC, the default of Python, .NET and Java's SDK"
)

// OnlyOverGRPC is published when a span arrives over gRPC, and none over HTTP.
type OnlyOverGRPC struct{}

// ProtocolProbe sends a span over gRPC where the environment, which chose tracer otel,
// does not say the protocol: this check uses HTTP then, and an SDK whose default is gRPC
// does not.
func ProtocolProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDOTelProtocol,
		Hop:       probe.HopDelivery,
		Title:     "spans of every SDK of OpenTelemetry arrive, whichever its default protocol is",
		Needs:     []string{probe.IDQuery},
		From:      []string{probe.IDCanary},
		After:     []string{probe.IDIdentity, probe.IDUDP, probe.IDCollector, probe.IDCanary},
		Unbounded: true,
		Advisory:  true,
		Codes:     []probe.Code{codeProtocolAgrees, codeProtocolDiffers},
		Run:       runProtocol,
	}
}

func runProtocol(ctx context.Context, env *probe.Env) probe.Finding {
	endpoint, ok := undecidedEndpoint(env)
	overHTTP := env.Passed(probe.IDCanary)
	switch {
	case !ok:
		return probe.NotUsed("the protocol is known")
	case !overHTTP && !env.LosesSpans():
		return probe.NotUsed("whether spans arrive over HTTP is unknown")
	}
	onlyHTTP := probe.Warn(codeProtocolDiffers, "OTEL_EXPORTER_OTLP_PROTOCOL is not set: spans arrive by %s, and not by %s",
		byHTTP, byGRPC).Hint("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf")
	backend, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	samePort := probe.OriginOf(env.Loaded, "reporter.collector.endpoint").Layer != config.LayerDefault
	if overHTTP && samePort && backend.Embedded && backend.RunsOn(endpoint.Hostname()) {
		// It would count the call as a lost batch.
		return onlyHTTP.Saw(backend.String() + " receives one protocol on each port")
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	span := send.NewRawSpan(probe.IDOTelProtocol, time.Now())
	env.Sent.Add(span.ID, false)
	a := send.ByPath(probe.IDOTLPGRPCPath).Send(ctx, env, endpoint, span, true)
	problem := a.Problem
	if problem == nil {
		problem = readTrace(ctx, env, span.ID)
	}
	switch {
	case problem == nil && overHTTP:
		return probe.OK(codeProtocolAgrees, "spans arrive at %s over gRPC as well", endpoint.Host).Saw(a.Evidence)
	case problem == nil:
		env.Publish(OnlyOverGRPC{})
		return probe.Warn(codeProtocolDiffers, "OTEL_EXPORTER_OTLP_PROTOCOL is not set: spans reach %s by %s, and not by %s",
			endpoint.Host, byGRPC, byHTTP).Saw(a.Evidence).Hint("OTEL_EXPORTER_OTLP_PROTOCOL=grpc")
	case !overHTTP:
		return probe.NotUsed("spans do not arrive over gRPC either: %v", problem)
	default:
		return onlyHTTP.Saw(a.Evidence, problem.Error())
	}
}

// undecidedEndpoint is where an SDK whose default is gRPC would send; false when the
// protocol, the tracer or the endpoint was chosen.
func undecidedEndpoint(env *probe.Env) (*url.URL, bool) {
	from := probe.OriginOf(env.Loaded, "reporter.collector.endpoint").Layer
	if env.OTLPVariable("PROTOCOL") != "" || probe.OriginOf(env.Loaded, "tracer").Layer != config.LayerOTel ||
		from != config.LayerOTel && from != config.LayerDefault {
		return nil, false
	}
	endpoint, err := env.Collector()
	if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return nil, false
	}
	grpc := &url.URL{Scheme: probe.SchemeGRPC, Host: endpoint.Host}
	if endpoint.Scheme == "https" {
		grpc.Scheme = probe.SchemeGRPCS
	}
	if from == config.LayerDefault {
		grpc.Host = net.JoinHostPort(endpoint.Hostname(), send.PortOTLPGRPC)
	}
	return grpc, true
}
