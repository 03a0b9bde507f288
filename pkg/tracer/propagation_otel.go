package tracer

import (
	"context"
	"encoding/binary"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/pkg/config"
)

// otelPropagator speaks the formats of the configuration for OpenTelemetry. W3C
// goes through OpenTelemetry's own propagators as well, which keep what a link has
// no room for: the random flag, and the properties of baggage. They alone would
// not do: a broken header is no header to them, so is one with a flag of the
// future, and of several tracestate headers they see the first.
type otelPropagator struct {
	propagators *propagators
	w3c         propagation.TextMapPropagator
	// sampler makes the decision that a caller left to us.
	sampler sdktrace.Sampler
}

// newOTelPropagator returns the propagator for the formats f. OpenTelemetry takes
// the decision of a remote parent as final, whether there was one or not, so
// sampler is asked where B3 leaves it open; it must be the one for root spans.
func newOTelPropagator(f *propagators, sampler sdktrace.Sampler) propagation.TextMapPropagator {
	w3c := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	if !f.supports(config.PropagationW3C) {
		w3c = propagation.NewCompositeTextMapPropagator()
	}
	return &otelPropagator{propagators: f, w3c: w3c, sampler: sampler}
}

// listFor returns the formats for the carrier; only HTTP's needs escaping.
func (p *otelPropagator) listFor(carrier propagation.TextMapCarrier) []propagator {
	if _, ok := carrier.(propagation.HeaderCarrier); ok {
		return p.propagators.http
	}
	return p.propagators.text
}

// Inject implements propagation.TextMapPropagator.
func (p *otelPropagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return
	}
	trace, span := sc.TraceID(), sc.SpanID()
	l := spanContext{
		trace:   traceID{binary.BigEndian.Uint64(trace[:8]), binary.BigEndian.Uint64(trace[8:])},
		span:    binary.BigEndian.Uint64(span[:]),
		sampled: drop,
	}
	if sc.IsSampled() {
		l.sampled = keep
	}
	for _, member := range baggage.FromContext(ctx).Members() {
		l.addBaggage(member.Key(), member.Value())
	}
	for _, format := range p.listFor(carrier) {
		if _, ok := format.(w3cPropagator); ok {
			p.w3c.Inject(ctx, carrier)
			continue
		}
		format.inject(l, carrier.Set)
	}
}

// Extract implements propagation.TextMapPropagator.
func (p *otelPropagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
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
		member, err := baggage.NewMemberRaw(key, value)
		if err != nil {
			continue
		}
		if more, err := bag.SetMember(member); err == nil {
			bag = more
		}
	}
	return baggage.ContextWithBaggage(trace.ContextWithRemoteSpanContext(ctx, sc), bag)
}

// spanContext makes OpenTelemetry's context of l, which names a span. A trace id
// of 64 bits is padded with zeros.
func (p *otelPropagator) spanContext(ctx context.Context, l spanContext) trace.SpanContext {
	c := trace.SpanContextConfig{Remote: true}
	binary.BigEndian.PutUint64(c.TraceID[:8], l.trace.high)
	binary.BigEndian.PutUint64(c.TraceID[8:], l.trace.low)
	binary.BigEndian.PutUint64(c.SpanID[:], l.span)
	if l.sampled == keep || l.sampled == deferred && p.decide(ctx, c.TraceID) {
		c.TraceFlags = trace.FlagsSampled
	}
	c.TraceState, _ = trace.ParseTraceState(l.state)
	return trace.NewSpanContext(c)
}

func (p *otelPropagator) decide(ctx context.Context, id trace.TraceID) bool {
	result := p.sampler.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: trace.ContextWithSpanContext(ctx, trace.SpanContext{}),
		TraceID:       id,
		Kind:          trace.SpanKindServer,
	})
	return result.Decision == sdktrace.RecordAndSample
}

// Fields implements propagation.TextMapPropagator. Baggage with a header for each
// item is not in it.
func (p *otelPropagator) Fields() []string {
	fields := p.w3c.Fields()
	l := spanContext{trace: traceID{low: 1}, span: 1, parent: 1, sampled: keep}
	for _, format := range p.propagators.http {
		if _, ok := format.(w3cPropagator); !ok {
			format.inject(l, func(key, _ string) { fields = append(fields, key) })
		}
	}
	return fields
}

// collectOTel is collect for OpenTelemetry's carriers.
func collectOTel(carrier propagation.TextMapCarrier) headers {
	var h headers
	several, _ := carrier.(propagation.ValuesGetter)
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
