package doctor

import (
	"context"
	"fmt"
	"net/url"
)

const idCollector = "collector-http"

const (
	codeCollectorAccepts      Code = "collector-accepts"
	codeCollectorConnects     Code = "collector-connects"
	codeCollectorURLInvalid   Code = "collector-url-invalid"
	codeCollectorRefused      Code = "collector-refused"
	codeCollectorUnresolved   Code = "collector-unresolved"
	codeCollectorTimeout      Code = "collector-timeout"
	codeCollectorTLS          Code = "collector-tls-mismatch"
	codeCollectorCertificate  Code = "collector-certificate"
	codeCollectorProtocol     Code = "collector-not-http"
	codeCollectorNotGRPC      Code = "collector-not-grpc"
	codeCollectorUnreachable  Code = "collector-unreachable"
	codeCollectorNotJaeger    Code = "collector-wrong-port"
	codeCollectorPath         Code = "collector-path-wrong"
	codeCollectorUnauthorized Code = "collector-unauthorized"
	codeCollectorRedirects    Code = "collector-redirects"
	codeCollectorMediaType    Code = "collector-media-type"
	codeCollectorRejects      Code = "collector-rejects"
	codeCollectorError        Code = "collector-error"
)

func collectorFaults() faultCodes {
	return faultCodes{
		Refused: codeCollectorRefused, Unresolved: codeCollectorUnresolved, Timeout: codeCollectorTimeout,
		TLS: codeCollectorTLS, Certificate: codeCollectorCertificate, Protocol: codeCollectorProtocol,
		Other: codeCollectorUnreachable,
	}
}

// collectorHTTP sends a span of the doctor's own in the protocol of the
// configured tracer. It has kept its name from when that was always HTTP.
func collectorHTTP() Probe {
	return Probe{
		ID:    idCollector,
		Hop:   HopNetwork,
		Title: "the collector accepts spans",
		// Jaeger's counters are read before the first span.
		Follows: []string{idStorageKind},
		Codes: append(
			collectorFaults().all(), codeCollectorAccepts, codeCollectorConnects, codeCollectorURLInvalid, codeCollectorNotJaeger,
			codeCollectorPath, codeCollectorUnauthorized, codeCollectorRedirects, codeCollectorMediaType,
			codeCollectorRejects, codeCollectorError, codeCollectorNotGRPC,
		),
		Run: runCollectorHTTP,
	}
}

func runCollectorHTTP(ctx context.Context, env *Env) Finding {
	if !env.config().UsesCollector() {
		return notUsed("spans go to the agent, no collector endpoint is set")
	}
	in := intakeOf(&env.Target)
	endpoint, err := env.collector()
	if err != nil {
		return found(StatusFail, codeCollectorURLInvalid, "reporter.collector.endpoint is no URL: %v", withoutURL(err)).
			at(HopConfig).hint(in.flag("localhost"))
	}
	switch in.scheme {
	case schemeGRPC:
		return callCollector(ctx, env, in, endpoint)
	case schemeTCP:
		return connectCollector(ctx, env, in, endpoint)
	}
	p, err := postSpan(ctx, env, in, idCollector, endpoint, true)
	if err != nil {
		return collectorSilent(in, endpoint, err)
	}
	return judgePost(in, p).saw(p.evidence())
}

// collectorSilent is the finding for a span without an answer.
func collectorSilent(in intake, endpoint *url.URL, err error) Finding {
	f := collectorFaults().finding(endpoint, err)
	host := endpoint.Hostname()
	switch f.Code {
	case codeCollectorRefused:
		f = f.maybe(causesCollectorClosed(in, endpoint)...)
		if isLoopback(host) {
			return f.hint("docker run -p " + in.port + ":" + in.port + " ...")
		}
		return f.hint("nc -vz " + host + " " + portOf(endpoint))
	case codeCollectorCertificate:
		return f.hint("SSL_CERT_FILE=ca.pem otdemo check-jaeger (with the authority that signed it)")
	case codeCollectorUnreachable:
		return f.hint("curl -sSv "+bare(endpoint)).maybe(
			Cause{
				Text:    "a proxy or a service mesh on the way wants mutual TLS",
				Command: "openssl s_client -connect " + dialAddr(endpoint),
			},
			Cause{Text: "the collector breaks off", Command: "docker logs --tail 50 jaeger"},
		)
	case codeCollectorUnresolved:
		return f.at(HopResolve).hint("getent hosts " + host)
	case codeCollectorTLS:
		return f.hint("--collector-endpoint " + otherScheme(endpoint))
	case codeCollectorProtocol:
		return in.misled(f.hint(in.flag(host)), endpoint)
	case codeCollectorTimeout:
		return f.hint("nc -vz "+host+" "+portOf(endpoint)).maybe(
			Cause{Text: "a firewall or a network policy drops packets to the port"},
			Cause{Text: "the host is down"},
			Cause{Text: "the collector is overloaded and does not answer"},
		)
	default:
		return f
	}
}

// causesCollectorClosed are the explanations of a closed TCP port.
func causesCollectorClosed(in intake, endpoint *url.URL) []Cause {
	return append([]Cause{
		{
			Text:    "Jaeger's container does not publish " + portOf(endpoint),
			Command: "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'",
		},
		{
			Text:    "Jaeger has ended: its storage is not there",
			Command: "docker ps -a --filter status=exited",
		},
		{
			Text:    "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it",
			Command: "ss -lntp 'sport = :" + portOf(endpoint) + "' (on Jaeger's host)",
		},
	}, in.closed...)
}

// connectCollector connects to Appdash's collector, which answers nothing.
func connectCollector(ctx context.Context, env *Env, in intake, endpoint *url.URL) Finding {
	addr := dialAddr(endpoint)
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return collectorSilent(in, endpoint, err)
	}
	_ = conn.Close()
	f := found(StatusOK, codeCollectorConnects, "tcp %s takes connections; Appdash answers nothing to a span, so more is not to be known from it", addr).
		saw("tcp " + addr + ": connected")
	const portAppdashPage = "7700"
	if _, other := in.meant(endpoint); !other && endpoint.Port() != portAppdashPage && endpoint.Port() != portUI {
		return f
	}
	// The number is another program's. Only then is anything sent that a
	// collector of Appdash's would not read.
	page, err := fetch(ctx, env, &url.URL{Scheme: "http", Host: addr, Path: "/"}, maxAnswer)
	if err != nil && classify(err) != faultProtocol && classify(err) != faultTLS {
		return f
	}
	f = found(StatusFail, codeCollectorNotJaeger, "tcp %s answers over HTTP, which Appdash's collector does not: spans sent there are gone", addr).
		hint(in.flag(endpoint.Hostname()))
	if page != nil {
		f = f.saw(page.evidence())
	}
	return in.misled(f, endpoint)
}

// pathHint adds the path that was forgotten; where there is one, the port is
// wrong.
func pathHint(in intake, u *url.URL) string {
	if u.Path == "" || u.Path == "/" {
		return fmt.Sprintf("--collector-endpoint %s", withPath(u, in.path))
	}
	return in.flag(u.Hostname())
}
