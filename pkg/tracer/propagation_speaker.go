package tracer

import (
	"sync/atomic"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// propagatingTracer makes a library's tracer, which has one propagation format, use
// those of the configuration, and counts the spans that it starts. Its spans are
// wrapped: nethttp injects with the tracer that a span returns.
type propagatingTracer struct {
	opentracing.Tracer
	propagators *propagators
	converter   contextConverter
	// started is called for each span.
	started func(sampled bool)
}

// contextConverter translates a library's span contexts.
type contextConverter interface {
	// fromLibrary returns the fields of sc; false if another tracer made it.
	fromLibrary(sc opentracing.SpanContext) (spanContext, bool)
	// toLibrary returns the context to start a child of l with, or
	// ErrSpanContextNotFound when the library has no use for l.
	toLibrary(l spanContext) (opentracing.SpanContext, error)
}

// extras are what the library's contexts have no field for. They are passed on from
// the caller to those that we call.
type extras struct {
	// high is the high half of the trace id, if the library keeps only the low one.
	high  uint64
	state string
}

// wrappedContext is a library's context with what came along.
type wrappedContext struct {
	opentracing.SpanContext
	extras extras
}

// unwrap returns the context that the library made.
func unwrap(sc opentracing.SpanContext) opentracing.SpanContext {
	if c, ok := sc.(wrappedContext); ok {
		return c.SpanContext
	}
	return sc
}

// traceID returns the trace id that the library gave to sc, and whether the trace
// is sampled; zero if another tracer made sc.
func (t *propagatingTracer) traceID(sc opentracing.SpanContext) (trace id.TraceID, sampled bool) {
	l, ok := t.converter.fromLibrary(unwrap(sc))
	if !ok || l.trace.IsZero() {
		return id.TraceID{}, false
	}
	return l.trace, l.sampled == keep
}

// StartSpan implements opentracing.Tracer. References to other tracers' contexts
// are left out: basictracer panics at them, and zipkin-go-opentracing reads the
// first one alone.
func (t *propagatingTracer) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	var options startOptions
	for _, o := range opts {
		o.Apply((*opentracing.StartSpanOptions)(&options))
	}
	span := &wrappedSpan{tracer: t}
	references := options.References
	options.References = nil
	for _, ref := range references {
		c, _ := ref.ReferencedContext.(wrappedContext)
		ref.ReferencedContext = unwrap(ref.ReferencedContext)
		if _, ok := t.converter.fromLibrary(ref.ReferencedContext); !ok {
			continue
		}
		if len(options.References) == 0 {
			span.extras = c.extras
		}
		options.References = append(options.References, ref)
	}
	span.Span = t.Tracer.StartSpan(operation, &options)
	l, _ := t.converter.fromLibrary(span.Span.Context())
	t.started(l.sampled == keep)
	return span
}

// startOptions passes options on that were applied already.
type startOptions opentracing.StartSpanOptions

// Apply implements opentracing.StartSpanOption.
func (s *startOptions) Apply(o *opentracing.StartSpanOptions) { *o = opentracing.StartSpanOptions(*s) }

// Inject implements opentracing.Tracer. Carriers other than headers and maps are
// left to the library.
func (t *propagatingTracer) Inject(sc opentracing.SpanContext, kind, carrier any) error {
	if _, err := t.propagators.forCarrier(kind); err != nil {
		return t.Tracer.Inject(unwrap(sc), kind, carrier)
	}
	l, ok := t.converter.fromLibrary(unwrap(sc))
	if !ok {
		return opentracing.ErrInvalidSpanContext
	}
	if c, ok := sc.(wrappedContext); ok {
		l.state = c.extras.state
		if l.trace.High == 0 {
			l.trace.High = c.extras.high
		}
	}
	return t.propagators.inject(l, kind, carrier)
}

// Extract implements opentracing.Tracer.
func (t *propagatingTracer) Extract(kind, carrier any) (opentracing.SpanContext, error) {
	if _, err := t.propagators.forCarrier(kind); err != nil {
		return t.Tracer.Extract(kind, carrier)
	}
	l, err := t.propagators.extract(kind, carrier)
	if err != nil {
		return nil, err
	}
	sc, err := t.converter.toLibrary(l)
	if err != nil {
		return nil, err
	}
	passedOn := extras{state: l.state}
	if kept, _ := t.converter.fromLibrary(sc); kept.trace.High != l.trace.High {
		passedOn.high = l.trace.High
	}
	if passedOn == (extras{}) {
		return sc, nil
	}
	return wrappedContext{sc, passedOn}, nil
}

// wrappedSpan is a span whose tracer is the propagatingTracer. It can be finished
// once: nethttp finishes a span again when a body is closed again, and basictracer
// would record it twice.
type wrappedSpan struct {
	opentracing.Span
	tracer   *propagatingTracer
	extras   extras
	finished atomic.Bool
}

// Finish implements opentracing.Span.
func (s *wrappedSpan) Finish() {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.Finish()
	}
}

// FinishWithOptions implements opentracing.Span.
func (s *wrappedSpan) FinishWithOptions(opts opentracing.FinishOptions) {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.FinishWithOptions(opts)
	}
}

// Tracer implements opentracing.Span.
func (s *wrappedSpan) Tracer() opentracing.Tracer { return s.tracer }

// Context implements opentracing.Span.
func (s *wrappedSpan) Context() opentracing.SpanContext {
	if s.extras == (extras{}) {
		return s.Span.Context()
	}
	return wrappedContext{s.Span.Context(), s.extras}
}

// SetOperationName implements opentracing.Span.
func (s *wrappedSpan) SetOperationName(operation string) opentracing.Span {
	s.Span.SetOperationName(operation)
	return s
}

// SetTag implements opentracing.Span.
func (s *wrappedSpan) SetTag(key string, value any) opentracing.Span {
	s.Span.SetTag(key, value)
	return s
}

// SetBaggageItem implements opentracing.Span.
func (s *wrappedSpan) SetBaggageItem(key, value string) opentracing.Span {
	s.Span.SetBaggageItem(key, value)
	return s
}
