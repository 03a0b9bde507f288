package tracer

import (
	"github.com/opentracing/opentracing-go"
)

// propagatingTracer is a tracer whose library speaks one header format, taught to speak
// those of the configuration. Its spans are wrapped as well, since nethttp injects
// with the tracer that a span names.
type propagatingTracer struct {
	opentracing.Tracer
	propagators *propagators
	converter   contextConverter
}

// contextConverter translates a library's span contexts.
type contextConverter interface {
	// fromLibrary returns what sc says; false if another tracer made it.
	fromLibrary(sc opentracing.SpanContext) (spanContext, bool)
	// toLibrary returns the context to start a child of l with, or
	// ErrSpanContextNotFound when the library has no use for l.
	toLibrary(l spanContext) (opentracing.SpanContext, error)
}

// extras is what the library's contexts have no room for, handed on from the
// caller to whom we call.
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

// StartSpan implements opentracing.Tracer. References to other tracers' contexts
// are left out: basictracer panics at them, and zipkin-go-opentracing looks at
// the first one alone.
func (s *propagatingTracer) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	var options startOptions
	for _, o := range opts {
		o.Apply((*opentracing.StartSpanOptions)(&options))
	}
	var passedOn extras
	references := options.References
	options.References = nil
	for _, ref := range references {
		c, _ := ref.ReferencedContext.(wrappedContext)
		ref.ReferencedContext = unwrap(ref.ReferencedContext)
		if _, ok := s.converter.fromLibrary(ref.ReferencedContext); !ok {
			continue
		}
		if len(options.References) == 0 {
			passedOn = c.extras
		}
		options.References = append(options.References, ref)
	}
	return &wrappedSpan{Span: s.Tracer.StartSpan(operation, &options), tracer: s, extras: passedOn}
}

// startOptions hands options on that were applied already.
type startOptions opentracing.StartSpanOptions

// Apply implements opentracing.StartSpanOption.
func (s *startOptions) Apply(o *opentracing.StartSpanOptions) { *o = opentracing.StartSpanOptions(*s) }

// Inject implements opentracing.Tracer. Carriers other than headers and maps are
// the library's business.
func (s *propagatingTracer) Inject(sc opentracing.SpanContext, kind, carrier any) error {
	if _, err := s.propagators.forCarrier(kind); err != nil {
		return s.Tracer.Inject(unwrap(sc), kind, carrier)
	}
	l, ok := s.converter.fromLibrary(unwrap(sc))
	if !ok {
		return opentracing.ErrInvalidSpanContext
	}
	if c, ok := sc.(wrappedContext); ok {
		l.state = c.extras.state
		if l.trace.High == 0 {
			l.trace.High = c.extras.high
		}
	}
	return s.propagators.inject(l, kind, carrier)
}

// Extract implements opentracing.Tracer.
func (s *propagatingTracer) Extract(kind, carrier any) (opentracing.SpanContext, error) {
	if _, err := s.propagators.forCarrier(kind); err != nil {
		return s.Tracer.Extract(kind, carrier)
	}
	l, err := s.propagators.extract(kind, carrier)
	if err != nil {
		return nil, err
	}
	sc, err := s.converter.toLibrary(l)
	if err != nil {
		return nil, err
	}
	passedOn := extras{state: l.state}
	if kept, _ := s.converter.fromLibrary(sc); kept.trace.High != l.trace.High {
		passedOn.high = l.trace.High
	}
	if passedOn == (extras{}) {
		return sc, nil
	}
	return wrappedContext{sc, passedOn}, nil
}

// wrappedSpan is a span whose tracer is the propagatingTracer.
type wrappedSpan struct {
	opentracing.Span
	tracer *propagatingTracer
	extras extras
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
