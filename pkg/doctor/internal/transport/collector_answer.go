package transport

import (
	"net/http"
	"net/url"
	"strings"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// judgePost returns the finding for the collector's response. Each protocol has
// one status for success; any other 2xx is another program's, though most
// clients count it as sent.
func judgePost(in send.Protocol, p *probe.Fetched) probe.Finding {
	at := probe.Bare(p.URL)
	fail := func(code probe.Code, format string, args ...any) probe.Finding {
		return probe.Found(probe.StatusFail, code, format, args...)
	}
	fix := in.Flag(p.URL.Hostname())
	switch s := p.Status; {
	case s == in.Accepted && p.MediaType() != "text/html":
		return accepted(in, p)
	case probe.RequiresTLS(s, string(p.Body)):
		return fail(CodeCollectorTLS, "%s speaks TLS, but the URL scheme is http", probe.DialAddr(p.URL)).
			Hint("--collector-endpoint " + probe.OtherScheme(p.URL))
	case s == in.Accepted:
		return in.WithWrongPortHint(fail(CodeCollectorNotJaeger, "%s returned %d and a web page for a span: the span is lost", at, s).Hint(fix), p.URL)
	case s < 300:
		return in.WithWrongPortHint(fail(CodeCollectorNotJaeger, "%s returned %d for a span, where Jaeger returns %d: the span is lost", at, s, in.Accepted).Hint(fix), p.URL)
	case s < 400:
		return fail(codeCollectorRedirects, "%s redirects spans to %s, and a redirected request loses its body",
			at, probe.BareText(p.Location())).
			Hint(redirectHint(in, p))
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fail(codeCollectorUnauthorized, "%s returned %d: credentials are missing or wrong", at, s).Hint(loginHints(in)...)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return in.WithWrongPortHint(fail(CodeCollectorPath, "%s does not accept spans: it returned %d", at, s).Hint(pathHint(in, p.URL)), p.URL)
	case s == http.StatusUnsupportedMediaType:
		f := fail(CodeCollectorMediaType, "%s returned 415: it does not accept %s", at, in.Name).Hint(fix)
		if _, known := in.PortOwner(p.URL); !known {
			f.Fact += "; it may be " + in.Others
		}
		return in.WithWrongPortHint(f, p.URL)
	case s >= http.StatusInternalServerError:
		return fail(probe.CodeCollectorError, "%s returned %d: %s", at, s, probe.Excerpt(p.Body)).AtHop(probe.HopStorage).
			Hint(probe.HintLogs)
	default:
		return in.WithWrongPortHint(fail(codeCollectorRejects, "%s returned %d: %s", at, s, probe.Excerpt(p.Body)).Hint(fix), p.URL)
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
			return probe.Found(probe.StatusFail, codeCollectorRejects, "%s returned %d but rejected %d of 1 span: %s",
				at, p.Status, part.GetRejectedSpans(), probe.Excerpt([]byte(part.GetErrorMessage()))).Hint(probe.HintLogs)
		}
	}
	return probe.Found(probe.StatusOK, codeCollectorAccepts, "%s accepted a span with %d", at, p.Status)
}

// loginHints are where credentials come from.
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
	if err != nil || p.Location() == "" {
		return ""
	}
	if !samePathEnd(target, p.URL) {
		// A page for people, such as a login: bypass it.
		return in.Flag(p.URL.Hostname())
	}
	return "--collector-endpoint " + probe.Bare(target)
}

func samePathEnd(target, from *url.URL) bool {
	return strings.HasSuffix(strings.TrimSuffix(target.Path, "/"), strings.TrimSuffix(from.Path, "/"))
}
