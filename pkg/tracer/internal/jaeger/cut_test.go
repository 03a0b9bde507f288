package jaeger_test

import (
	"strings"
	"testing"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// The encoder cuts tags where the tracers that New makes would.
func TestTagsAreCut(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	tr, _ := tracertest.New(t, testkit.UDPConfig(agent.Port()))
	tr.StartSpan("work").SetTag("long", strings.Repeat("x", 10*jaeger.DefaultMaxTagValueLength)).Finish()
	testkit.CloseTracer(t, tr)
	testkit.Eventually(t, "the span", func() bool { return len(agent.Spans(t)) == 1 })
	for _, span := range agent.Spans(t) {
		for _, tag := range span.Tags {
			if tag.Key == "long" && len(tag.GetVStr()) != jaeger.DefaultMaxTagValueLength {
				t.Errorf("got %d bytes, want %d", len(tag.GetVStr()), jaeger.DefaultMaxTagValueLength)
			}
		}
	}
}
