package tracer

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// jaegerPropagationOptions returns the options that make jaeger-client-go speak the
// formats f. For its own format there is nothing to do, and so no cost.
func jaegerPropagationOptions(service string, f *propagators, m *jaeger.Metrics, sampler jaeger.Sampler) []jaeger.TracerOption {
	if slices.Equal(f.names, []string{config.PropagationJaeger}) {
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
		hook := jaegerInjectExtractor{propagators: f, kind: kind, own: own, metrics: m, decider: decider}
		options = append(options,
			jaeger.TracerOptions.Injector(kind, hook), jaeger.TracerOptions.Extractor(kind, hook))
	}
	return options
}

// jaegerInjectExtractor implements jaeger.Injector and jaeger.Extractor for one kind of
// carrier.
type jaegerInjectExtractor struct {
	propagators *propagators
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

// Inject implements jaeger.Injector.
func (h jaegerInjectExtractor) Inject(sc jaeger.SpanContext, carrier any) error {
	if !sc.IsValid() {
		return opentracing.ErrInvalidSpanContext
	}
	l := spanContext{
		trace:   id.TraceID(sc.TraceID()),
		span:    id.SpanID(sc.SpanID()),
		parent:  id.SpanID(sc.ParentID()),
		sampled: drop,
		debug:   sc.IsDebug(),
	}
	if sc.IsSampled() || l.debug {
		l.sampled = keep
	}
	sc.ForeachBaggageItem(func(key, value string) bool {
		l.addBaggage(key, value)
		return true
	})
	if h.propagators.supports(config.PropagationW3C) {
		l.state, _ = sc.ExtendedSamplingState(stateKey{}, noState).(string)
	}
	return h.propagators.inject(l, h.kind, carrier)
}

// Extract implements jaeger.Extractor.
func (h jaegerInjectExtractor) Extract(carrier any) (jaeger.SpanContext, error) {
	l, err := h.propagators.extract(h.kind, carrier)
	switch {
	case err == nil && l.hasSpan():
		return h.toLibrary(l)
	case errors.Is(err, opentracing.ErrSpanContextCorrupted):
		h.metrics.DecodingErrors.Inc(1)
		return jaeger.SpanContext{}, err
	case h.propagators.supports(config.PropagationJaeger):
		return h.own.Extract(carrier)
	default:
		return jaeger.SpanContext{}, cmp.Or(err, opentracing.ErrSpanContextNotFound)
	}
}

// toLibrary makes jaeger-client-go's context of l, which names a span.
func (h jaegerInjectExtractor) toLibrary(l spanContext) (jaeger.SpanContext, error) {
	trace := jaeger.TraceID(l.trace)
	sc := jaeger.NewSpanContext(trace, jaeger.SpanID(l.span), jaeger.SpanID(l.parent), l.sampled == keep, maps.Clone(l.baggage))
	if l.debug {
		// The debug flag can only be set by way of the header.
		var err error
		if sc, err = jaeger.ContextFromString(l.trace.String() + ":" + l.span.String() + ":" + l.parent.String() + ":3"); err != nil {
			return jaeger.SpanContext{}, err
		}
		for key, value := range l.baggage {
			sc = sc.WithBaggageItem(key, value)
		}
	}
	if l.sampled == deferred {
		h.decide(sc)
	}
	if l.state != "" {
		sc.ExtendedSamplingState(stateKey{}, func() any { return l.state })
	}
	return sc, nil
}

// decide asks our sampler for the decision that the caller left to us.
// jaeger-client-go takes the decision of a remote parent as final, whether there
// was one or not, so it has to be made here, and without knowing the operation. A
// span that stands in for the remote one makes the sampler set the flags that sc
// shares with it.
func (h jaegerInjectExtractor) decide(sc jaeger.SpanContext) {
	h.decider.StartSpan("", jaeger.SelfRef(sc))
}
