package reporter

import (
	"testing"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// BenchmarkReport is what a finished span costs its own goroutine, and taking it
// from the queue again.
func BenchmarkReport(b *testing.B) {
	r := New[*jaeger.Span](config.Reporter{QueueSize: wakeAt}, Env{Metrics: metrics.NullFactory})
	span := testkit.ClientSpan()
	taken := make([]*jaeger.Span, wakeAt)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r.Enqueue(span)
		if n++; n%wakeAt == 0 {
			r.queue.take(taken)
		}
	}
}
