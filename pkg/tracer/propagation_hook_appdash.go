package tracer

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/opentracing/basictracer-go"
	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// appdashConverter translates to and from basictracer.SpanContext, which has 64
// bits for the trace id, no parent and no debug flag. decide is the tracer's sampler,
// for callers that leave the decision to us.
type appdashConverter struct {
	decide func(trace uint64) bool
	log    *slog.Logger
	cut    sync.Once
}

func (*appdashConverter) fromLibrary(sc opentracing.SpanContext) (spanContext, bool) {
	c, ok := sc.(basictracer.SpanContext)
	if !ok {
		return spanContext{}, false
	}
	l := spanContext{trace: id.TraceID{Low: c.TraceID}, span: id.SpanID(c.SpanID), sampled: drop, baggage: c.Baggage}
	if c.Sampled {
		l.sampled = keep
	}
	return l, true
}

func (a *appdashConverter) toLibrary(l spanContext) (opentracing.SpanContext, error) {
	if !l.hasSpan() || l.trace.Low == 0 {
		return nil, opentracing.ErrSpanContextNotFound
	}
	if l.trace.High != 0 {
		a.cut.Do(func() {
			a.log.Warn("appdash keeps 64 bits of a trace id: this trace and those to come have another id there",
				"trace_id", l.trace, "appdash_trace_id", id.SpanID(l.trace.Low))
		})
	}
	return basictracer.SpanContext{
		TraceID: l.trace.Low,
		SpanID:  uint64(l.span),
		Sampled: l.sampled == keep || l.sampled == deferred && a.decide(l.trace.Low),
		Baggage: maps.Clone(l.baggage),
	}, nil
}
