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

// judge returns the finding for what was observed. The strongest explanation
// comes first.
func (v *session) judge(env *probe.Env, seen *observations) probe.Finding {
	roots := seen.ownRoots(v)
	formats := v.formats(seen)
	foreign := seen.foreignRoots(v)
	switch {
	case len(formats) == 0 && len(roots) == 0 && seen.debug.SpanID == 0:
		return v.notReported(env, seen)
	case len(formats) == 0:
		return v.notExtracted(seen, roots)
	case !supportsAny(formats, env.Config().Formats()):
		return v.mismatch(env, seen, formats)
	case len(roots) == 0 && seen.unsearched == nil:
		return v.samplerDrops(seen, formats)
	case len(foreign) > 0:
		return v.stopsAt(seen, foreign)
	case len(seen.cut) > 0:
		return v.truncated(env, seen)
	case len(seen.unansweredCalls(v)) > 0:
		return v.callUnanswered(seen)
	}
	f := probe.Found(probe.StatusOK, CodeJoined, "%s joins a trace received in %s", v.app(seen), formatNames(formats))
	if downstream := seen.downstream(v); len(downstream) > 0 {
		f.Fact += ", and propagates it to " + strings.Join(downstream, ", ")
	} else {
		f.Fact += "; no other service is in the trace"
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

// propagationNames returns the formats' values of the key propagation. A reader
// of b3 also reads its single header.
func propagationNames(formats []headerFormat) []string {
	var words []string
	for _, f := range formats {
		words = append(words, f.propagation)
	}
	if slices.Contains(words, config.PropagationB3) {
		words = slices.DeleteFunc(words, func(w string) bool { return w == config.PropagationB3Single })
	}
	return words
}

func allFormatNames() string { return formatNames(headerFormats()) }

func supportsAny(formats []headerFormat, words []string) bool {
	return slices.ContainsFunc(formats, func(f headerFormat) bool { return slices.Contains(words, f.propagation) })
}

// app is what to call the application: the names on its spans, else its URL.
func (v *session) app(seen *observations) string {
	if services := seen.entryServices(v); len(services) > 0 {
		return "service " + strings.Join(services, ", ")
	}
	if roots := serviceNames(seen.ownRoots(v)); len(roots) > 0 {
		return "service " + strings.Join(roots, ", ")
	}
	if seen.debug.SpanID != 0 {
		return "service " + seen.debug.Service()
	}
	return probe.Bare(v.url)
}

func (v *session) notReported(env *probe.Env, seen *observations) probe.Finding {
	f := probe.Found(probe.StatusFail, codeNotReported,
		"%s returned %d, but none of %s to it produced a span at %s, not even with %s",
		probe.Bare(v.url), v.plain[0].status, plural.Of(len(v.calls()), "request", "requests"), probe.BareText(env.Config().Query.URL), debugHeader)
	if seen.unsearched != nil {
		f.Fact = fmt.Sprintf("%s returned %d and joins no trace; cannot search for other traces: %v",
			probe.Bare(v.url), v.plain[0].status, seen.unsearched)
	}
	f = f.Hint("otdemo check-jaeger (with the environment of the application)")
	if status := v.plain[0].status; status >= 300 {
		f = f.Maybe(probe.Cause{
			Text:    fmt.Sprintf("%d is not from the traced code: a proxy, a login, an unknown path", status),
			Command: "curl -v " + probe.Bare(v.url),
		})
	}
	return f.Maybe(
		probe.Cause{Text: "the global tracer is opentracing's no-op: SetGlobalTracer was not called, or the error of the tracer's constructor is ignored"},
		probe.Cause{Text: "the tracer is disabled", Command: "env | grep JAEGER_DISABLED (where the application runs)"},
		probe.Cause{Text: "the handler is not instrumented: there is no middleware around it"},
		probe.Cause{Text: "it reports elsewhere: to another Jaeger, or to an agent that does not exist", Command: "env | grep JAEGER_ (where the application runs)"},
		probe.Cause{Text: "its spans are never flushed: the flush interval is too long, or spans are never finished"},
		probe.Cause{Text: "it does not extract traces from headers, and its sampler drops the traces that it starts"},
	)
}

func (v *session) notExtracted(seen *observations, roots []trace.Span) probe.Finding {
	kept := fmt.Sprintf("%s found", plural.Of(len(roots), "trace of its own was", "traces of its own were"))
	if len(roots) == 0 {
		kept = "only the trace of the debug header was found, so its sampler also drops others"
	}
	return probe.Found(probe.StatusFail, codeNotExtracted,
		"%s reports spans but joins no trace received in any of %s; %s", v.app(seen), allFormatNames(), kept).
		Hint("nethttp.Middleware(tracer, handler), or tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)), in the application").
		Maybe(
			probe.Cause{Text: "it starts its span without the caller's context"},
			probe.Cause{Text: "a proxy in front of it drops the headers", Command: "curl -v " + probe.Bare(v.url)},
			probe.Cause{Text: "its header has another name: jaeger.HeadersConfig"},
		)
}

func (v *session) mismatch(env *probe.Env, seen *observations, formats []headerFormat) probe.Finding {
	words := env.Config().Formats()
	wanted := slices.DeleteFunc(headerFormats(), func(f headerFormat) bool { return !slices.Contains(words, f.propagation) })
	f := probe.Found(probe.StatusFail, codeFormatMismatch, "%s joins a trace received in %s, but callers with this configuration send %s",
		v.app(seen), formatNames(formats), formatNames(wanted))
	hint := "OTEL_PROPAGATORS=tracecontext,baggage"
	for _, w := range wanted {
		if w.otel != "tracecontext" {
			hint += "," + w.otel
		}
	}
	hint += " (in the application's environment, with OpenTelemetry's SDK)"
	if jaegerClient(seen.continuations(v)) && slices.Contains(words, config.PropagationJaeger) {
		hint = "leave out jaeger.TracerOptions.Extractor(opentracing.HTTPHeaders, ...) in the application: jaeger-client reads uber-trace-id by itself"
	}
	return f.Hint(hint, "--propagation "+strings.Join(propagationNames(formats), ",")+" (for otdemo as the caller)")
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
	f := probe.Found(probe.StatusFail, CodeSamplerDrops,
		"%s joins a sampled trace (%s), but keeps none of %s without one: its sampler drops them",
		v.app(seen), formatNames(formats), plural.Of(tried, "request", "requests")).AtHop(probe.HopSampling)
	if seen.debug.SpanID != 0 {
		f.Fact += "; with " + debugHeader + " one is kept"
	}
	return f.Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)").
		Maybe(
			probe.Cause{Text: "its sampler keeps nothing: jaeger-client-go's default is remote with parameter 0"},
			probe.Cause{
				Text:    "its sampler keeps few, like Jaeger's default of one in 1000",
				Command: "otdemo check-jaeger --only sampling-strategy --sampler-type remote --service " + strings.TrimPrefix(v.app(seen), "service "),
			},
			probe.Cause{Text: "this is intended: only callers decide"},
		)
}

// stopsAt is for services that begin traces inside of the application's spans.
func (v *session) stopsAt(seen *observations, foreign []string) probe.Finding {
	return probe.Found(probe.StatusFail, codeStopsAt,
		"the trace stops at %s: during each of its spans, %s starts a trace of its own", v.app(seen), strings.Join(foreign, ", ")).
		Hint("tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(req.Header)), or nethttp.TraceRequest and nethttp.Transport, in the application").
		Maybe(
			probe.Cause{Text: "the application calls with its own client or context, and injects nothing"},
			probe.Cause{Text: strings.Join(foreign, ", ") + " does not read the header that the application sends"},
		)
}

// callUnanswered returns the finding for calls of the application that no
// service continued.
func (v *session) callUnanswered(seen *observations) probe.Finding {
	urls := strings.Join(seen.unansweredCalls(v), ", ")
	return probe.Found(probe.StatusWarn, codeStopsAt, "the trace stops at %s: it calls %s, but no span follows", v.app(seen), urls).
		Hint("otdemo check-jaeger --through "+seen.unansweredCalls(v)[0]).
		Maybe(
			probe.Cause{Text: "the called service is not traced, or is not yours"},
			probe.Cause{Text: "the called service reads another header format, or reports elsewhere"},
		)
}

func (v *session) truncated(env *probe.Env, seen *observations) probe.Finding {
	status := probe.StatusWarn
	if env.Config().TraceID128Bit {
		status = probe.StatusFail
	}
	cut := strings.Join(slices.Sorted(maps.Keys(seen.cut)), ", ")
	return probe.Found(status, codeIDTruncated,
		"%s truncates 128-bit trace ids to 64 bits (%s): such a trace is split in two", v.app(seen), cut).
		Hint("JAEGER_TRACEID_128BIT=false (in the environment of its callers)").
		Maybe(
			probe.Cause{Text: "the application's client is old: jaeger-client-go reads 128-bit ids since 2.0"},
			probe.Cause{Text: "a proxy or a mesh in front of it truncates the id"},
		)
}

// evidence lists what Jaeger shows.
func (s *observations) evidence(v *session) []string {
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
		lines = append(lines, "sampled=0: kept anyway")
	} else {
		lines = append(lines, "sampled=0: not kept")
	}
	if s.debug.SpanID != 0 {
		lines = append(lines, fmt.Sprintf("%s: kept as trace %s", debugHeader, s.debug.TraceID))
	} else {
		lines = append(lines, debugHeader+": not found")
	}
	roots := s.ownRoots(v)
	lines = append(lines, fmt.Sprintf("traces started by the application itself: %d%s", len(roots), samplerOf(roots)))
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
