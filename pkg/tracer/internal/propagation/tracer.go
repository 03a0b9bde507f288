package propagation

import (
	"sync/atomic"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// Tracer makes a library's tracer, which has one propagation format, use
// those of the configuration, and counts the spans that it starts. Its spans are
// wrapped: nethttp injects with the tracer that a span returns.
type Tracer struct {
	opentracing.Tracer
	Propagators *Propagators
	Converter   Converter
	// Started is called for each span.
	Started func(sampled bool)
}

// Converter translates a library's span contexts.
type Converter interface {
	// FromLibrary returns the fields of sc; false if another tracer made it.
	FromLibrary(sc opentracing.SpanContext) (SpanContext, bool)
	// ToLibrary returns the context to start a child of l with, or
	// ErrSpanContextNotFound when the library has no use for l.
	ToLibrary(l SpanContext) (opentracing.SpanContext, error)
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

func unwrap(sc opentracing.SpanContext) (library opentracing.SpanContext, came extras) {
	if c, ok := sc.(wrappedContext); ok {
		return c.SpanContext, c.extras
	}
	return sc, extras{}
}

// TraceID returns the trace id that the library gave to sc, and whether the trace
// is sampled; zero if another tracer made sc.
func (t *Tracer) TraceID(sc opentracing.SpanContext) (trace id.TraceID, sampled bool) {
	library, _ := unwrap(sc)
	l, ok := t.Converter.FromLibrary(library)
	if !ok || l.Trace.IsZero() {
		return id.TraceID{}, false
	}
	return l.Trace, l.Sampled == Keep
}

// StartSpan implements opentracing.Tracer. References to other tracers' contexts
// are left out: basictracer panics at them, and zipkin-go-opentracing reads the
// first one alone.
func (t *Tracer) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	var options startOptions
	for _, o := range opts {
		o.Apply((*opentracing.StartSpanOptions)(&options))
	}
	span := &wrappedSpan{tracer: t}
	references := options.References
	options.References = nil
	for _, ref := range references {
		library, came := unwrap(ref.ReferencedContext)
		if _, ok := t.Converter.FromLibrary(library); ok {
			if len(options.References) == 0 {
				span.extras = came
			}
			options.References = append(options.References, opentracing.SpanReference{Type: ref.Type, ReferencedContext: library})
		}
	}
	span.Span = t.Tracer.StartSpan(operation, &options)
	l, _ := t.Converter.FromLibrary(span.Span.Context())
	t.Started(l.Sampled == Keep)
	return span
}

// startOptions passes options on that were applied already.
type startOptions opentracing.StartSpanOptions

func (s *startOptions) Apply(o *opentracing.StartSpanOptions) { *o = opentracing.StartSpanOptions(*s) }

// Inject implements opentracing.Tracer. Carriers other than headers and maps are
// left to the library.
func (t *Tracer) Inject(sc opentracing.SpanContext, kind, carrier any) error {
	library, came := unwrap(sc)
	if _, err := t.Propagators.For(kind); err != nil {
		return t.Tracer.Inject(library, kind, carrier)
	}
	l, ok := t.Converter.FromLibrary(library)
	if !ok {
		return opentracing.ErrInvalidSpanContext
	}
	l.State = came.state
	if l.Trace.High == 0 {
		l.Trace.High = came.high
	}
	return t.Propagators.Inject(l, kind, carrier)
}

// Extract implements opentracing.Tracer.
func (t *Tracer) Extract(kind, carrier any) (opentracing.SpanContext, error) {
	if _, err := t.Propagators.For(kind); err != nil {
		return t.Tracer.Extract(kind, carrier)
	}
	l, err := t.Propagators.Extract(kind, carrier)
	if err != nil {
		return nil, err
	}
	sc, err := t.Converter.ToLibrary(l)
	if err != nil {
		return nil, err
	}
	passedOn := extras{state: l.State}
	if kept, _ := t.Converter.FromLibrary(sc); kept.Trace.High != l.Trace.High {
		passedOn.high = l.Trace.High
	}
	if passedOn == (extras{}) {
		return sc, nil
	}
	return wrappedContext{sc, passedOn}, nil
}

// wrappedSpan is a span whose tracer is the Tracer. It can be finished
// once: nethttp finishes a span again when a body is closed again, and basictracer
// would record it twice.
type wrappedSpan struct {
	opentracing.Span
	tracer   *Tracer
	extras   extras
	finished atomic.Bool
}

func (s *wrappedSpan) Finish() {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.Finish()
	}
}

func (s *wrappedSpan) FinishWithOptions(opts opentracing.FinishOptions) {
	if s.finished.CompareAndSwap(false, true) {
		s.Span.FinishWithOptions(opts)
	}
}

func (s *wrappedSpan) Tracer() opentracing.Tracer { return s.tracer }

func (s *wrappedSpan) Context() opentracing.SpanContext {
	if s.extras == (extras{}) {
		return s.Span.Context()
	}
	return wrappedContext{s.Span.Context(), s.extras}
}

func (s *wrappedSpan) SetOperationName(operation string) opentracing.Span {
	s.Span.SetOperationName(operation)
	return s
}

func (s *wrappedSpan) SetTag(key string, value any) opentracing.Span {
	s.Span.SetTag(key, value)
	return s
}

func (s *wrappedSpan) SetBaggageItem(key, value string) opentracing.Span {
	s.Span.SetBaggageItem(key, value)
	return s
}
