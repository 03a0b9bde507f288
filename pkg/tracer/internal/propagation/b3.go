package propagation

import (
	"cmp"
	"strings"

	"github.com/opentracing/opentracing-go"
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
	// single is the form that is written: one header, b3, with
	// {trace id}-{span id}-{sampling state}-{parent span id}.
	single bool
}

func (f b3Propagator) Inject(l SpanContext, set func(key, value string)) {
	state := l.b3State()
	if f.single {
		value := l.Trace.String() + "-" + l.Span.String()
		if state != "" { // the parent cannot stand without the state
			value += "-" + state
			if l.Parent != 0 {
				value += "-" + l.Parent.String()
			}
		}
		set(b3Header, value)
		return
	}
	set(b3TraceHeader, l.Trace.String())
	set(b3SpanHeader, l.Span.String())
	if l.Parent != 0 {
		set(b3ParentHeader, l.Parent.String())
	}
	switch state {
	case "":
	case "d":
		set(b3FlagsHeader, "1") // implies sampled, which is not to be sent as well
	default:
		set(b3SampleHeader, state)
	}
}

// b3State returns the sampling state of the single header, "" if it is deferred.
func (l *SpanContext) b3State() string {
	switch {
	case l.Debug:
		return "d"
	case l.Sampled == Keep:
		return "1"
	case l.Sampled == Drop:
		return "0"
	default:
		return ""
	}
}

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

// Extract prefers the single header, as specified, and falls back to the others
// if it is broken.
func (b3Propagator) Extract(h Headers) (SpanContext, error) {
	single := h.get(b3Header)
	if l, ok := parseSingleB3(single); ok {
		return l, nil
	}
	l, err := readMultiB3(h)
	if err != nil && single != "" {
		err = corrupted(b3Header, single)
	}
	return l, err
}

func parseSingleB3(s string) (l SpanContext, ok bool) {
	switch parts := strings.Split(s, "-"); len(parts) {
	case 1:
		ok = l.setB3State(parts[0])
	case 2:
		ok = l.setIDs(parts[0], parts[1], "0")
	case 3:
		ok = l.setIDs(parts[0], parts[1], "0") && l.setB3State(parts[2])
	case 4:
		ok = l.setIDs(parts[0], parts[1], parts[3]) && l.setB3State(parts[2])
	}
	return l, ok
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
	trace, span, parent := h.get(b3TraceHeader), h.get(b3SpanHeader), h.get(b3ParentHeader)
	switch {
	case trace == "" && span == "" && l.Sampled == Deferred:
		return SpanContext{}, opentracing.ErrSpanContextNotFound
	case trace == "" && span == "": // a decision that came before the first span
	case !l.setIDs(trace, span, cmp.Or(parent, "0")):
		return SpanContext{}, corrupted(b3TraceHeader+" and others", strings.Join([]string{trace, span, parent}, " "))
	}
	return l, nil
}

// ExtractBaggage does nothing: B3 has none.
func (b3Propagator) ExtractBaggage(Headers, func(key, value string)) {}
