package transport

import (
	"context"
	"net/url"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// The codes of what is found here.
const (
	codeCollectorAccepts      probe.Code = "collector-accepts"
	CodeCollectorConnects     probe.Code = "collector-connects"
	codeCollectorURLInvalid   probe.Code = "collector-url-invalid"
	CodeCollectorTLS          probe.Code = "collector-tls-mismatch"
	codeCollectorCertificate  probe.Code = "collector-certificate"
	CodeCollectorProtocol     probe.Code = "collector-not-http"
	CodeCollectorNotGRPC      probe.Code = "collector-not-grpc"
	CodeCollectorNotJaeger    probe.Code = "collector-wrong-port"
	CodeCollectorPath         probe.Code = "collector-path-wrong"
	codeCollectorUnauthorized probe.Code = "collector-unauthorized"
	codeCollectorRedirects    probe.Code = "collector-redirects"
	CodeCollectorMediaType    probe.Code = "collector-media-type"
	codeCollectorRejects      probe.Code = "collector-rejects"
)

func collectorFaults() probe.FaultCodes {
	return probe.FaultCodes{
		Refused: probe.CodeCollectorRefused, Unresolved: probe.CodeCollectorUnresolved, Timeout: probe.CodeCollectorTimeout,
		TLS: CodeCollectorTLS, Certificate: codeCollectorCertificate, Protocol: CodeCollectorProtocol,
		Other: probe.CodeCollectorUnreachable,
	}
}

// CollectorProbe sends a span of the doctor's own in the protocol of the
// configured tracer. It has kept its name from when that was always HTTP.
func CollectorProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDCollector,
		Hop:   probe.HopNetwork,
		Title: "the collector accepts spans",
		// Jaeger's counters are read before the first span.
		Follows: []string{probe.IDStorageKind},
		Codes: append(
			collectorFaults().All(), codeCollectorAccepts, CodeCollectorConnects, codeCollectorURLInvalid, CodeCollectorNotJaeger,
			CodeCollectorPath, codeCollectorUnauthorized, codeCollectorRedirects, CodeCollectorMediaType,
			codeCollectorRejects, probe.CodeCollectorError, CodeCollectorNotGRPC,
		),
		Run: runCollector,
	}
}

func runCollector(ctx context.Context, env *probe.Env) probe.Finding {
	if !env.Config().UsesCollector() {
		return probe.NotUsed("spans go to the agent; no collector endpoint is set")
	}
	in := send.ProtocolOf(&env.Target)
	endpoint, err := env.Collector()
	if err != nil {
		return probe.Found(probe.StatusFail, codeCollectorURLInvalid, "reporter.collector.endpoint is not a valid URL: %v", probe.WithoutURL(err)).
			AtHop(probe.HopConfig).Hint(in.Flag("localhost"))
	}
	if in.Scheme == probe.SchemeTCP {
		return connectCollector(ctx, env, in, endpoint)
	}
	span := send.NewRawSpan(probe.IDCollector, time.Now())
	env.Sent.Add(span.ID, false)
	a := in.Send(ctx, env, endpoint, span, true)
	switch {
	case in.Scheme == probe.SchemeGRPC && a.Err != nil:
		return noGRPC(ctx, env, in, endpoint, a.Err).Saw(a.Evidence)
	case in.Scheme == probe.SchemeGRPC:
		return judgeCall(in, endpoint, a.GRPCStatus).Saw(a.Evidence)
	case a.Err != nil:
		return noResponse(in, endpoint, a.Err)
	default:
		return judgePost(in, a.Response).Saw(a.Evidence)
	}
}

// noResponse returns the finding for a span without a response.
func noResponse(in send.Protocol, endpoint *url.URL, err error) probe.Finding {
	f := collectorFaults().Finding(endpoint, err)
	host := endpoint.Hostname()
	switch f.Code {
	case probe.CodeCollectorRefused:
		f = f.Maybe(causesCollectorClosed(in, endpoint)...)
		if probe.IsLoopback(host) {
			return f.Hint("docker run -p " + in.Port + ":" + in.Port + " ...")
		}
		return f.Hint("nc -vz " + host + " " + probe.PortOf(endpoint))
	case codeCollectorCertificate:
		return f.Hint("SSL_CERT_FILE=ca.pem otdemo check-jaeger (with the authority that signed it)")
	case probe.CodeCollectorUnreachable:
		return f.Hint("curl -sSv "+probe.Bare(endpoint)).Maybe(
			probe.Cause{
				Text:    "a proxy or a service mesh in between requires mutual TLS",
				Command: "openssl s_client -connect " + probe.DialAddr(endpoint),
			},
			probe.Cause{Text: "the collector closes the connection", Command: probe.HintLogs},
		)
	case probe.CodeCollectorUnresolved:
		return f.AtHop(probe.HopResolve).Hint("getent hosts " + host)
	case CodeCollectorTLS:
		return f.Hint("--collector-endpoint " + probe.OtherScheme(endpoint))
	case CodeCollectorProtocol:
		return in.WithWrongPortHint(f.Hint(in.Flag(host)), endpoint)
	case probe.CodeCollectorTimeout:
		return f.Hint("nc -vz "+host+" "+probe.PortOf(endpoint)).Maybe(
			probe.Cause{Text: "a firewall or a network policy drops packets to the port"},
			probe.Cause{Text: "the host is down"},
			probe.Cause{Text: "the collector is overloaded and does not respond"},
		)
	default:
		return f
	}
}

// causesCollectorClosed are the explanations of a closed TCP port.
func causesCollectorClosed(in send.Protocol, endpoint *url.URL) []probe.Cause {
	return append([]probe.Cause{
		{
			Text:    "Jaeger's container does not publish " + probe.PortOf(endpoint),
			Command: "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'",
		},
		{
			Text:    "Jaeger has exited: its storage is unreachable",
			Command: "docker ps -a --filter status=exited",
		},
		{
			Text:    "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it",
			Command: "ss -lntp 'sport = :" + probe.PortOf(endpoint) + "' (on Jaeger's host)",
		},
	}, in.Closed...)
}

// connectCollector connects to Appdash's collector, which never responds.
func connectCollector(ctx context.Context, env *probe.Env, in send.Protocol, endpoint *url.URL) probe.Finding {
	addr := probe.DialAddr(endpoint)
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return noResponse(in, endpoint, err)
	}
	_ = conn.Close()
	f := probe.Found(probe.StatusOK, CodeCollectorConnects, "tcp %s accepts connections; Appdash does not respond to spans, so this proves no more", addr).
		Saw("tcp " + addr + ": connected")
	const portAppdashPage = "7700"
	if _, other := in.PortOwner(endpoint); !other && endpoint.Port() != portAppdashPage && endpoint.Port() != probe.PortUI {
		return f
	}
	// The number is another program's. Only then is anything sent that a
	// collector of Appdash's would not read.
	page, err := probe.Fetch(ctx, env, &url.URL{Scheme: "http", Host: addr, Path: "/"}, probe.MaxAnswer)
	if err != nil && probe.Classify(err) != probe.FaultProtocol && probe.Classify(err) != probe.FaultTLS {
		return f
	}
	f = probe.Found(probe.StatusFail, CodeCollectorNotJaeger, "tcp %s speaks HTTP, which Appdash's collector does not: spans sent there are lost", addr).
		Hint(in.Flag(endpoint.Hostname()))
	if page != nil {
		f = f.Saw(page.Evidence())
	}
	return in.WithWrongPortHint(f, endpoint)
}

// pathHint adds the path that was forgotten; where there is one, the port is
// wrong.
func pathHint(in send.Protocol, u *url.URL) string {
	if u.Path == "" || u.Path == "/" {
		return "--collector-endpoint " + probe.WithPath(u, in.Path)
	}
	return in.Flag(u.Hostname())
}
