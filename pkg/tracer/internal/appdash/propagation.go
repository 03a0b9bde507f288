package appdash

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/opentracing/basictracer-go"
	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
)

// converter translates to and from basictracer.SpanContext, which has 64
// bits for the trace id, no parent and no debug flag. decide is the tracer's sampler,
// for callers that leave the decision to us.
type converter struct {
	decide func(trace uint64) bool
	log    *slog.Logger
	cut    sync.Once
}

func (*converter) FromLibrary(sc opentracing.SpanContext) (propagation.SpanContext, bool) {
	c, ok := sc.(basictracer.SpanContext)
	if !ok {
		return propagation.SpanContext{}, false
	}
	l := propagation.SpanContext{Trace: id.TraceID{Low: c.TraceID}, Span: id.SpanID(c.SpanID), Sampled: propagation.Drop, Baggage: c.Baggage}
	if c.Sampled {
		l.Sampled = propagation.Keep
	}
	return l, true
}

func (a *converter) ToLibrary(l propagation.SpanContext) (opentracing.SpanContext, error) {
	if !l.HasSpan() || l.Trace.Low == 0 {
		return nil, opentracing.ErrSpanContextNotFound
	}
	if l.Trace.High != 0 {
		a.cut.Do(func() {
			a.log.Warn("appdash keeps 64 bits of a trace id: this trace and those to come have another id there",
				"trace_id", l.Trace, "appdash_trace_id", id.SpanID(l.Trace.Low))
		})
	}
	return basictracer.SpanContext{
		TraceID: l.Trace.Low,
		SpanID:  uint64(l.Span),
		Sampled: l.Sampled == propagation.Keep || l.Sampled == propagation.Deferred && a.decide(l.Trace.Low),
		Baggage: maps.Clone(l.Baggage),
	}, nil
}
