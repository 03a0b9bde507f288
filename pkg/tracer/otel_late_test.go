package tracer

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uber/jaeger-lib/metrics"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A collector that starts late gets everything.
func TestOTLPCollectorComesLate(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "grpc"} {
		address := closedTCP(t)
		cfg := otelConfig(scheme + "://" + address)
		cfg.Reporter.FlushInterval = time.Millisecond
		l := &logs{}
		tr, err := newOTel(cfg, env{logger: l.logger(), metrics: metrics.NullFactory})
		if err != nil {
			t.Fatal(err)
		}
		transport := tr.backend.(*otelBackend).reporter.transport.(*batcher[sdktrace.ReadOnlySpan]).sender.(*otlpSender)
		counted := &countedExporter{SpanExporter: transport.exporter}
		transport.exporter = counted
		makeSpans(tr, 10)
		eventually(t, "a try that failed", func() bool { return counted.tries.Load() > 1 })
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("the port was taken meanwhile: %v", err)
		}
		if scheme == "grpc" {
			serveGRPC(t, listener, accept)
		} else {
			server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}}
			server.Start()
			t.Cleanup(server.Close)
		}
		eventually(t, "the spans", func() bool { return tr.stats().Sent == 10 })
		if err := tr.close(t.Context()); err != nil {
			t.Error(err)
		}
		if strings.Contains(l.String(), "WARN") {
			t.Errorf("log:\n%s", l)
		}
	}
}

// countedExporter counts how often its exporter is used.
type countedExporter struct {
	sdktrace.SpanExporter
	tries atomic.Int64
}

func (e *countedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.tries.Add(1)
	return e.SpanExporter.ExportSpans(ctx, spans)
}
