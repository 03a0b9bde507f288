package otel

import (
	"context"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel/baggage"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
)

// propagator implements OpenTelemetry's propagator with the formats of the
// configuration. W3C goes through OpenTelemetry's own propagators as well, which keep
// what propagation.SpanContext has no field for: the random flag, and the properties
// of baggage. They alone would not do: a broken header is the same as none to them, and
// of several tracestate headers they read the first.
type propagator struct {
	propagators *propagation.Propagators
	w3c         otelpropagation.TextMapPropagator
	// sampler makes the decision that a caller left to us.
	sampler sdktrace.Sampler
}

// newPropagator returns the propagator for the formats f. For OpenTelemetry the
// decision of a remote parent is final, whether there was one or not, so sampler
// decides where B3 defers it; it must be the one for root spans.
func newPropagator(f *propagation.Propagators, sampler sdktrace.Sampler) otelpropagation.TextMapPropagator {
	w3c := otelpropagation.NewCompositeTextMapPropagator(otelpropagation.TraceContext{}, otelpropagation.Baggage{})
	if !f.Supports(config.PropagationW3C) {
		w3c = otelpropagation.NewCompositeTextMapPropagator()
	}
	return &propagator{propagators: f, w3c: w3c, sampler: sampler}
}

// listFor returns the formats for the carrier; only HTTP needs escaping.
func (p *propagator) listFor(carrier otelpropagation.TextMapCarrier) []propagation.Propagator {
	kind := opentracing.TextMap
	if _, ok := carrier.(otelpropagation.HeaderCarrier); ok {
		kind = opentracing.HTTPHeaders
	}
	list, _ := p.propagators.For(kind)
	return list
}

func (p *propagator) Inject(ctx context.Context, carrier otelpropagation.TextMapCarrier) {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return
	}
	l := propagation.FromOTel(sc)
	for _, member := range baggage.FromContext(ctx).Members() {
		l.AddBaggage(member.Key(), member.Value())
	}
	for i, format := range p.listFor(carrier) {
		if p.propagators.Names[i] == config.PropagationW3C {
			p.w3c.Inject(ctx, carrier)
		} else {
			format.Inject(l, carrier.Set)
		}
	}
}

func (p *propagator) Extract(ctx context.Context, carrier otelpropagation.TextMapCarrier) context.Context {
	l, err := p.propagators.ExtractFrom(p.listFor(carrier), collect(carrier))
	if err != nil || !l.HasSpan() {
		return ctx
	}
	sc := p.spanContext(ctx, l)
	extracted := p.w3c.Extract(ctx, carrier)
	if w3c := trace.SpanContextFromContext(extracted); w3c.TraceID() == sc.TraceID() && w3c.SpanID() == sc.SpanID() {
		sc = w3c.WithTraceState(sc.TraceState())
	}
	bag := baggage.FromContext(extracted)
	for key, value := range l.Baggage {
		if bag.Member(key).Key() == "" {
			bag = propagation.WithMember(bag, key, value)
		}
	}
	return baggage.ContextWithBaggage(trace.ContextWithRemoteSpanContext(ctx, sc), bag)
}

// spanContext makes OpenTelemetry's context of l, which names a span.
func (p *propagator) spanContext(ctx context.Context, l propagation.SpanContext) trace.SpanContext {
	c := l.OTel()
	c.Remote = true
	if l.Sampled == propagation.Deferred {
		result := p.sampler.ShouldSample(sdktrace.SamplingParameters{
			ParentContext: trace.ContextWithSpanContext(ctx, trace.SpanContext{}),
			TraceID:       c.TraceID,
			Kind:          trace.SpanKindServer,
		})
		c.TraceFlags = c.TraceFlags.WithSampled(result.Decision == sdktrace.RecordAndSample)
	}
	return trace.NewSpanContext(c)
}

// Fields is for those who reset a carrier, as the bridge does not.
func (p *propagator) Fields() []string { return nil }

func collect(carrier otelpropagation.TextMapCarrier) propagation.Headers {
	var h propagation.Headers
	several, _ := carrier.(otelpropagation.ValuesGetter)
	for _, key := range carrier.Keys() {
		if several == nil {
			h.Add(key, carrier.Get(key))
			continue
		}
		for _, value := range several.Values(key) {
			h.Add(key, value)
		}
	}
	return h
}
