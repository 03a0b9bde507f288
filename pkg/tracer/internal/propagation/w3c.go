package propagation

import (
	"context"
	"encoding/binary"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// The headers of https://www.w3.org/TR/trace-context/ and
// https://www.w3.org/TR/baggage/.
const (
	traceparentHeader = "traceparent"
	tracestateHeader  = "tracestate"
	baggageHeader     = "baggage"
)

// w3cPropagator is OpenTelemetry's, which alone returns the same for a broken header
// as for none, and rejects flags that version 00 does not define yet. It costs 0.3 µs
// more to inject and extract than code of our own did.
type w3cPropagator struct{}

func (w3cPropagator) Inject(l SpanContext, set func(key, value string)) {
	if l.State != "" {
		set(tracestateHeader, l.State) // as it came
		l.State = ""
	}
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(l.OTel()))
	propagation.TraceContext{}.Inject(ctx, w3cCarrier{set: set})
	var bag baggage.Baggage
	for key, value := range l.Baggage {
		bag = WithMember(bag, key, value)
	}
	if list := bag.String(); list != "" {
		set(baggageHeader, list)
	}
}

// WithMember leaves out what W3C has no room for: keys that are no tokens, and
// more than the 8192 bytes that everybody must carry.
func WithMember(bag baggage.Baggage, key, value string) baggage.Baggage {
	member, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		return bag
	}
	more, err := bag.SetMember(member)
	if err != nil {
		return bag
	}
	return more
}

func (w3cPropagator) Extract(h Headers) (SpanContext, error) {
	raw := h.get(traceparentHeader)
	if raw == "" {
		return SpanContext{}, opentracing.ErrSpanContextNotFound
	}
	sc := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), w3cCarrier{Headers: h}))
	if !sc.IsValid() || len(h.all(traceparentHeader)) > 1 {
		return SpanContext{}, corrupted(traceparentHeader, raw)
	}
	return FromOTel(sc), nil
}

func (w3cPropagator) ExtractBaggage(h Headers, add func(key, value string)) {
	// A broken item costs only itself.
	bag, _ := baggage.Parse(h.joined(baggageHeader))
	for _, member := range bag.Members() {
		add(member.Key(), member.Value())
	}
}

// FromOTel returns what sc holds, without baggage.
func FromOTel(sc trace.SpanContext) SpanContext {
	spanID := sc.SpanID()
	return SpanContext{
		Trace:   FromOTelID(sc.TraceID()),
		Span:    id.SpanID(binary.BigEndian.Uint64(spanID[:])),
		Sampled: Decided(sc.IsSampled()),
		State:   sc.TraceState().String(),
	}
}

// FromOTelID returns the id of a trace.
func FromOTelID(t trace.TraceID) id.TraceID {
	return id.TraceID{High: binary.BigEndian.Uint64(t[:8]), Low: binary.BigEndian.Uint64(t[8:])}
}

// OTel returns the fields of OpenTelemetry's span context. A trace id of 64 bits
// is padded with zeros, and a broken tracestate is left out.
func (l *SpanContext) OTel() trace.SpanContextConfig {
	var c trace.SpanContextConfig
	binary.BigEndian.PutUint64(c.TraceID[:8], l.Trace.High)
	binary.BigEndian.PutUint64(c.TraceID[8:], l.Trace.Low)
	binary.BigEndian.PutUint64(c.SpanID[:], uint64(l.Span))
	if l.Sampled == Keep {
		c.TraceFlags = trace.FlagsSampled
	}
	c.TraceState, _ = trace.ParseTraceState(l.State)
	return c
}

// w3cCarrier implements propagation.TextMapCarrier: it reads headers and writes by set.
type w3cCarrier struct {
	Headers
	set func(key, value string)
}

func (c w3cCarrier) Set(key, value string) { c.set(key, value) }

func (w3cCarrier) Keys() []string { return nil }

// traceparentFlags is where the flags begin in a traceparent of version 00, which
// ends with them.
const traceparentFlags = 53

// Get returns all values of a header as one list, and the traceparent with its
// known flags only.
func (c w3cCarrier) Get(key string) string {
	if key != traceparentHeader {
		return c.joined(key)
	}
	value := c.get(key)
	if len(value) != traceparentFlags+2 {
		return value
	}
	flags, err := id.ParseSpanID(value[traceparentFlags:])
	if err != nil || flags <= 0x03 {
		return value
	}
	return value[:traceparentFlags] + "0" + string('0'+byte(flags&0x03))
}
