package through

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The codes of what is found here.
const (
	CodeJoined         probe.Code = "through-joined"
	codeUnreachable    probe.Code = "through-unreachable"
	codeNotReported    probe.Code = "through-not-reported"
	codeNotExtracted   probe.Code = "through-not-extracted"
	codeFormatMismatch probe.Code = "through-format-mismatch"
	CodeSamplerDrops   probe.Code = "through-sampler-drops"
	codeIDTruncated    probe.Code = "through-id-truncated"
	codeStopsAt        probe.Code = "through-stops-at"
	codeNotAwaited     probe.Code = "through-not-awaited"
	codeUnreadable     probe.Code = "through-unreadable"
)

// Probe calls an application and reads back what it reports. All its
// findings are about the application, so the verdict weighs them after those
// about the configuration; see judge.
func Probe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDThrough,
		Hop:       probe.HopDelivery,
		Title:     "the application joins its callers' traces and reports them",
		Needs:     []string{probe.IDQuery},
		Unbounded: true,
		Codes: []probe.Code{
			CodeJoined, codeUnreachable, codeNotReported, codeNotExtracted,
			codeFormatMismatch, CodeSamplerDrops, codeIDTruncated, codeStopsAt,
			codeNotAwaited, codeUnreadable,
		},
		Run: run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Through == "" {
		return probe.NotUsed("no application is set")
	}
	u, err := parseURL(env.Through)
	if err != nil {
		return probe.Fail(codeUnreachable, "--through is not a valid URL: %v", err).AtHop(probe.HopConfig).
			Hint("--through http://localhost:8000/")
	}
	v := newSession(u)
	if err := v.make(ctx, env); err != nil {
		return unreachable(u, err)
	}
	seen, err := v.waitObservations(ctx, env)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return probe.Unknown(codeNotAwaited, "timed out before %s could report its spans", probe.Bare(u)).
			Saw(v.evidence()...).Hint("--timeout 30s")
	case err != nil:
		return probe.Unknown(codeUnreadable, "%s responds, but reading its spans back failed: %v", probe.Bare(u), err).
			AtHop(probe.HopQuery).Saw(v.evidence()...)
	}
	seen.reportParents(ctx, env)
	return seen.judge(env).Saw(v.evidence()...).Saw(seen.shown()...)
}

func unreachable(u *url.URL, err error) probe.Finding {
	f := probe.OneCode(codeUnreachable).Finding(u, err).AtHop(probe.HopNetwork)
	f.Fact = "cannot reach the application: " + f.Fact
	if probe.Classify(err) == probe.FaultPlain || probe.Classify(err) == probe.FaultTLS {
		return f.Hint("--through " + probe.OtherScheme(u))
	}
	return f.Hint(fmt.Sprintf("curl -v %s", probe.Bare(u)))
}

// judge returns the finding for what was observed. The strongest explanation
// comes first.
func (s *observations) judge(env *probe.Env) probe.Finding {
	roots, formats, foreign := s.ownRoots(), s.formats(), s.foreignRoots()
	switch {
	case len(formats) == 0 && len(roots) == 0 && s.debugRoot.SpanID == 0:
		return s.notReported(env)
	case len(formats) == 0:
		return s.notExtracted(roots)
	case !slices.ContainsFunc(formats, sentBy(env)):
		return s.mismatch(env, formats)
	case len(roots) == 0 && s.unsearched == nil:
		return s.samplerDrops(formats)
	case len(foreign) > 0:
		return s.stopsAt(foreign)
	case len(s.cut) > 0:
		return s.truncated(env)
	case len(s.unansweredCalls()) > 0:
		return s.callUnanswered()
	}
	f := probe.OK(CodeJoined, "%s joins a trace received in %s", s.app(), formatNames(formats))
	if downstream := s.downstream(); len(downstream) > 0 {
		f.Fact += ", and propagates it to " + strings.Join(downstream, ", ")
	} else {
		f.Fact += "; no other service is in the trace"
	}
	return f
}

func (s *observations) formats() []headerFormat {
	return slices.DeleteFunc(headerFormats(), func(f headerFormat) bool {
		_, whole := s.joined[f.name]
		_, cut := s.cut[f.name]
		return !whole && !cut
	})
}

// sentBy returns whether callers with this configuration send a format.
func sentBy(env *probe.Env) func(headerFormat) bool {
	return func(f headerFormat) bool { return slices.Contains(env.Config().Formats(), f.propagation) }
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

// app is what to call the application: the names on its spans, else its URL.
func (s *observations) app() string {
	services := s.entryServices()
	if len(services) == 0 {
		services = serviceNames(s.ownRoots())
	}
	switch {
	case len(services) > 0:
		return "service " + strings.Join(services, ", ")
	case s.debugRoot.SpanID != 0:
		return "service " + s.debugRoot.Service()
	default:
		return probe.Bare(s.url)
	}
}

func (s *observations) notReported(env *probe.Env) probe.Finding {
	f := probe.Fail(codeNotReported, "%s returned %d, but none of %s to it produced a span at %s, not even with %s",
		probe.Bare(s.url), s.plain[0].status, plural.Of(len(s.calls()), "request", "requests"), probe.BareText(env.Config().Query.URL), debugHeader)
	if s.unsearched != nil {
		f.Fact = fmt.Sprintf("%s returned %d and joins no trace; cannot search for other traces: %v",
			probe.Bare(s.url), s.plain[0].status, s.unsearched)
	}
	f = f.Hint("otdemo check-jaeger (with the environment of the application)")
	if status := s.plain[0].status; status >= 300 {
		f = f.Perhaps(fmt.Sprintf("%d is not from the traced code: a proxy, a login, an unknown path", status), "curl -v "+probe.Bare(s.url))
	}
	return f.
		Perhaps("the global tracer is opentracing's no-op: SetGlobalTracer was not called, or the error of the tracer's constructor is ignored", "").
		Perhaps("the tracer is disabled", "env | grep JAEGER_DISABLED (where the application runs)").
		Perhaps("the handler is not instrumented: there is no middleware around it", "").
		Perhaps("it reports elsewhere: to another Jaeger, or to an agent that does not exist", "env | grep JAEGER_ (where the application runs)").
		Perhaps("its spans are never flushed: the flush interval is too long, or spans are never finished", "").
		Perhaps("it does not extract traces from headers, and its sampler drops the traces that it starts", "")
}

func (s *observations) notExtracted(roots []trace.Span) probe.Finding {
	kept := fmt.Sprintf("%s found", plural.Of(len(roots), "trace of its own was", "traces of its own were"))
	if len(roots) == 0 {
		kept = "only the trace of the debug header was found, so its sampler also drops others"
	}
	return probe.Fail(codeNotExtracted, "%s reports spans but joins no trace received in any of %s; %s", s.app(), formatNames(headerFormats()), kept).
		Hint("nethttp.Middleware(tracer, handler), or tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)), in the application").
		Perhaps("it starts its span without the caller's context", "").
		Perhaps("a proxy in front of it drops the headers", "curl -v "+probe.Bare(s.url)).
		Perhaps("its header has another name: jaeger.HeadersConfig", "")
}

func (s *observations) mismatch(env *probe.Env, formats []headerFormat) probe.Finding {
	isSent := sentBy(env)
	wanted := slices.DeleteFunc(headerFormats(), func(f headerFormat) bool { return !isSent(f) })
	f := probe.Fail(codeFormatMismatch, "%s joins a trace received in %s, but callers with this configuration send %s",
		s.app(), formatNames(formats), formatNames(wanted))
	hint := "OTEL_PROPAGATORS=tracecontext,baggage"
	for _, w := range wanted {
		if w.otel != "tracecontext" {
			hint += "," + w.otel
		}
	}
	hint += " (in the application's environment, with OpenTelemetry's SDK)"
	if jaegerClient(s.continuations()) && slices.Contains(env.Config().Formats(), config.PropagationJaeger) {
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

func (s *observations) samplerDrops(formats []headerFormat) probe.Finding {
	// A request in a format that it does not read is to it one without a trace.
	tried := len(s.plain) + len(s.joins) - len(formats)
	f := probe.Fail(CodeSamplerDrops, "%s joins a sampled trace (%s), but keeps none of %s without one: its sampler drops them",
		s.app(), formatNames(formats), plural.Of(tried, "request", "requests")).AtHop(probe.HopSampling)
	if s.debugRoot.SpanID != 0 {
		f.Fact += "; with " + debugHeader + " one is kept"
	}
	return f.Hint("JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1 (in the application's environment)").
		Perhaps("its sampler keeps nothing: jaeger-client-go's default is remote with parameter 0", "").
		Perhaps("its sampler keeps few, like Jaeger's default of one in 1000", "otdemo check-jaeger --only sampling-strategy --sampler-type remote --service "+strings.TrimPrefix(s.app(), "service ")).
		Perhaps("this is intended: only callers decide", "")
}

// stopsAt is for services that begin traces inside of the application's spans.
func (s *observations) stopsAt(foreign []string) probe.Finding {
	return probe.Fail(codeStopsAt,
		"the trace stops at %s: during each of its spans, %s starts a trace of its own", s.app(), strings.Join(foreign, ", ")).
		Hint("tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(req.Header)), or nethttp.TraceRequest and nethttp.Transport, in the application").
		Perhaps("the application calls with its own client or context, and injects nothing", "").
		Perhaps(strings.Join(foreign, ", ")+" does not read the header that the application sends", "")
}

// callUnanswered returns the finding for calls of the application that no
// service continued.
func (s *observations) callUnanswered() probe.Finding {
	urls := s.unansweredCalls()
	return probe.Warn(codeStopsAt, "the trace stops at %s: it calls %s, but no span follows", s.app(), strings.Join(urls, ", ")).
		Hint("otdemo check-jaeger --through "+urls[0]).
		Perhaps("the called service is not traced, or is not yours", "").
		Perhaps("the called service reads another header format, or reports elsewhere", "")
}

func (s *observations) truncated(env *probe.Env) probe.Finding {
	status := probe.StatusWarn
	if env.Config().TraceID128Bit {
		status = probe.StatusFail
	}
	cut := strings.Join(slices.Sorted(maps.Keys(s.cut)), ", ")
	return probe.Found(status, codeIDTruncated, "%s truncates 128-bit trace ids to 64 bits (%s): such a trace is split in two", s.app(), cut).
		Hint("JAEGER_TRACEID_128BIT=false (in the environment of its callers)").
		Perhaps("the application's client is old: jaeger-client-go reads 128-bit ids since 2.0", "").
		Perhaps("a proxy or a mesh in front of it truncates the id", "")
}

func (s *observations) shown() []string {
	var lines []string
	for _, c := range s.joins {
		line := "not joined"
		if t := s.joined[c.name]; len(t.Spans) > 0 {
			line = fmt.Sprintf("joined, %s of %s", plural.Of(len(t.Spans), "span", "spans"), strings.Join(t.Services(), ", "))
		} else if t := s.cut[c.name]; len(t.Spans) > 0 {
			line = fmt.Sprintf("joined under the id %s", t.ID)
		}
		lines = append(lines, c.name+": "+line)
	}
	if len(s.joined) > 0 {
		lines = append(lines, fmt.Sprintf("first seen %s after the calls", probe.RoundTime(s.first)))
	}
	unsampled, debug := "not kept", "not found"
	if s.keptUnsampled {
		unsampled = "kept anyway"
	}
	if s.debugRoot.SpanID != 0 {
		debug = fmt.Sprintf("kept as trace %s", s.debugRoot.TraceID)
	}
	roots := s.ownRoots()
	lines = append(lines, "sampled=0: "+unsampled, debugHeader+": "+debug,
		fmt.Sprintf("traces started by the application itself: %d%s", len(roots), samplerOf(roots)))
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
