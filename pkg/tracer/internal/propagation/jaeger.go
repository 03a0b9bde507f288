package propagation

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"golang.org/x/net/http/httpguts"
)

// The headers of Jaeger's clients:
// https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format
const (
	jaegerHeader        = jaeger.TraceContextHeaderName
	jaegerBaggagePrefix = jaeger.TraceBaggageHeaderPrefix
	// jaegerBaggageHeader is for people: key=value, with commas between.
	jaegerBaggageHeader = jaeger.JaegerBaggageHeader
)

// The bits of the flags. Others, such as firehose, mean nothing to anybody else.
const (
	jaegerSampled = 1
	jaegerDebug   = 2
)

// jaegerPropagator is {trace id}:{span id}:{parent span id}:{flags}. Where
// jaeger-client-go writes the flags in hexadecimal, as specified, and reads
// them as decimal, this reads hexadecimal.
type jaegerPropagator struct {
	// escape is for HTTP, where jaeger-client-go escapes baggage as in a query.
	escape bool
}

func (f jaegerPropagator) Inject(l SpanContext, set func(key, value string)) {
	flags := "0"
	switch {
	case l.Debug:
		flags = "3"
	case l.Sampled == Keep:
		flags = "1"
	}
	set(jaegerHeader, l.Trace.String()+":"+l.Span.String()+":"+l.Parent.String()+":"+flags)
	for key, value := range l.Baggage {
		switch {
		case !f.escape:
			set(jaegerBaggagePrefix+key, value)
		case httpguts.ValidHeaderFieldName(key): // or the request would fail for it
			set(jaegerBaggagePrefix+key, url.QueryEscape(value))
		}
	}
}

func (f jaegerPropagator) Extract(h Headers) (SpanContext, error) {
	raw := h.get(jaegerHeader)
	if raw == "" {
		return SpanContext{}, opentracing.ErrSpanContextNotFound
	}
	parts := strings.Split(f.unescape(raw), ":")
	var l SpanContext
	if len(parts) != 4 || len(parts[3]) > 2 || !l.setIDs(parts[0], parts[1], parts[2]) {
		return SpanContext{}, corrupted(jaegerHeader, raw)
	}
	flags, err := strconv.ParseUint(parts[3], 16, 8)
	if err != nil {
		return SpanContext{}, corrupted(jaegerHeader, raw)
	}
	l.Debug = flags&jaegerDebug != 0
	l.Sampled = Decided(l.Debug || flags&jaegerSampled != 0)
	return l, nil
}

func (f jaegerPropagator) ExtractBaggage(h Headers, add func(key, value string)) {
	for _, l := range h {
		if key, ok := strings.CutPrefix(l.key, jaegerBaggagePrefix); ok {
			add(key, f.unescape(l.value))
			continue
		}
		if l.key != jaegerBaggageHeader {
			continue
		}
		value, err := url.QueryUnescape(l.value)
		if err != nil {
			continue
		}
		for item := range strings.SplitSeq(value, ",") {
			if key, value, ok := strings.Cut(item, "="); ok {
				add(strings.TrimSpace(key), value)
			}
		}
	}
}

// unescape undoes what some clients do to the value; what is not escaped stays.
func (f jaegerPropagator) unescape(value string) string {
	if !f.escape {
		return value
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		return plain
	}
	return value
}
