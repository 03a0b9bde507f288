package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/config"
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

// CollectorProbe sends a span of the doctor's own in the protocol of the
// configured tracer. It has kept its name from when that was always HTTP.
func CollectorProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDCollector,
		Hop:   probe.HopNetwork,
		Title: "the collector accepts spans",
		// Jaeger's counters are read before the first span.
		Follows: []string{probe.IDStorageKind},
		Codes: []probe.Code{
			codeCollectorAccepts, CodeCollectorConnects, codeCollectorURLInvalid, probe.CodeCollectorRefused, probe.CodeCollectorUnresolved,
			probe.CodeCollectorTimeout, CodeCollectorTLS, codeCollectorCertificate, CodeCollectorProtocol, probe.CodeCollectorUnreachable,
			CodeCollectorNotJaeger, CodeCollectorPath, codeCollectorUnauthorized, codeCollectorRedirects, CodeCollectorMediaType,
			codeCollectorRejects, probe.CodeCollectorError, CodeCollectorNotGRPC,
		},
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
		return probe.Fail(codeCollectorURLInvalid, "reporter.collector.endpoint is not a valid URL: %v", probe.WithoutURL(err)).
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

func noResponse(in send.Protocol, endpoint *url.URL, err error) probe.Finding {
	host, port := endpoint.Hostname(), probe.PortOf(endpoint)
	connect := "nc -vz " + host + " " + port
	publish := connect
	if hosts.IsLoopback(host) {
		publish = "docker run -p " + in.Port + ":" + in.Port + " ..."
	}
	f := probe.Faults{
		probe.FaultRefused: probe.Finding{Code: probe.CodeCollectorRefused}.Hint(publish).
			Perhaps("Jaeger's container does not publish "+port, "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'").
			Perhaps("Jaeger has exited: its storage is unreachable", "docker ps -a --filter status=exited").
			Perhaps(loopbackOnly, "ss -lntp 'sport = :"+port+"' (on Jaeger's host)").
			Maybe(in.Closed...),
		probe.FaultUnresolved: probe.Finding{Code: probe.CodeCollectorUnresolved}.AtHop(probe.HopResolve).Hint("getent hosts " + host),
		probe.FaultTimeout: probe.Finding{Code: probe.CodeCollectorTimeout}.Hint(connect).
			Perhaps("a firewall or a network policy drops packets to the port", "").
			Perhaps("the host is down", "").
			Perhaps("the collector is overloaded and does not respond", ""),
		probe.FaultTLS: probe.Finding{Code: CodeCollectorTLS}.Hint("--collector-endpoint " + probe.OtherScheme(endpoint)),
		probe.FaultCertificate: probe.Finding{Code: codeCollectorCertificate}.
			Hint("SSL_CERT_FILE=ca.pem otdemo check-jaeger (with the authority that signed it)"),
		probe.FaultProtocol: probe.Finding{Code: CodeCollectorProtocol}.Hint(in.Flag(host)),
		probe.FaultOther: probe.Finding{Code: probe.CodeCollectorUnreachable}.Hint("curl -sSv "+probe.Bare(endpoint)).
			Perhaps("a proxy or a service mesh in between requires mutual TLS", "openssl s_client -connect "+probe.DialAddr(endpoint)).
			Perhaps("the collector closes the connection", probe.HintLogs),
	}.Finding(endpoint, err)
	if f.Code == CodeCollectorProtocol {
		return in.WithWrongPortHint(f, endpoint)
	}
	return f
}

// connectCollector connects to Appdash's collector, which never responds.
func connectCollector(ctx context.Context, env *probe.Env, in send.Protocol, endpoint *url.URL) probe.Finding {
	addr := probe.DialAddr(endpoint)
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return noResponse(in, endpoint, err)
	}
	_ = conn.Close()
	f := probe.OK(CodeCollectorConnects, "tcp %s accepts connections; Appdash does not respond to spans, so this proves no more", addr).
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
	f = probe.Fail(CodeCollectorNotJaeger, "tcp %s speaks HTTP, which Appdash's collector does not: spans sent there are lost", addr).
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

// judgePost returns the finding for the collector's response. Each protocol has
// one status for success; any other 2xx is another program's, though most
// clients count it as sent.
func judgePost(in send.Protocol, p *probe.Fetched) probe.Finding {
	at := probe.Bare(p.URL)
	fix := in.Flag(p.URL.Hostname())
	switch s := p.Status; {
	case s == in.Accepted && p.MediaType() != "text/html":
		return accepted(in, p)
	case probe.RequiresTLS(s, string(p.Body)):
		return probe.Fail(CodeCollectorTLS, "%s speaks TLS, but the URL scheme is http", probe.DialAddr(p.URL)).
			Hint("--collector-endpoint " + probe.OtherScheme(p.URL))
	case s == in.Accepted:
		return in.WithWrongPortHint(probe.Fail(CodeCollectorNotJaeger, "%s returned %d and a web page for a span: the span is lost", at, s).Hint(fix), p.URL)
	case s < 300:
		return in.WithWrongPortHint(probe.Fail(CodeCollectorNotJaeger, "%s returned %d for a span, where Jaeger returns %d: the span is lost", at, s, in.Accepted).Hint(fix), p.URL)
	case s < 400:
		return probe.Fail(codeCollectorRedirects, "%s redirects spans to %s, and a redirected request loses its body",
			at, probe.BareText(p.Location())).
			Hint(redirectHint(in, p))
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return probe.Fail(codeCollectorUnauthorized, "%s returned %d: credentials are missing or wrong", at, s).Hint(loginHints(in)...)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return in.WithWrongPortHint(probe.Fail(CodeCollectorPath, "%s does not accept spans: it returned %d", at, s).Hint(pathHint(in, p.URL)), p.URL)
	case s == http.StatusUnsupportedMediaType:
		f := probe.Fail(CodeCollectorMediaType, "%s returned 415: it does not accept %s", at, in.Name).Hint(fix)
		if _, known := in.PortOwner(p.URL); !known {
			f.Fact += "; it may be " + in.Others
		}
		return in.WithWrongPortHint(f, p.URL)
	case s >= http.StatusInternalServerError:
		return probe.Fail(probe.CodeCollectorError, "%s returned %d: %s", at, s, probe.Excerpt(p.Body)).AtHop(probe.HopStorage).
			Hint(probe.HintLogs)
	default:
		return in.WithWrongPortHint(probe.Fail(codeCollectorRejects, "%s returned %d: %s", at, s, probe.Excerpt(p.Body)).Hint(fix), p.URL)
	}
}

// accepted returns the finding for the status of success. An OTLP body may
// still report that the span was rejected.
func accepted(in send.Protocol, p *probe.Fetched) probe.Finding {
	at := probe.Bare(p.URL)
	if in.Tracer == config.TracerOTel {
		var answer coltracepb.ExportTraceServiceResponse
		// Any other message rejects no span. What precedes an error counts.
		_ = proto.Unmarshal(p.Body, &answer)
		if part := answer.GetPartialSuccess(); part.GetRejectedSpans() > 0 {
			return probe.Fail(codeCollectorRejects, "%s returned %d but rejected %d of 1 span: %s",
				at, p.Status, part.GetRejectedSpans(), probe.Excerpt([]byte(part.GetErrorMessage()))).Hint(probe.HintLogs)
		}
	}
	return probe.OK(codeCollectorAccepts, "%s accepted a span with %d", at, p.Status)
}

func loginHints(in send.Protocol) []string {
	hints := []string{"OTDEMO_REPORTER_COLLECTOR_USER=... OTDEMO_REPORTER_COLLECTOR_PASSWORD=..."}
	if in.Tracer == config.TracerOTel {
		hints = append(hints, "OTEL_EXPORTER_OTLP_HEADERS=authorization=...")
	}
	return hints
}

// redirectHint is the address to use at once, if it is a full one.
func redirectHint(in send.Protocol, p *probe.Fetched) string {
	target, err := p.URL.Parse(p.Location())
	switch {
	case err != nil || p.Location() == "":
		return ""
	case strings.HasSuffix(strings.TrimSuffix(target.Path, "/"), strings.TrimSuffix(p.URL.Path, "/")):
		return "--collector-endpoint " + probe.Bare(target)
	default:
		// A page for people, such as a login: bypass it.
		return in.Flag(p.URL.Hostname())
	}
}

// noGRPC finds out which protocol a port speaks that closed the call early, by
// its response to HTTP/1.
func noGRPC(ctx context.Context, env *probe.Env, in send.Protocol, endpoint *url.URL, err error) probe.Finding {
	switch probe.Classify(err) {
	case probe.FaultRefused, probe.FaultUnresolved, probe.FaultTimeout, probe.FaultCertificate, probe.FaultPlain:
		f := noResponse(in, endpoint, err)
		if f.Code == CodeCollectorTLS {
			f.Fact = fmt.Sprintf("%s does not speak TLS, but the URL scheme is %s", probe.DialAddr(endpoint), endpoint.Scheme)
		}
		return f
	case probe.FaultOther, probe.FaultTLS, probe.FaultProtocol:
	}
	page, pageErr := probe.Fetch(ctx, env, &url.URL{Scheme: "http", Host: probe.DialAddr(endpoint), Path: "/"}, probe.MaxAnswer)
	switch {
	case pageErr == nil && probe.RequiresTLS(page.Status, string(page.Body)), pageErr != nil && probe.Classify(pageErr) == probe.FaultTLS:
		return probe.Fail(CodeCollectorTLS, "%s speaks TLS, but the URL scheme is %s", probe.DialAddr(endpoint), endpoint.Scheme).
			Saw(probe.WithoutURL(err).Error()).Hint("--collector-endpoint " + probe.OtherScheme(endpoint))
	case pageErr == nil:
		return notGRPC(in, endpoint).Saw(probe.WithoutURL(err).Error(), page.Evidence())
	default:
		return noResponse(in, endpoint, err)
	}
}

func notGRPC(in send.Protocol, endpoint *url.URL) probe.Finding {
	f := probe.Fail(CodeCollectorNotGRPC, "%s speaks HTTP, not gRPC", probe.DialAddr(endpoint))
	if other, ok := in.PortOwner(endpoint); ok && other.Tracer == in.Tracer {
		// The same tracer supports this port's protocol, with another URL.
		return in.WithWrongPortHint(f, endpoint).Hint(in.Flag(endpoint.Hostname()))
	}
	return in.WithWrongPortHint(f.Hint(in.Flag(endpoint.Hostname())), endpoint)
}

// judgeCall returns the finding for the status of a call (grpc's codes.proto).
func judgeCall(in send.Protocol, endpoint *url.URL, status string) probe.Finding {
	at, fix := probe.Bare(endpoint), in.Flag(endpoint.Hostname())
	switch status {
	case "0":
		return probe.OK(codeCollectorAccepts, "%s accepted a span", at)
	case "":
		return notGRPC(in, endpoint)
	case "12": // UNIMPLEMENTED
		return in.WithWrongPortHint(probe.Fail(CodeCollectorNotJaeger, "%s speaks gRPC but does not accept OTLP (UNIMPLEMENTED)", at).Hint(fix), endpoint)
	case "16", "7": // UNAUTHENTICATED, PERMISSION_DENIED
		return probe.Fail(codeCollectorUnauthorized, "%s returned grpc-status %s: credentials are missing or wrong", at, status).
			Hint(loginHints(in)...)
	case "14", "8", "13": // UNAVAILABLE, RESOURCE_EXHAUSTED, INTERNAL
		return probe.Fail(probe.CodeCollectorError, "%s returned grpc-status %s", at, status).AtHop(probe.HopStorage).
			Hint(probe.HintLogs)
	default:
		return probe.Fail(codeCollectorRejects, "%s returned grpc-status %s", at, status).Hint(fix)
	}
}
