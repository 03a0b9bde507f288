package canary

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The codes of what is found here.
const (
	CodePathWorks  probe.Code = "other-path-works"
	codePathLoses  probe.Code = "other-path-loses"
	codePathNoHelp probe.Code = "other-path-no-help"
)

// IngestPath is one path into a Jaeger other than the configured one.
type IngestPath struct {
	ID, name string
	port     int
	// encoding is that of datagrams, nil for a path over TCP. Its protocol is in.
	encoding send.Encoding
	in       send.Protocol
	// enable is what opens the port in a Jaeger 1.
	enable string
}

// IngestPaths returns all IngestPaths but thrift over HTTP, which has a probe of its own.
func IngestPaths() []IngestPath {
	const (
		compact    = "compact thrift over UDP"
		enableOTLP = "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)"
	)
	return []IngestPath{
		{ID: probe.IDUDPCompact, name: compact, port: jaegers.PortCompact, encoding: send.CompactProtocol},
		{ID: "udp-binary-path", name: "binary thrift over UDP", port: jaegers.PortBinary, encoding: send.BinaryProtocol},
		{ID: "udp-zipkin-path", name: compact, port: jaegers.PortZipkin, encoding: send.CompactProtocol},
		{ID: probe.IDOTLPGRPCPath, name: "OTLP over gRPC", port: 4317, in: send.ByPath(probe.IDOTLPGRPCPath), enable: enableOTLP},
		{ID: probe.IDOTLPPath, name: "OTLP in JSON over HTTP", port: 4318, in: send.OTLPInJSON(), enable: enableOTLP},
		{
			ID: probe.IDZipkinPath, name: "Zipkin's JSON over HTTP", port: 9411, in: send.ByPath(probe.IDZipkinPath),
			enable: "COLLECTOR_ZIPKIN_HOST_PORT=:9411 (for Jaeger 1)",
		},
	}
}

// PathProbes returns probes that check, if spans do not arrive by the
// configured path, which other paths into the same Jaeger work. That separates
// the network from Jaeger, and each working path is a workaround.
func PathProbes() []probe.Probe {
	var probes []probe.Probe
	for _, w := range IngestPaths() {
		probes = append(probes, probe.Probe{
			ID:        w.ID,
			Hop:       probe.HopDelivery,
			Title:     fmt.Sprintf("a span sent to port %d as %s arrives", w.port, w.name),
			Needs:     []string{probe.IDQuery},
			From:      []string{probe.IDCanary},
			After:     []string{probe.IDHost, probe.IDIdentity, probe.IDUDP, probe.IDCollector, probe.IDCanary},
			Unbounded: true,
			Advisory:  true,
			Codes:     []probe.Code{CodePathWorks, codePathLoses, codePathNoHelp},
			Run:       w.run,
		})
	}
	return probes
}

func (w IngestPath) run(ctx context.Context, env *probe.Env) probe.Finding {
	host := env.SpanHost()
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	switch {
	case !env.Thorough && !env.LosesSpans():
		return probe.NotUsed("spans arrive by the configured path")
	case w.configured(env):
		return probe.NotUsed("this is the configured path")
	case host == "" || env.Failed(probe.IDHost):
		return probe.NotUsed("no host to send to")
	case w.port == jaegers.PortZipkin && jaeger.RunsOn(host) && jaeger.All(identity.LacksUDP(w.port)):
		return probe.NotUsed("%s has no port %d", jaeger, w.port)
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	start := time.Now()
	a := w.send(ctx, env, host)
	if a.Problem != nil {
		f := probe.Unknown(codePathNoHelp, "%s: %v", w.name, a.Problem)
		if a.Evidence != "" {
			f = f.Saw(a.Evidence)
		}
		if a.Err != nil && jaeger.Major != 2 {
			// The port is closed, which is the default of older versions.
			f = f.Hint(w.enable)
		}
		return f
	}
	if err := readTrace(ctx, env, a.Trace); err != nil {
		return probe.Unknown(codePathLoses, "a span sent to %s as %s was not found after %s",
			a.Target, w.name, probe.RoundTime(time.Since(start))).
			Saw(a.Evidence, err.Error())
	}
	f := probe.OK(CodePathWorks, "a span sent to %s as %s was read back", a.Target, w.name).Saw(a.Evidence)
	if w.encoding == nil && w.in.Tracer == env.Config().Tracer {
		env.Publish(Alternative{w.in.Flag(host)})
		return f.Hint(w.in.Flag(host))
	}
	return f.Hint(w.hints(env.Config(), host)...)
}

func (w IngestPath) send(ctx context.Context, env *probe.Env, host string) send.Attempt {
	span := send.NewRawSpan(w.ID, time.Now())
	if w.encoding != nil {
		return span.SendUDP(ctx, env, net.JoinHostPort(host, strconv.Itoa(w.port)), w.encoding)
	}
	return w.in.Send(ctx, env, w.in.URL(host), span, false)
}

// hints are the settings that make a program use the path, with another tracer
// than the configured one if need be.
func (w IngestPath) hints(cfg *config.Config, host string) []string {
	switch w.ID {
	case probe.IDUDPCompact:
		switch {
		case cfg.Tracer != config.TracerJaeger && cfg.Tracer != config.TracerNoop:
			return []string{"--tracer jaeger --collector-endpoint '' --agent-host " + host}
		case cfg.UsesCollector():
			return []string{"--collector-endpoint '' --agent-host " + host}
		}
		return []string{"--agent-port " + strconv.Itoa(w.port)}
	case probe.IDOTLPGRPCPath, probe.IDOTLPPath:
		environ := "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + w.in.URL(host).Host + " (for OpenTelemetry)"
		if w.ID == probe.IDOTLPGRPCPath {
			environ = "OTEL_EXPORTER_OTLP_PROTOCOL=grpc " + environ
		}
		return []string{environ, w.in.TracerFlag(host)}
	case probe.IDZipkinPath:
		return []string{w.in.TracerFlag(host)}
	}
	return nil
}

// Alternative is published by a path that works and that the configured tracer
// supports: the flag that selects it.
type Alternative struct{ Flag string }

func (w IngestPath) configured(env *probe.Env) bool {
	cfg := env.Config()
	if !cfg.UsesCollector() {
		return cfg.Reporter.Agent.Port == w.port && !transport.IsTCPOnly(w.port)
	}
	u, err := env.Collector()
	return send.ProtocolOf(&env.Target).PathID == w.ID && err == nil && probe.PortOf(u) == w.in.Port
}

// The codes of what is found here.
const (
	CodeHTTPPathWorks   probe.Code = "http-path-works"
	codeHTTPPathAccepts probe.Code = "http-path-accepts"
	codeHTTPPathNoHelp  probe.Code = "http-path-no-help"
)

// HTTPPathProbe checks, if spans do not arrive over UDP, whether they would
// over HTTP. That separates the network from Jaeger, and the hint works around
// the fault. It decides nothing, since the configuration does not use HTTP.
func HTTPPathProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDHTTPPath,
		Hop:       probe.HopDelivery,
		Title:     "thrift over HTTP to the same host works",
		Needs:     []string{probe.IDHost, probe.IDQuery},
		From:      []string{probe.IDCanary},
		After:     []string{probe.IDUDP, probe.IDCanary},
		Unbounded: true,
		Advisory:  true,
		Codes:     []probe.Code{CodeHTTPPathWorks, codeHTTPPathAccepts, codeHTTPPathNoHelp},
		Run:       runHTTPPath,
	}
}

func runHTTPPath(ctx context.Context, env *probe.Env) probe.Finding {
	switch {
	case env.Config().UsesCollector():
		return probe.NotUsed("spans already go to a collector")
	case env.Thorough:
	case env.Passed(probe.IDCanary):
		return probe.NotUsed("spans arrive over UDP")
	case !env.Failed(probe.IDUDP) && !env.Failed(probe.IDCanary):
		return probe.NotUsed("no failure over UDP was found")
	}
	in := send.ByPath(probe.IDHTTPPath)
	endpoint := in.URL(env.Config().Reporter.Agent.Host)
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	a := in.Send(ctx, env, endpoint, send.NewRawSpan(probe.IDHTTPPath, time.Now()), false)
	if a.Err != nil {
		f := probe.OneCode(codeHTTPPathNoHelp).Finding(endpoint, a.Err)
		f.Status = probe.StatusUnknown
		return f
	}
	if a.Problem != nil {
		return probe.Unknown(codeHTTPPathNoHelp, "%v", a.Problem).Saw(a.Evidence)
	}
	hint := "--collector-endpoint " + a.Target
	if err := readTrace(ctx, env, a.Trace); err != nil {
		return probe.Unknown(codeHTTPPathAccepts, "%s accepted a span with %d, but the span was not read back", a.Target, http.StatusAccepted).
			Saw(a.Evidence, err.Error()).Hint(hint)
	}
	return probe.OK(CodeHTTPPathWorks, "HTTP port %s works: a span sent there was read back", in.Port).
		Saw(a.Evidence, fmt.Sprintf("read trace %s back", a.Trace)).Hint(hint)
}

// readTrace waits until the query API has the trace.
func readTrace(ctx context.Context, env *probe.Env, id trace.TraceID) error {
	client, err := env.NewQuery()
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.WaitTrace(ctx, id, nil)
	return err
}
