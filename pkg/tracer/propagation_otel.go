package tracer

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// otelPropagator speaks the formats of the configuration for OpenTelemetry. W3C
// goes through OpenTelemetry's own propagators as well, which keep what a link has
// no room for: the random flag, and the properties of baggage. They alone would
// not do: a broken header is no header to them, so is one with a flag of the
// future, and of several tracestate headers they see the first.
type otelPropagator struct {
	propagators *propagators
	w3c         otelpropagation.TextMapPropagator
	// sampler makes the decision that a caller left to us.
	sampler sdktrace.Sampler
}

// newOTelPropagator returns the propagator for the formats f. OpenTelemetry takes
// the decision of a remote parent as final, whether there was one or not, so
// sampler is asked where B3 leaves it open; it must be the one for root spans.
func newOTelPropagator(f *propagators, sampler sdktrace.Sampler) otelpropagation.TextMapPropagator {
	w3c := otelpropagation.NewCompositeTextMapPropagator(otelpropagation.TraceContext{}, otelpropagation.Baggage{})
	if !f.supports(config.PropagationW3C) {
		w3c = otelpropagation.NewCompositeTextMapPropagator()
	}
	return &otelPropagator{propagators: f, w3c: w3c, sampler: sampler}
}

// listFor returns the formats for the carrier; only HTTP's needs escaping.
func (p *otelPropagator) listFor(carrier otelpropagation.TextMapCarrier) []propagator {
	_, ok := carrier.(otelpropagation.HeaderCarrier)
	return p.propagators.forHTTP(ok)
}

// Inject implements otelpropagation.TextMapPropagator.
func (p *otelPropagator) Inject(ctx context.Context, carrier otelpropagation.TextMapCarrier) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return
	}
	l := fromOTel(sc)
	for _, member := range baggage.FromContext(ctx).Members() {
		l.addBaggage(member.Key(), member.Value())
	}
	for i, format := range p.listFor(carrier) {
		if p.propagators.names[i] == config.PropagationW3C {
			p.w3c.Inject(ctx, carrier)
			continue
		}
		format.inject(l, carrier.Set)
	}
}

// Extract implements otelpropagation.TextMapPropagator.
func (p *otelPropagator) Extract(ctx context.Context, carrier otelpropagation.TextMapCarrier) context.Context {
	l, err := p.propagators.extractFrom(p.listFor(carrier), collectOTel(carrier))
	if err != nil || !l.hasSpan() {
		return ctx
	}
	sc := p.spanContext(ctx, l)
	extracted := p.w3c.Extract(ctx, carrier)
	if w3c := trace.SpanContextFromContext(extracted); w3c.TraceID() == sc.TraceID() && w3c.SpanID() == sc.SpanID() {
		sc = w3c.WithTraceState(sc.TraceState())
	}
	bag := baggage.FromContext(extracted)
	for key, value := range l.baggage {
		if bag.Member(key).Key() != "" {
			continue
		}
		bag = withMember(bag, key, value)
	}
	return baggage.ContextWithBaggage(trace.ContextWithRemoteSpanContext(ctx, sc), bag)
}

// spanContext makes OpenTelemetry's context of l, which names a span.
func (p *otelPropagator) spanContext(ctx context.Context, l spanContext) trace.SpanContext {
	if l.sampled == deferred && p.decide(ctx, l) {
		l.sampled = keep
	}
	c := l.otel()
	c.Remote = true
	return trace.NewSpanContext(c)
}

func (p *otelPropagator) decide(ctx context.Context, l spanContext) bool {
	result := p.sampler.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: trace.ContextWithSpanContext(ctx, trace.SpanContext{}),
		TraceID:       l.otel().TraceID,
		Kind:          trace.SpanKindServer,
	})
	return result.Decision == sdktrace.RecordAndSample
}

// Fields implements otelpropagation.TextMapPropagator. Baggage with a header for each
// item is not in it.
func (p *otelPropagator) Fields() []string {
	fields := p.w3c.Fields()
	l := spanContext{trace: id.TraceID{Low: 1}, span: 1, parent: 1, sampled: keep}
	for i, format := range p.propagators.forHTTP(true) {
		if p.propagators.names[i] != config.PropagationW3C {
			format.inject(l, func(key, _ string) { fields = append(fields, key) })
		}
	}
	return fields
}

// collectOTel is collect for OpenTelemetry's carriers.
func collectOTel(carrier otelpropagation.TextMapCarrier) headers {
	var h headers
	several, _ := carrier.(otelpropagation.ValuesGetter)
	for _, key := range carrier.Keys() {
		if several == nil {
			h.add(key, carrier.Get(key))
			continue
		}
		for _, value := range several.Values(key) {
			h.add(key, value)
		}
	}
	return h
}
