package transport

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// judgePost reads the collector's answer. Each intake has one status for a
// success; any other 2xx is another program's, though most clients count it as
// sent.
func judgePost(in send.Protocol, p *send.Post) probe.Finding {
	at := probe.Bare(p.URL)
	fail := func(code probe.Code, format string, args ...any) probe.Finding {
		return probe.Found(probe.StatusFail, code, format, args...)
	}
	right := in.Flag(p.URL.Hostname())
	switch s := p.Status; {
	case s == in.Accepted && p.MediaType() != "text/html":
		return accepted(in, p)
	case probe.SaysUseTLS(s, string(p.Body)):
		return fail(CodeCollectorTLS, "%s speaks TLS, the URL says http", probe.DialAddr(p.URL)).
			Hint("--collector-endpoint " + probe.OtherScheme(p.URL))
	case s == in.Accepted:
		return in.WithWrongPortHint(fail(CodeCollectorNotJaeger, "%s answers a span with %d and a page: the span is gone", at, s).Hint(right), p.URL)
	case s < 300:
		return in.WithWrongPortHint(fail(CodeCollectorNotJaeger, "%s answers a span with %d, Jaeger says %d: the span is gone", at, s, in.Accepted).Hint(right), p.URL)
	case s < 400:
		return fail(codeCollectorRedirects, "%s redirects spans to %s, and a redirected span loses its body",
			at, probe.BareText(p.Location())).
			Hint(redirectHint(in, p))
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fail(codeCollectorUnauthorized, "%s answers %d: it wants other credentials", at, s).Hint(loginHints(in)...)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return in.WithWrongPortHint(fail(CodeCollectorPath, "%s does not take spans: it answers %d", at, s).Hint(pathHint(in, p.URL)), p.URL)
	case s == http.StatusUnsupportedMediaType:
		f := fail(CodeCollectorMediaType, "%s answers 415: it takes no %s", at, in.Name).Hint(right)
		if _, known := in.PortOwner(p.URL); !known {
			f.Fact += ", it may be " + in.Others
		}
		return in.WithWrongPortHint(f, p.URL)
	case s >= http.StatusInternalServerError:
		return fail(probe.CodeCollectorError, "%s answers %d: %s", at, s, probe.Excerpt(p.Body)).AtHop(probe.HopStorage).
			Hint("docker logs --tail 50 jaeger")
	default:
		return in.WithWrongPortHint(fail(codeCollectorRejects, "%s answers %d: %s", at, s, probe.Excerpt(p.Body)).Hint(right), p.URL)
	}
}

// accepted is the finding for the right status. OTLP may still say in the body
// that it has rejected the span.
func accepted(in send.Protocol, p *send.Post) probe.Finding {
	at := probe.Bare(p.URL)
	if in.Tracer == config.TracerOTel {
		if n, why := partialSuccess(p.Body); n > 0 {
			return probe.Found(probe.StatusFail, codeCollectorRejects, "%s answers %d and rejects %d of 1 span: %s", at, p.Status, n, probe.Excerpt([]byte(why))).
				Hint("docker logs --tail 50 jaeger")
		}
	}
	return probe.Found(probe.StatusOK, codeCollectorAccepts, "%s accepts a span with %d", at, p.Status)
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
func redirectHint(in send.Protocol, p *send.Post) string {
	to, err := p.URL.Parse(p.Location())
	if err != nil || p.Location() == "" {
		return ""
	}
	if !sameEnd(to, p.URL) {
		// A page for people, such as a login: the way is past it.
		return in.Flag(p.URL.Hostname())
	}
	return "--collector-endpoint " + probe.Bare(to)
}

func sameEnd(to, from *url.URL) bool {
	return strings.HasSuffix(strings.TrimSuffix(to.Path, "/"), strings.TrimSuffix(from.Path, "/"))
}

// partialSuccess reads the number of rejected spans, and why, from an
// ExportTraceServiceResponse in protobuf (trace_service.proto of OTLP). What is no
// such message rejects none.
func partialSuccess(body []byte) (rejected uint64, why string) {
	partial, _ := protoField(body, 1)
	_, rejected = protoField(partial, 1)
	text, _ := protoField(partial, 2)
	return rejected, string(text)
}

// protoField returns the last field of that number, one of bytes or a varint. It
// stops at what it cannot read.
func protoField(message []byte, number uint64) (content []byte, value uint64) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return content, value
		}
		message = message[n:]
		size, n := binary.Uvarint(message)
		if n <= 0 {
			return content, value
		}
		message = message[n:]
		switch tag & 7 {
		case send.WireVarint:
			if tag>>3 == number {
				value = size
			}
		case send.WireBytes:
			if size > uint64(len(message)) {
				return content, value
			}
			if tag>>3 == number {
				content = message[:size]
			}
			message = message[size:]
		default:
			return content, value
		}
	}
	return content, value
}
