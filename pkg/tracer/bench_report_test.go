package tracer

import (
	"testing"

	"github.com/uber/jaeger-client-go"
)

// BenchmarkReport is what a finished span costs its own goroutine, and taking it
// from the queue again.
func BenchmarkReport(b *testing.B) {
	r := &spanReporter[*jaeger.Span]{
		reporterOptions: reporterOptions[*jaeger.Span]{counters: newSpanCounters(jaeger.NewNullMetrics())},
		queue:           newQueue[*jaeger.Span](wakeAt),
	}
	span := clientSpan()
	taken := make([]*jaeger.Span, wakeAt)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		span.Retain() // as jaeger-client-go's reporter has to
		r.report(span)
		if n++; n%wakeAt == 0 {
			for _, span := range taken[:r.queue.take(taken)] {
				span.Release()
			}
		}
	}
}
