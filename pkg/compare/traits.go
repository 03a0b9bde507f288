package compare

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
)

// Tracer is the tracer whose traits Ask finds out.
type Tracer interface {
	opentracing.Tracer
	// TraceID returns the trace id in hexadecimal, and whether it is sampled.
	TraceID(sc opentracing.SpanContext) (id string, sampled bool)
}

// Trait is a property of a tracer that is not in its stored traces.
type Trait struct {
	// ID is that of the difference, after "tracer:", when two tracers differ in it.
	ID string
	// Answer is a phrase for what the tracer does.
	Answer string
}

// Ask finds out the traits of a tracer by using it. keeping samples every trace,
// dropping none; both are of the same kind. No span is finished, so none is sent.
func Ask(keeping, dropping Tracer) []Trait {
	return []Trait{
		{"headers", headers(keeping)},
		{"reads-jaeger", reads(keeping, map[string]string{"uber-trace-id": knownID + ":" + knownSpan + ":0:1"})},
		{"reads-w3c", reads(keeping, map[string]string{"traceparent": "00-" + knownHigh + knownID + "-" + knownSpan + "-01"})},
		{"reads-b3", reads(keeping, map[string]string{
			"x-b3-traceid": knownID, "x-b3-spanid": knownSpan, "x-b3-sampled": "1",
		})},
		{"baggage", baggage(keeping)},
		{"binary", binary(keeping)},
		{"follows-from", followsFrom(keeping)},
		{"jaeger-debug-id", debugID(dropping)},
		{"sampling-priority-0", priority(keeping, 0)},
		{"sampling-priority-1", priority(dropping, 1)},
	}
}

// The trace in the headers of other tracers, and a key of baggage whose case headers do
// not keep.
const (
	knownHigh  = "463ac35c9f6413ad"
	knownID    = "48485a3953bb6124"
	knownSpan  = "6e2f1f0c5d3b9a71"
	baggageKey = "userId"
	// baggageValue has characters that must be escaped in a header.
	baggageValue = `50% a=b; "ü", c`
)

func headers(t Tracer) string {
	span := t.StartSpan("headers")
	span.SetBaggageItem(baggageKey, baggageValue)
	carrier := http.Header{}
	if err := t.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(carrier)); err != nil {
		return "no context: " + err.Error()
	}
	names := slices.Sorted(maps.Keys(carrier))
	return strings.ToLower(strings.Join(names, ", "))
}

func extract(t Tracer, fields map[string]string) (opentracing.SpanContext, error) {
	carrier := http.Header{}
	for key, value := range fields {
		carrier.Set(key, value)
	}
	return t.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(carrier))
}

func reads(t Tracer, fields map[string]string) string {
	sc, err := extract(t, fields)
	if err == nil {
		span := t.StartSpan("reads", ext.RPCServerOption(sc))
		if id, _ := t.TraceID(span.Context()); strings.HasSuffix(id, knownID) {
			return "continues the trace"
		}
	}
	return "is not read: a new trace begins"
}

func baggage(t Tracer) string {
	span := t.StartSpan("baggage")
	span.SetBaggageItem(baggageKey, baggageValue)
	carrier := opentracing.HTTPHeadersCarrier(http.Header{})
	err := t.Inject(span.Context(), opentracing.HTTPHeaders, carrier)
	var sc opentracing.SpanContext
	if err == nil {
		sc, err = t.Extract(opentracing.HTTPHeaders, carrier)
	}
	if err != nil {
		return baggageKey + " does not arrive: " + err.Error()
	}
	answer := baggageKey + " does not arrive"
	sc.ForeachBaggageItem(func(key, value string) bool {
		if strings.EqualFold(key, baggageKey) {
			answer = baggageKey + " arrives as " + key
			if value != baggageValue {
				answer += fmt.Sprintf(", and its value %q as %q", baggageValue, value)
			}
		}
		return true
	})
	return answer
}

func binary(t Tracer) string {
	if err := t.Inject(t.StartSpan("binary").Context(), opentracing.Binary, &bytes.Buffer{}); err != nil {
		return "is not supported"
	}
	return "works"
}

func followsFrom(t Tracer) string {
	first := t.StartSpan("first")
	next := t.StartSpan("next", opentracing.FollowsFrom(first.Context()))
	a, _ := t.TraceID(first.Context())
	if b, _ := t.TraceID(next.Context()); a != b {
		return "begins a new trace"
	}
	return "is in the same trace"
}

// debugID returns whether Jaeger's header, for a sampled and tagged trace, is supported.
// t must be a tracer that samples none.
func debugID(t Tracer) string {
	sc, err := extract(t, map[string]string{"jaeger-debug-id": "otdemo"})
	if err != nil {
		sc = nil
	}
	if _, sampled := t.TraceID(t.StartSpan("debug", ext.RPCServerOption(sc)).Context()); sampled {
		return "is traced, whatever the sampler decides"
	}
	return "is a request like any other"
}

// priority returns whether the tag sampling.priority overrules the sampler. It is a
// uint16, the only type that jaeger-client-go accepts.
func priority(t Tracer, value uint16) string {
	span := t.StartSpan("priority")
	_, before := t.TraceID(span.Context())
	ext.SamplingPriority.Set(span, value)
	if _, after := t.TraceID(span.Context()); after != before {
		return "overrules the sampler"
	}
	span = t.StartSpan("priority", opentracing.Tag{Key: string(ext.SamplingPriority), Value: value})
	if _, sampled := t.TraceID(span.Context()); sampled == (value > 0) {
		return "overrules the sampler when a span starts with it"
	}
	return "is a tag like any other"
}

func (d *differences) traits(from, to []Trait) {
	for _, a := range from {
		i := slices.IndexFunc(to, func(b Trait) bool { return b.ID == a.ID })
		if i >= 0 && a.Answer != to[i].Answer {
			d.note(aspectTracer+":"+a.ID, Changed, a.Answer, to[i].Answer, "")
		}
	}
}
