package tracer

import (
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// TestJaegerKeepsItsOwn checks what no other format has.
func TestJaegerKeepsItsOwn(t *testing.T) {
	t.Parallel()
	cfg := speakConfig(config.TracerJaeger, config.PropagationW3C, config.PropagationJaeger)
	cfg.Sampler.Param = 0
	tr, _ := newTracer(t, cfg)
	span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf("jaeger-debug-id: case-7"))
	if _, sampled := tr.TraceID(span.Context()); !sampled {
		t.Error("jaeger-debug-id does not make a debug trace")
	}
	span = childFrom(t, tr, opentracing.HTTPHeaders, headersOf("jaeger-baggage: who=me"))
	if got := span.BaggageItem("who"); got != "me" {
		t.Errorf("got baggage %q of a trace that begins here, want me", got)
	}
	for _, names := range [][]string{{config.PropagationJaeger}, {config.PropagationW3C}} {
		f, err := newPropagators(names, nil)
		if err != nil {
			t.Fatal(err)
		}
		options := jaegerPropagationOptions("shop", f, jaeger.NewNullMetrics(), jaeger.NewConstSampler(true))
		if native := names[0] == config.PropagationJaeger; native != (len(options) == 0) {
			t.Errorf("%s: got %d options", names, len(options))
		}
	}
}
