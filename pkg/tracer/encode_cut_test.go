package tracer

import (
	"strings"
	"testing"

	"github.com/uber/jaeger-client-go"
)

// The encoder cuts tags where the tracers that New makes would.
func TestTagsAreCut(t *testing.T) {
	t.Parallel()
	agent := newSink(t, 0)
	tr, _ := newTracer(t, udpConfig(agent.port()))
	tr.StartSpan("work").SetTag("long", strings.Repeat("x", 10*jaeger.DefaultMaxTagValueLength)).Finish()
	closeTracer(t, tr)
	eventually(t, "the span", func() bool { return len(agent.spans(t)) == 1 })
	for _, span := range agent.spans(t) {
		for _, tag := range span.Tags {
			if tag.Key == "long" && len(tag.GetVStr()) != jaeger.DefaultMaxTagValueLength {
				t.Errorf("got %d bytes, want %d", len(tag.GetVStr()), jaeger.DefaultMaxTagValueLength)
			}
		}
	}
}
