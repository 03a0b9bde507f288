package tracer

import (
	"github.com/opentracing/opentracing-go"
)

// speaker is a tracer whose library speaks one header format, taught to speak
// those of the configuration. Its spans are wrapped as well, since nethttp injects
// with the tracer that a span names.
type speaker struct {
	opentracing.Tracer
	formats *formats
	own     contexts
}

// contexts translates a library's span contexts.
type contexts interface {
	// link returns what sc says; false if another tracer made it.
	link(sc opentracing.SpanContext) (link, bool)
	// context returns the context to start a child of l with, or
	// ErrSpanContextNotFound when the library has no use for l.
	context(l link) (opentracing.SpanContext, error)
}

// passed is what the library's contexts have no room for, handed on from the
// caller to whom we call.
type passed struct {
	// high is the high half of the trace id, if the library keeps only the low one.
	high  uint64
	state string
}

// spokenContext is a library's context with what came along.
type spokenContext struct {
	opentracing.SpanContext
	passed passed
}

// libraryContext returns the context that the library made.
func libraryContext(sc opentracing.SpanContext) opentracing.SpanContext {
	if c, ok := sc.(spokenContext); ok {
		return c.SpanContext
	}
	return sc
}

// StartSpan implements opentracing.Tracer. References to other tracers' contexts
// are left out: basictracer panics at them, and zipkin-go-opentracing looks at
// the first one alone.
func (s *speaker) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	var options startOptions
	for _, o := range opts {
		o.Apply((*opentracing.StartSpanOptions)(&options))
	}
	var along passed
	references := options.References
	options.References = nil
	for _, ref := range references {
		c, _ := ref.ReferencedContext.(spokenContext)
		ref.ReferencedContext = libraryContext(ref.ReferencedContext)
		if _, ok := s.own.link(ref.ReferencedContext); !ok {
			continue
		}
		if len(options.References) == 0 {
			along = c.passed
		}
		options.References = append(options.References, ref)
	}
	return &spokenSpan{Span: s.Tracer.StartSpan(operation, &options), tracer: s, passed: along}
}

// startOptions hands options on that were applied already.
type startOptions opentracing.StartSpanOptions

// Apply implements opentracing.StartSpanOption.
func (s *startOptions) Apply(o *opentracing.StartSpanOptions) { *o = opentracing.StartSpanOptions(*s) }

// Inject implements opentracing.Tracer. Carriers other than headers and maps are
// the library's business.
func (s *speaker) Inject(sc opentracing.SpanContext, kind, carrier any) error {
	if _, err := s.formats.of(kind); err != nil {
		return s.Tracer.Inject(libraryContext(sc), kind, carrier)
	}
	l, ok := s.own.link(libraryContext(sc))
	if !ok {
		return opentracing.ErrInvalidSpanContext
	}
	if c, ok := sc.(spokenContext); ok {
		l.state = c.passed.state
		if l.trace.high == 0 {
			l.trace.high = c.passed.high
		}
	}
	return s.formats.inject(l, kind, carrier)
}

// Extract implements opentracing.Tracer.
func (s *speaker) Extract(kind, carrier any) (opentracing.SpanContext, error) {
	if _, err := s.formats.of(kind); err != nil {
		return s.Tracer.Extract(kind, carrier)
	}
	l, err := s.formats.extract(kind, carrier)
	if err != nil {
		return nil, err
	}
	sc, err := s.own.context(l)
	if err != nil {
		return nil, err
	}
	along := passed{state: l.state}
	if kept, _ := s.own.link(sc); kept.trace.high != l.trace.high {
		along.high = l.trace.high
	}
	if along == (passed{}) {
		return sc, nil
	}
	return spokenContext{sc, along}, nil
}

// spokenSpan is a span whose tracer is the speaker.
type spokenSpan struct {
	opentracing.Span
	tracer *speaker
	passed passed
}

// Tracer implements opentracing.Span.
func (s *spokenSpan) Tracer() opentracing.Tracer { return s.tracer }

// Context implements opentracing.Span.
func (s *spokenSpan) Context() opentracing.SpanContext {
	if s.passed == (passed{}) {
		return s.Span.Context()
	}
	return spokenContext{s.Span.Context(), s.passed}
}

// SetOperationName implements opentracing.Span.
func (s *spokenSpan) SetOperationName(operation string) opentracing.Span {
	s.Span.SetOperationName(operation)
	return s
}

// SetTag implements opentracing.Span.
func (s *spokenSpan) SetTag(key string, value any) opentracing.Span {
	s.Span.SetTag(key, value)
	return s
}

// SetBaggageItem implements opentracing.Span.
func (s *spokenSpan) SetBaggageItem(key, value string) opentracing.Span {
	s.Span.SetBaggageItem(key, value)
	return s
}
