package propagation

import (
	"strconv"
	"strings"

	"github.com/opentracing/opentracing-go"
	"golang.org/x/net/http/httpguts"
)

// The headers of OpenTracing's basictracer, which Appdash uses; they are
// constants of github.com/opentracing/basictracer-go, propagation_ot.go.
const (
	appdashTraceHeader   = "ot-tracer-traceid"
	appdashSpanHeader    = "ot-tracer-spanid"
	appdashSampleHeader  = "ot-tracer-sampled"
	appdashBaggagePrefix = "ot-baggage-"
)

// appdashPropagator has room for the low half of a trace id only: a trace of 128 bits
// goes on under another id behind it.
type appdashPropagator struct {
	// escape is for HTTP. The format itself escapes nothing, so a value that no
	// header can hold is left out there.
	escape bool
}

func (f appdashPropagator) Inject(l SpanContext, set func(key, value string)) {
	set(appdashTraceHeader, strconv.FormatUint(l.Trace.Low, 16))
	set(appdashSpanHeader, strconv.FormatUint(uint64(l.Span), 16))
	set(appdashSampleHeader, strconv.FormatBool(l.Sampled == Keep))
	for key, value := range l.Baggage {
		if !f.escape || httpguts.ValidHeaderFieldName(key) && isFieldValue(value) {
			set(appdashBaggagePrefix+key, value)
		}
	}
}

func (appdashPropagator) Extract(h Headers) (SpanContext, error) {
	trace, span, sampled := h.get(appdashTraceHeader), h.get(appdashSpanHeader), h.get(appdashSampleHeader)
	if trace == "" && span == "" && sampled == "" {
		return SpanContext{}, opentracing.ErrSpanContextNotFound
	}
	var l SpanContext
	if !l.setIDs(trace, span, "0") || l.Trace.High != 0 {
		return SpanContext{}, corrupted(appdashTraceHeader+" and "+appdashSpanHeader, trace+" "+span)
	}
	kept, err := strconv.ParseBool(sampled)
	if err != nil {
		return SpanContext{}, corrupted(appdashSampleHeader, sampled)
	}
	l.Sampled = Decided(kept)
	return l, nil
}

func (appdashPropagator) ExtractBaggage(h Headers, add func(key, value string)) {
	for _, l := range h {
		if key, ok := strings.CutPrefix(l.key, appdashBaggagePrefix); ok {
			add(key, l.value)
		}
	}
}
