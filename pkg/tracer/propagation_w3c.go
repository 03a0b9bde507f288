package tracer

import (
	"strings"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// The headers of https://www.w3.org/TR/trace-context/ and
// https://www.w3.org/TR/baggage/.
const (
	traceparentHeader = "traceparent"
	tracestateHeader  = "tracestate"
	baggageHeader     = "baggage"
)

// traceparentLen is the length of version 00: 00-{trace id}-{span id}-{flags}.
// Later versions may add fields after it.
const traceparentLen = 2 + 1 + 32 + 1 + 16 + 1 + 2

// w3cSampled is the one flag that says what the caller did.
const w3cSampled = 1

// w3cPropagator reads traceparent itself, because OpenTelemetry's propagator cannot
// tell a broken header from none, and refuses flags that are not known yet. For
// the grammar of tracestate and baggage, with its limits, it takes their package.
type w3cPropagator struct{}

func (w3cPropagator) inject(l spanContext, set func(key, value string)) {
	flags := "00"
	if l.sampled == keep {
		flags = "01"
	}
	set(traceparentHeader, "00-"+l.trace.long()+"-"+hex64(l.span)+"-"+flags)
	if l.state != "" {
		set(tracestateHeader, l.state)
	}
	var bag baggage.Baggage
	for key, value := range l.baggage {
		// What W3C has no room for is left out: keys that are no tokens, and more
		// than the 8192 bytes that everybody is bound to carry.
		member, err := baggage.NewMemberRaw(key, value)
		if err != nil {
			continue
		}
		if more, err := bag.SetMember(member); err == nil {
			bag = more
		}
	}
	if list := bag.String(); list != "" {
		set(baggageHeader, list)
	}
}

func (w3cPropagator) extract(h headers) (spanContext, error) {
	raw := h.get(traceparentHeader)
	if raw == "" {
		return spanContext{}, opentracing.ErrSpanContextNotFound
	}
	l, ok := parseTraceparent(raw)
	if !ok || h.count(traceparentHeader) > 1 {
		return spanContext{}, corrupted(traceparentHeader, raw)
	}
	// A broken tracestate must not affect the traceparent: section 3.3.
	if state, err := trace.ParseTraceState(h.joined(tracestateHeader)); err == nil {
		l.state = state.String()
	}
	return l, nil
}

func parseTraceparent(s string) (spanContext, bool) {
	if len(s) < traceparentLen || strings.ToLower(s[:traceparentLen]) != s[:traceparentLen] {
		return spanContext{}, false
	}
	if s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return spanContext{}, false
	}
	version, ok := parseHex(s[:2])
	if !ok || version == 0xff {
		return spanContext{}, false
	}
	if len(s) > traceparentLen && (version == 0 || s[traceparentLen] != '-') {
		return spanContext{}, false
	}
	id, okTrace := parseTraceID(s[3:35])
	span, okSpan := parseHex(s[36:52])
	flags, okFlags := parseHex(s[53:55])
	if !okTrace || !okSpan || !okFlags || span == 0 {
		return spanContext{}, false
	}
	l := spanContext{trace: id, span: span, sampled: drop}
	if flags&w3cSampled != 0 {
		l.sampled = keep
	}
	return l, true
}

func (w3cPropagator) extractBaggage(h headers, add func(key, value string)) {
	// What is wrong in the list costs only the items that are.
	bag, _ := baggage.Parse(h.joined(baggageHeader))
	for _, member := range bag.Members() {
		add(member.Key(), member.Value())
	}
}
