package jaeger

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
)

// propagationOptions returns the options that make jaeger-client-go use the
// formats f. For its own format there is nothing to do, and so no cost.
func propagationOptions(service string, f *propagation.Propagators, m *jaeger.Metrics, sampler jaeger.Sampler) []jaeger.TracerOption {
	if slices.Equal(f.Names, []string{config.PropagationJaeger}) {
		return nil
	}
	keys := (&jaeger.HeadersConfig{}).ApplyDefaults()
	// Its Close is not needed: it owns nothing, and the sampler is another's.
	decider, _ := jaeger.NewTracer(service, sampler, jaeger.NewNullReporter())
	var options []jaeger.TracerOption
	for kind, own := range map[any]*jaeger.TextMapPropagator{
		opentracing.HTTPHeaders: jaeger.NewHTTPHeaderPropagator(keys, *m),
		opentracing.TextMap:     jaeger.NewTextMapPropagator(keys, *m),
	} {
		hook := injectExtractor{propagators: f, kind: kind, own: own, metrics: m, decider: decider}
		options = append(options,
			jaeger.TracerOptions.Injector(kind, hook), jaeger.TracerOptions.Extractor(kind, hook))
	}
	return options
}

// injectExtractor implements jaeger.Injector and jaeger.Extractor for one kind of
// carrier.
type injectExtractor struct {
	propagators *propagation.Propagators
	kind        any
	// own reads what only jaeger-client-go can: jaeger-debug-id, and baggage for a
	// trace that is yet to begin.
	own     *jaeger.TextMapPropagator
	metrics *jaeger.Metrics
	decider opentracing.Tracer
}

// stateKey is where the tracestate is kept. The map behind it is shared by all
// spans that have a remote parent in common.
type stateKey struct{}

func noState() any { return "" }

func (h injectExtractor) Inject(sc jaeger.SpanContext, carrier any) error {
	if !sc.IsValid() {
		return opentracing.ErrInvalidSpanContext
	}
	l := propagation.SpanContext{
		Trace:   id.TraceID(sc.TraceID()),
		Span:    id.SpanID(sc.SpanID()),
		Parent:  id.SpanID(sc.ParentID()),
		Sampled: propagation.Decided(sc.IsSampled() || sc.IsDebug()),
		Debug:   sc.IsDebug(),
	}
	sc.ForeachBaggageItem(func(key, value string) bool {
		l.AddBaggage(key, value)
		return true
	})
	if h.propagators.Supports(config.PropagationW3C) {
		l.State, _ = sc.ExtendedSamplingState(stateKey{}, noState).(string)
	}
	return h.propagators.Inject(l, h.kind, carrier)
}

func (h injectExtractor) Extract(carrier any) (jaeger.SpanContext, error) {
	l, err := h.propagators.Extract(h.kind, carrier)
	switch {
	case err == nil && l.HasSpan():
		return h.toLibrary(l), nil
	case errors.Is(err, opentracing.ErrSpanContextCorrupted):
		h.metrics.DecodingErrors.Inc(1)
		return jaeger.SpanContext{}, err
	case h.propagators.Supports(config.PropagationJaeger):
		return h.own.Extract(carrier)
	default:
		return jaeger.SpanContext{}, cmp.Or(err, opentracing.ErrSpanContextNotFound)
	}
}

// toLibrary makes jaeger-client-go's context of l, which names a span.
func (h injectExtractor) toLibrary(l propagation.SpanContext) jaeger.SpanContext {
	sc := jaeger.NewSpanContext(jaeger.TraceID(l.Trace), jaeger.SpanID(l.Span), jaeger.SpanID(l.Parent),
		l.Sampled == propagation.Keep, maps.Clone(l.Baggage))
	if l.Debug {
		// The debug flag can only be set by way of the header, which is valid.
		sc, _ = jaeger.ContextFromString(l.Trace.String() + ":" + l.Span.String() + ":" + l.Parent.String() + ":3")
		for key, value := range l.Baggage {
			sc = sc.WithBaggageItem(key, value)
		}
	}
	if l.Sampled == propagation.Deferred {
		// For jaeger-client-go the decision of a remote parent is final, whether there
		// was one or not, so our sampler has to make it here, and without knowing the
		// operation. A span that stands in for the remote one makes it set the flags
		// that sc shares with it.
		h.decider.StartSpan("", jaeger.SelfRef(sc))
	}
	if l.State != "" {
		sc.ExtendedSamplingState(stateKey{}, func() any { return l.State })
	}
	return sc
}
