package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const idCollector = "collector-http"

const (
	codeCollectorAccepts      Code = "collector-accepts"
	codeCollectorURLInvalid   Code = "collector-url-invalid"
	codeCollectorRefused      Code = "collector-refused"
	codeCollectorUnresolved   Code = "collector-unresolved"
	codeCollectorTimeout      Code = "collector-timeout"
	codeCollectorTLS          Code = "collector-tls-mismatch"
	codeCollectorCertificate  Code = "collector-certificate"
	codeCollectorProtocol     Code = "collector-not-http"
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

func collectorHTTP() Probe {
	return Probe{
		ID:    idCollector,
		Hop:   HopNetwork,
		Title: "the collector accepts spans",
		Codes: append(
			collectorFaults().all(), codeCollectorAccepts, codeCollectorURLInvalid, codeCollectorNotJaeger,
			codeCollectorPath, codeCollectorUnauthorized, codeCollectorRedirects, codeCollectorMediaType,
			codeCollectorRejects, codeCollectorError,
		),
		Run: runCollectorHTTP,
	}
}

func runCollectorHTTP(ctx context.Context, env *Env) Finding {
	if !env.config().UsesCollector() {
		return notUsed("spans go to the agent, no collector endpoint is set")
	}
	collector := env.config().Reporter.Collector
	endpoint, err := url.Parse(collector.Endpoint)
	if err != nil {
		return found(StatusFail, codeCollectorURLInvalid, "reporter.collector.endpoint is no URL: %v", withoutURL(err)).
			at(HopConfig).hint("--collector-endpoint http://localhost:14268/api/traces")
	}
	p, err := postSpan(ctx, env, idCollector, endpoint, collector.User, collector.Password)
	if err != nil {
		return collectorSilent(endpoint, err)
	}
	return judgePost(p).saw(p.evidence())
}

// collectorSilent is the finding for a post without an answer.
func collectorSilent(endpoint *url.URL, err error) Finding {
	f := collectorFaults().finding(endpoint, err)
	host := endpoint.Hostname()
	switch f.Code {
	case codeCollectorRefused:
		f = f.maybe(causesCollectorClosed(endpoint)...)
		if isLoopback(host) {
			return f.hint("docker run -p " + portThriftHTTP + ":" + portThriftHTTP + " ...")
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
		return f.hint(hintCollector(endpoint))
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
func causesCollectorClosed(endpoint *url.URL) []Cause {
	return []Cause{
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
		{Text: "Jaeger 2's configuration has no jaeger receiver with thrift_http, or no pipeline lists it"},
	}
}

// hintCollector points to Jaeger's own port and path on the same host.
func hintCollector(u *url.URL) string {
	return "--collector-endpoint " + withPort(u, portThriftHTTP) + thriftPath
}

// judgePost reads the collector's answer. Jaeger says 202 and nothing else; any
// other success is another program's, though jaeger-client-go counts it as sent.
func judgePost(p *post) Finding {
	at := bare(p.url)
	fail := func(code Code, format string, args ...any) Finding {
		return found(StatusFail, code, format, args...)
	}
	switch s := p.status; {
	case s == http.StatusAccepted:
		return found(StatusOK, codeCollectorAccepts, "%s accepts a span with 202", at)
	case saysUseTLS(s, string(p.body)):
		return fail(codeCollectorTLS, "%s speaks TLS, the URL says http", dialAddr(p.url)).
			hint("--collector-endpoint " + otherScheme(p.url))
	case s < 300:
		return fail(codeCollectorNotJaeger, "%s answers a span with %d, Jaeger says 202: the span is gone", at, s).
			hint(hintCollector(p.url))
	case s < 400:
		return fail(codeCollectorRedirects, "%s redirects spans to %s, and a redirected span loses its body",
			at, bareText(p.location())).
			hint(redirectHint(p))
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fail(codeCollectorUnauthorized, "%s answers %d: it wants other credentials", at, s).
			hint("OTDEMO_REPORTER_COLLECTOR_USER=... OTDEMO_REPORTER_COLLECTOR_PASSWORD=...")
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return fail(codeCollectorPath, "%s does not take spans: it answers %d", at, s).hint(pathHint(p.url))
	case s == http.StatusUnsupportedMediaType:
		return fail(codeCollectorMediaType, "%s answers 415: it takes no thrift, it may be an OTLP or Zipkin port", at).
			hint(hintCollector(p.url))
	case s >= http.StatusInternalServerError:
		return fail(codeCollectorError, "%s answers %d: %s", at, s, excerpt(p.body)).at(HopStorage).
			hint("docker logs --tail 50 jaeger")
	default:
		return fail(codeCollectorRejects, "%s answers %d: %s", at, s, excerpt(p.body)).hint(hintCollector(p.url))
	}
}

// redirectHint is the address to use at once, if it is a full one.
func redirectHint(p *post) string {
	to, err := p.url.Parse(p.location())
	if err != nil || p.location() == "" {
		return ""
	}
	if !strings.HasSuffix(strings.TrimSuffix(to.Path, "/"), strings.TrimSuffix(p.url.Path, "/")) {
		// A page for people, such as a login: the way is past it.
		return hintCollector(p.url)
	}
	return "--collector-endpoint " + bare(to)
}

// pathHint adds the path that was forgotten; where there is one, the port is
// wrong.
func pathHint(u *url.URL) string {
	if u.Path == "" || u.Path == "/" {
		return fmt.Sprintf("--collector-endpoint %s", withPath(u, thriftPath))
	}
	return hintCollector(u)
}
