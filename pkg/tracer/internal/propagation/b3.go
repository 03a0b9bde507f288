package propagation

import (
	"strings"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// The headers of https://github.com/openzipkin/b3-propagation.
const (
	b3Header       = "b3"
	b3TraceHeader  = "x-b3-traceid"
	b3SpanHeader   = "x-b3-spanid"
	b3ParentHeader = "x-b3-parentspanid"
	b3SampleHeader = "x-b3-sampled"
	b3FlagsHeader  = "x-b3-flags"
)

// b3Propagator writes Zipkin's headers in one of their two forms and reads both. It
// stands in for zipkin-go's own reader too: that one panics on a b3 header of 33
// to 48 characters whose 17th is no dash, which anybody can send (zipkin-go 0.4.3,
// propagation/b3, ParseSingleHeader).
type b3Propagator struct {
	// single is the form that is written: one header, b3.
	single bool
}

func (f b3Propagator) Inject(l SpanContext, set func(key, value string)) {
	if f.single {
		set(b3Header, writeSingleB3(l))
		return
	}
	set(b3TraceHeader, l.Trace.String())
	set(b3SpanHeader, l.Span.String())
	if l.Parent != 0 {
		set(b3ParentHeader, l.Parent.String())
	}
	switch {
	case l.Debug:
		set(b3FlagsHeader, "1") // implies sampled, which is not to be sent as well
	case l.Sampled == Keep:
		set(b3SampleHeader, "1")
	case l.Sampled == Drop:
		set(b3SampleHeader, "0")
	}
}

// writeSingleB3 returns {trace id}-{span id}-{sampling state}-{parent span id}.
func writeSingleB3(l SpanContext) string {
	value := l.Trace.String() + "-" + l.Span.String()
	switch {
	case l.Debug:
		value += "-d"
	case l.Sampled == Keep:
		value += "-1"
	case l.Sampled == Drop:
		value += "-0"
	default:
		return value // the parent cannot stand without the state
	}
	if l.Parent != 0 {
		value += "-" + l.Parent.String()
	}
	return value
}

// Extract prefers the single header, as specified, and falls back to the others
// if it is broken.
func (b3Propagator) Extract(h Headers) (SpanContext, error) {
	single := h.get(b3Header)
	if single != "" {
		if l, ok := parseSingleB3(single); ok {
			return l, nil
		}
	}
	l, err := readMultiB3(h)
	if err != nil && single != "" {
		err = corrupted(b3Header, single)
	}
	return l, err
}

func parseSingleB3(s string) (SpanContext, bool) {
	parts := strings.Split(s, "-")
	l := SpanContext{}
	if len(parts) == 1 {
		return l, l.setB3State(parts[0])
	}
	var err, spanErr error
	l.Trace, err = id.ParseTraceID(parts[0])
	l.Span, spanErr = id.ParseSpanID(parts[1])
	if err != nil || spanErr != nil || !l.HasSpan() || len(parts) > 4 {
		return SpanContext{}, false
	}
	if len(parts) > 2 && !l.setB3State(parts[2]) {
		return SpanContext{}, false
	}
	if len(parts) > 3 {
		if l.Parent, err = id.ParseSpanID(parts[3]); err != nil {
			return SpanContext{}, false
		}
	}
	return l, true
}

// setB3State sets the sampling state of the single header.
func (l *SpanContext) setB3State(s string) bool {
	switch s {
	case "1":
		l.Sampled = Keep
	case "0":
		l.Sampled = Drop
	case "d":
		l.Sampled, l.Debug = Keep, true
	default:
		return false
	}
	return true
}

func readMultiB3(h Headers) (SpanContext, error) {
	var l SpanContext
	switch value := h.get(b3SampleHeader); strings.ToLower(value) {
	case "":
	case "1", "true": // the word is from tracers older than the specification
		l.Sampled = Keep
	case "0", "false":
		l.Sampled = Drop
	default:
		return SpanContext{}, corrupted(b3SampleHeader, value)
	}
	if h.get(b3FlagsHeader) == "1" {
		l.Sampled, l.Debug = Keep, true
	}
	trace, span := h.get(b3TraceHeader), h.get(b3SpanHeader)
	if trace == "" && span == "" {
		if l.Sampled == Deferred {
			return SpanContext{}, opentracing.ErrSpanContextNotFound
		}
		return l, nil // a decision that came before the first span
	}
	var err error
	if l.Trace, err = id.ParseTraceID(trace); err != nil || l.Trace.IsZero() {
		return SpanContext{}, corrupted(b3TraceHeader, trace)
	}
	if l.Span, err = id.ParseSpanID(span); err != nil || l.Span == 0 {
		return SpanContext{}, corrupted(b3SpanHeader, span)
	}
	if parent := h.get(b3ParentHeader); parent != "" {
		if l.Parent, err = id.ParseSpanID(parent); err != nil {
			return SpanContext{}, corrupted(b3ParentHeader, parent)
		}
	}
	return l, nil
}

// ExtractBaggage does nothing: B3 has none.
func (b3Propagator) ExtractBaggage(Headers, func(key, value string)) {}
