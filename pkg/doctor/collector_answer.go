package doctor

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

// judgePost reads the collector's answer. Each intake has one status for a
// success; any other 2xx is another program's, though most clients count it as
// sent.
func judgePost(in intake, p *post) Finding {
	at := bare(p.url)
	fail := func(code Code, format string, args ...any) Finding {
		return found(StatusFail, code, format, args...)
	}
	right := in.flag(p.url.Hostname())
	switch s := p.status; {
	case s == in.accepted && p.mediaType() != "text/html":
		return accepted(in, p)
	case saysUseTLS(s, string(p.body)):
		return fail(codeCollectorTLS, "%s speaks TLS, the URL says http", dialAddr(p.url)).
			hint("--collector-endpoint " + otherScheme(p.url))
	case s == in.accepted:
		return in.misled(fail(codeCollectorNotJaeger, "%s answers a span with %d and a page: the span is gone", at, s).hint(right), p.url)
	case s < 300:
		return in.misled(fail(codeCollectorNotJaeger, "%s answers a span with %d, Jaeger says %d: the span is gone", at, s, in.accepted).hint(right), p.url)
	case s < 400:
		return fail(codeCollectorRedirects, "%s redirects spans to %s, and a redirected span loses its body",
			at, bareText(p.location())).
			hint(redirectHint(in, p))
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fail(codeCollectorUnauthorized, "%s answers %d: it wants other credentials", at, s).hint(loginHints(in)...)
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return in.misled(fail(codeCollectorPath, "%s does not take spans: it answers %d", at, s).hint(pathHint(in, p.url)), p.url)
	case s == http.StatusUnsupportedMediaType:
		f := fail(codeCollectorMediaType, "%s answers 415: it takes no %s", at, in.name).hint(right)
		if _, known := in.meant(p.url); !known {
			f.Fact += ", it may be " + in.others
		}
		return in.misled(f, p.url)
	case s >= http.StatusInternalServerError:
		return fail(codeCollectorError, "%s answers %d: %s", at, s, excerpt(p.body)).at(HopStorage).
			hint("docker logs --tail 50 jaeger")
	default:
		return in.misled(fail(codeCollectorRejects, "%s answers %d: %s", at, s, excerpt(p.body)).hint(right), p.url)
	}
}

// accepted is the finding for the right status. OTLP may still say in the body
// that it has rejected the span.
func accepted(in intake, p *post) Finding {
	at := bare(p.url)
	if in.tracer == config.TracerOTel {
		if n, why := partialSuccess(p.body); n > 0 {
			return found(StatusFail, codeCollectorRejects, "%s answers %d and rejects %d of 1 span: %s", at, p.status, n, excerpt([]byte(why))).
				hint("docker logs --tail 50 jaeger")
		}
	}
	return found(StatusOK, codeCollectorAccepts, "%s accepts a span with %d", at, p.status)
}

// loginHints are where credentials come from.
func loginHints(in intake) []string {
	hints := []string{"OTDEMO_REPORTER_COLLECTOR_USER=... OTDEMO_REPORTER_COLLECTOR_PASSWORD=..."}
	if in.tracer == config.TracerOTel {
		hints = append(hints, "OTEL_EXPORTER_OTLP_HEADERS=authorization=...")
	}
	return hints
}

// redirectHint is the address to use at once, if it is a full one.
func redirectHint(in intake, p *post) string {
	to, err := p.url.Parse(p.location())
	if err != nil || p.location() == "" {
		return ""
	}
	if !sameEnd(to, p.url) {
		// A page for people, such as a login: the way is past it.
		return in.flag(p.url.Hostname())
	}
	return "--collector-endpoint " + bare(to)
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
		case wireVarint:
			if tag>>3 == number {
				value = size
			}
		case wireBytes:
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
