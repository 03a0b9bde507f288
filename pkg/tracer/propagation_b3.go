package tracer

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

func (f b3Propagator) inject(l spanContext, set func(key, value string)) {
	if f.single {
		set(b3Header, writeSingleB3(l))
		return
	}
	set(b3TraceHeader, l.trace.String())
	set(b3SpanHeader, l.span.String())
	if l.parent != 0 {
		set(b3ParentHeader, l.parent.String())
	}
	switch {
	case l.debug:
		set(b3FlagsHeader, "1") // implies sampled, which is not to be sent as well
	case l.sampled == keep:
		set(b3SampleHeader, "1")
	case l.sampled == drop:
		set(b3SampleHeader, "0")
	}
}

// writeSingleB3 returns {trace id}-{span id}-{sampling state}-{parent span id}.
func writeSingleB3(l spanContext) string {
	value := l.trace.String() + "-" + l.span.String()
	switch {
	case l.debug:
		value += "-d"
	case l.sampled == keep:
		value += "-1"
	case l.sampled == drop:
		value += "-0"
	default:
		return value // the parent cannot stand without the state
	}
	if l.parent != 0 {
		value += "-" + l.parent.String()
	}
	return value
}

// extract prefers the single header, as its specification says, but takes the others
// if it is broken.
func (b3Propagator) extract(h headers) (spanContext, error) {
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

func parseSingleB3(s string) (spanContext, bool) {
	parts := strings.Split(s, "-")
	l := spanContext{}
	if len(parts) == 1 {
		return l, l.setB3State(parts[0])
	}
	var err, spanErr error
	l.trace, err = id.ParseTraceID(parts[0])
	l.span, spanErr = id.ParseSpanID(parts[1])
	if err != nil || spanErr != nil || !l.hasSpan() || len(parts) > 4 {
		return spanContext{}, false
	}
	if len(parts) > 2 && !l.setB3State(parts[2]) {
		return spanContext{}, false
	}
	if len(parts) > 3 {
		if l.parent, err = id.ParseSpanID(parts[3]); err != nil {
			return spanContext{}, false
		}
	}
	return l, true
}

// setB3State takes the sampling state of the single header.
func (l *spanContext) setB3State(s string) bool {
	switch s {
	case "1":
		l.sampled = keep
	case "0":
		l.sampled = drop
	case "d":
		l.sampled, l.debug = keep, true
	default:
		return false
	}
	return true
}

func readMultiB3(h headers) (spanContext, error) {
	var l spanContext
	switch value := h.get(b3SampleHeader); strings.ToLower(value) {
	case "":
	case "1", "true": // the word is from tracers older than the specification
		l.sampled = keep
	case "0", "false":
		l.sampled = drop
	default:
		return spanContext{}, corrupted(b3SampleHeader, value)
	}
	if h.get(b3FlagsHeader) == "1" {
		l.sampled, l.debug = keep, true
	}
	trace, span := h.get(b3TraceHeader), h.get(b3SpanHeader)
	if trace == "" && span == "" {
		if l.sampled == deferred {
			return spanContext{}, opentracing.ErrSpanContextNotFound
		}
		return l, nil // a decision that came before the first span
	}
	var err error
	if l.trace, err = id.ParseTraceID(trace); err != nil || l.trace.IsZero() {
		return spanContext{}, corrupted(b3TraceHeader, trace)
	}
	if l.span, err = id.ParseSpanID(span); err != nil || l.span == 0 {
		return spanContext{}, corrupted(b3SpanHeader, span)
	}
	if parent := h.get(b3ParentHeader); parent != "" {
		if l.parent, err = id.ParseSpanID(parent); err != nil {
			return spanContext{}, corrupted(b3ParentHeader, parent)
		}
	}
	return l, nil
}

// extractBaggage does nothing: B3 has none.
func (b3Propagator) extractBaggage(headers, func(key, value string)) {}
