package tracer

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/opentracing/basictracer-go"
	"github.com/opentracing/opentracing-go"
)

// appdashSpeaker teaches Appdash's tracer the formats f. decide is the tracer's
// sampler, for callers that leave the decision to us.
func appdashSpeaker(tracer opentracing.Tracer, f *formats, decide func(trace uint64) bool) opentracing.Tracer {
	return &speaker{Tracer: tracer, formats: f, own: &appdashContexts{decide: decide, log: f.log}}
}

// appdashContexts translates to and from basictracer.SpanContext, which has 64
// bits for the trace id, no parent and no debug flag.
type appdashContexts struct {
	decide func(trace uint64) bool
	log    *slog.Logger
	cut    sync.Once
}

func (*appdashContexts) link(sc opentracing.SpanContext) (link, bool) {
	c, ok := sc.(basictracer.SpanContext)
	if !ok {
		return link{}, false
	}
	l := link{trace: traceID{low: c.TraceID}, span: c.SpanID, sampled: drop, baggage: c.Baggage}
	if c.Sampled {
		l.sampled = keep
	}
	return l, true
}

func (a *appdashContexts) context(l link) (opentracing.SpanContext, error) {
	if !l.hasSpan() || l.trace.low == 0 {
		return nil, opentracing.ErrSpanContextNotFound
	}
	if l.trace.high != 0 {
		a.cut.Do(func() {
			a.log.Warn("appdash keeps 64 bits of a trace id: this trace and those to come have another id there",
				"trace_id", l.trace.long(), "appdash_trace_id", hex64(l.trace.low))
		})
	}
	return basictracer.SpanContext{
		TraceID: l.trace.low,
		SpanID:  l.span,
		Sampled: l.sampled == keep || l.sampled == undecided && a.decide(l.trace.low),
		Baggage: maps.Clone(l.baggage),
	}, nil
}
