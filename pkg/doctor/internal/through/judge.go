package through

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// judge makes the finding of what was seen of a visit: what explains most comes
// first.
func (v *session) Judge(env *probe.Env, seen *observations) probe.Finding {
	own := seen.own(v)
	formats := v.formats(seen)
	strangers := seen.strangers(v)
	switch {
	case len(formats) == 0 && len(own) == 0 && seen.debug.SpanID == 0:
		return v.notReported(env, seen)
	case len(formats) == 0:
		return v.notExtracted(seen, own)
	case !speaksAny(formats, env.Config().Formats()):
		return v.mismatch(env, seen, formats)
	case len(own) == 0 && seen.unsearched == nil:
		return v.samplerDrops(seen, formats)
	case len(strangers) > 0:
		return v.stopsAt(seen, strangers)
	case len(seen.cut) > 0:
		return v.truncated(env, seen)
	case len(seen.unanswered(v)) > 0:
		return v.unanswered(seen)
	}
	f := probe.Found(probe.StatusOK, CodeThroughJoined, "%s joins a trace that comes in %s", v.app(seen), formatNames(formats))
	if beyond := seen.beyond(v); len(beyond) > 0 {
		f.Fact += ", and passes it on to " + strings.Join(beyond, ", ")
	} else {
		f.Fact += "; no other service is in it"
	}
	return f
}

// formats returns those in which the application joined a trace.
func (v *session) formats(seen *observations) []headerFormat {
	return slices.DeleteFunc(headerFormats(), func(f headerFormat) bool {
		_, whole := seen.joined[f.name]
		_, cut := seen.cut[f.name]
		return !whole && !cut
	})
}

func formatNames(formats []headerFormat) string {
	list := make([]string, len(formats))
	for i, f := range formats {
		list[i] = f.name
	}
	return strings.Join(list, ", ")
}

// formatWords are the formats' values of propagation. Who reads b3 reads its
// single header, too.
func formatWords(formats []headerFormat) []string {
	var words []string
	for _, f := range formats {
		words = append(words, f.word)
	}
	if slices.Contains(words, config.PropagationB3) {
		words = slices.DeleteFunc(words, func(w string) bool { return w == config.PropagationB3Single })
	}
	return words
}

func allNames() string { return formatNames(headerFormats()) }

func speaksAny(formats []headerFormat, words []string) bool {
	return slices.ContainsFunc(formats, func(f headerFormat) bool { return slices.Contains(words, f.word) })
}

// app is what to call the application: the names on its spans, else its URL.
func (v *session) app(seen *observations) string {
	if entries := seen.entries(v); len(entries) > 0 {
		return "service " + strings.Join(entries, ", ")
	}
	if own := serviceNames(seen.own(v)); len(own) > 0 {
		return "service " + strings.Join(own, ", ")
	}
	if seen.debug.SpanID != 0 {
		return "service " + seen.debug.Service()
	}
	return probe.Bare(v.url)
}

func (v *session) notReported(env *probe.Env, seen *observations) probe.Finding {
	f := probe.Found(probe.StatusFail, codeThroughNotReported,
		"%s answers %d, and none of %s to it left a span at %s, not even with %s",
		probe.Bare(v.url), v.plain[0].status, plural.Of(len(v.calls()), "request", "requests"), probe.BareText(env.Config().Query.URL), debugHeader)
	if seen.unsearched != nil {
		f.Fact = fmt.Sprintf("%s answers %d and joins no trace; whether it reports others could not be searched: %v",
			probe.Bare(v.url), v.plain[0].status, seen.unsearched)
	}
	f = f.Hint("otdemo check-jaeger (with the environment of the application)")
	if status := v.plain[0].status; status >= 300 {
		f = f.Maybe(probe.Cause{
			Text:    fmt.Sprintf("what answers %d is not the traced part: a proxy, a login, an unknown path", status),
			Command: "curl -v " + probe.Bare(v.url),
		})
	}
	return f.Maybe(
		probe.Cause{Text: "the global tracer is opentracing's no-op: SetGlobalTracer was not called, or the error of the tracer's constructor is ignored"},
		probe.Cause{Text: "the tracer is disabled", Command: "env | grep JAEGER_DISABLED (where the application runs)"},
		probe.Cause{Text: "the code that answers is not instrumented: no middleware around this handler"},
		probe.Cause{Text: "it reports elsewhere: another Jaeger, or an agent that is not there", Command: "env | grep JAEGER_ (where the application runs)"},
		probe.Cause{Text: "its spans are never flushed: a flush interval that is too long, or spans that are never finished"},
		probe.Cause{Text: "it reads no trace from headers, and its sampler drops what it begins"},
	)
}

func (v *session) notExtracted(seen *observations, own []trace.Span) probe.Finding {
	kept := fmt.Sprintf("%s there", plural.Of(len(own), "trace of its own is", "traces of its own are"))
	if len(own) == 0 {
		kept = "only the trace of the debug header is there, so that its sampler drops others, too"
	}
	return probe.Found(probe.StatusFail, codeThroughNotExtracted,
		"%s reports spans and joins no trace, neither in %s; %s", v.app(seen), allNames(), kept).
		Hint("nethttp.Middleware(tracer, handler), or tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)), in the application").
		Maybe(
			probe.Cause{Text: "it begins its span without the caller's context"},
			probe.Cause{Text: "a proxy before it drops the headers", Command: "curl -v " + probe.Bare(v.url)},
			probe.Cause{Text: "its header has another name: jaeger.HeadersConfig"},
		)
}

func (v *session) mismatch(env *probe.Env, seen *observations, formats []headerFormat) probe.Finding {
	words := env.Config().Formats()
	wanted := slices.DeleteFunc(headerFormats(), func(f headerFormat) bool { return !slices.Contains(words, f.word) })
	f := probe.Found(probe.StatusFail, codeThroughFormatMismatch, "%s joins a trace that comes in %s, and callers with this configuration send %s",
		v.app(seen), formatNames(formats), formatNames(wanted))
	hint := "OTEL_PROPAGATORS=tracecontext,baggage"
	for _, w := range wanted {
		if w.otel != "tracecontext" {
			hint += "," + w.otel
		}
	}
	hint += " (in the application's environment, with OpenTelemetry's SDK)"
	if jaegerClient(seen.answered(v)) && slices.Contains(words, config.PropagationJaeger) {
		hint = "leave out jaeger.TracerOptions.Extractor(opentracing.HTTPHeaders, ...) in the application: jaeger-client reads uber-trace-id by itself"
	}
	return f.Hint(hint, "--propagation "+strings.Join(formatWords(formats), ",")+" (for otdemo as the caller)")
}

// jaegerClient reports whether one of Jaeger's own clients made the spans.
func jaegerClient(spans []trace.Span) bool {
	return slices.ContainsFunc(spans, func(s trace.Span) bool {
		return s.Process != nil && slices.ContainsFunc(s.Process.Tags, func(t trace.Tag) bool { return t.Key == "jaeger.version" })
	})
}

func (v *session) samplerDrops(seen *observations, formats []headerFormat) probe.Finding {
	// A request in a format that it does not read is to it one without a trace.
	tried := len(v.plain) + len(v.joins) - len(formats)
	f := probe.Found(probe.StatusFail, CodeThroughSamplerDrops,
		"%s joins a sampled trace (%s), and keeps none of %s without one: its sampler drops them",
		v.app(seen), formatNames(formats), plural.Of(tried, "request", "requests")).AtHop(probe.HopSampling)
	if seen.debug.SpanID != 0 {
		f.Fact += "; with " + debugHeader + " one is kept"
	}
	return f.Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)").
		Maybe(
			probe.Cause{Text: "its sampler keeps nothing: jaeger-client-go's default is remote with parameter 0"},
			probe.Cause{
				Text:    "its sampler keeps few, as Jaeger's default of one in 1000",
				Command: "otdemo check-jaeger --only sampling-strategy --sampler-type remote --service " + strings.TrimPrefix(v.app(seen), "service "),
			},
			probe.Cause{Text: "that is meant so, and only callers decide"},
		)
}

// stopsAt is for services that begin traces inside of the application's spans.
func (v *session) stopsAt(seen *observations, strangers []string) probe.Finding {
	return probe.Found(probe.StatusFail, codeThroughStopsAt,
		"the trace stops at %s: inside of each of its spans %s begins a trace of its own", v.app(seen), strings.Join(strangers, ", ")).
		Hint("tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(req.Header)), or nethttp.TraceRequest and nethttp.Transport, in the application").
		Maybe(
			probe.Cause{Text: "the application calls with a client or a context of its own, and injects nothing"},
			probe.Cause{Text: strings.Join(strangers, ", ") + " does not read the header that the application sends"},
		)
}

// unanswered is for calls of the application that nobody continued.
func (v *session) unanswered(seen *observations) probe.Finding {
	urls := strings.Join(seen.unanswered(v), ", ")
	return probe.Found(probe.StatusWarn, codeThroughStopsAt, "the trace stops at %s: it calls %s, and no span follows", v.app(seen), urls).
		Hint("otdemo check-jaeger --through "+seen.unanswered(v)[0]).
		Maybe(
			probe.Cause{Text: "what it calls is not traced, or not yours"},
			probe.Cause{Text: "what it calls reads another header format, or reports elsewhere"},
		)
}

func (v *session) truncated(env *probe.Env, seen *observations) probe.Finding {
	status := probe.StatusWarn
	if env.Config().TraceID128Bit {
		status = probe.StatusFail
	}
	cut := strings.Join(slices.Sorted(maps.Keys(seen.cut)), ", ")
	return probe.Found(status, codeThroughIDTruncated,
		"%s cuts trace ids of 128 bits to 64 (%s): such a trace is split in two", v.app(seen), cut).
		Hint("JAEGER_TRACEID_128BIT=false (in the environment of its callers)").
		Maybe(
			probe.Cause{Text: "the application's client is old: jaeger-client-go reads 128 bits since 2.0"},
			probe.Cause{Text: "a proxy or a mesh before it cuts the id"},
		)
}

// evidence says what Jaeger shows.
func (s *observations) Evidence(v *session) []string {
	var lines []string
	for _, c := range v.joins {
		switch {
		case len(s.joined[c.name].Spans) > 0:
			t := s.joined[c.name]
			lines = append(lines, fmt.Sprintf("%s: joined, %s of %s", c.name, plural.Of(len(t.Spans), "span", "spans"), strings.Join(t.Services(), ", ")))
		case len(s.cut[c.name].Spans) > 0:
			lines = append(lines, fmt.Sprintf("%s: joined under the id %s", c.name, s.cut[c.name].ID))
		default:
			lines = append(lines, c.name+": not joined")
		}
	}
	if len(s.joined) > 0 {
		lines = append(lines, fmt.Sprintf("first seen %s after the calls", probe.RoundTime(s.first)))
	}
	if s.unsampled {
		lines = append(lines, "sampled=0: kept all the same")
	} else {
		lines = append(lines, "sampled=0: not kept")
	}
	if s.debug.SpanID != 0 {
		lines = append(lines, fmt.Sprintf("%s: kept as trace %s", debugHeader, s.debug.TraceID))
	} else {
		lines = append(lines, debugHeader+": not found")
	}
	own := s.own(v)
	lines = append(lines, fmt.Sprintf("traces that the application began itself: %d%s", len(own), samplerOf(own)))
	if s.unsearched != nil {
		lines = append(lines, fmt.Sprintf("search: %v", s.unsearched))
	}
	return lines
}

// samplerOf is the sampler that Jaeger's clients note on the first span of a
// trace.
func samplerOf(roots []trace.Span) string {
	for i := range roots {
		kind, ok := roots[i].Tag("sampler.type")
		if param, hasParam := roots[i].Tag("sampler.param"); ok && hasParam {
			return fmt.Sprintf(", by its sampler %s %s", kind, param)
		}
	}
	return ""
}
