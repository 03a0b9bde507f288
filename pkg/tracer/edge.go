package tracer

import (
	"sync/atomic"

	"github.com/opentracing/opentracing-go"
)

// edge counts the spans that a library's tracer starts, for libraries that do not.
// A propagatingTracer stands between it and the application.
type edge struct {
	opentracing.Tracer
	counters *spanCounters
	// sampled reports whether the spans of a context that the library made are
	// kept.
	sampled func(sc opentracing.SpanContext) bool
}

// StartSpan implements opentracing.Tracer.
func (e *edge) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	span := e.Tracer.StartSpan(operation, opts...)
	e.counters.countStarted(e.sampled(span.Context()))
	return &edgeSpan{Span: span}
}

// edgeSpan can be finished once. nethttp finishes a span again when a body is
// closed again, and basictracer would record it twice.
type edgeSpan struct {
	opentracing.Span
	finished atomic.Bool
}

// Finish implements opentracing.Span.
func (s *edgeSpan) Finish() {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.Finish()
	}
}

// FinishWithOptions implements opentracing.Span.
func (s *edgeSpan) FinishWithOptions(opts opentracing.FinishOptions) {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.FinishWithOptions(opts)
	}
}
