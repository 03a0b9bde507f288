package otel

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

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// A collector that starts late gets everything.
func TestOTLPCollectorComesLate(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "grpc"} {
		address := testkit.ClosedTCP(t)
		cfg := OtelConfig(scheme + "://" + address)
		cfg.Reporter.FlushInterval = time.Millisecond
		l := &testkit.Logs{}
		env := reporter.Env{Logger: l.Logger(), Metrics: metrics.NullFactory}
		propagators, err := system.Check(cfg, env)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := New(cfg, env, propagators)
		if err != nil {
			t.Fatal(err)
		}
		transport := tr.Reporter.(*reporter.Reporter[sdktrace.ReadOnlySpan]).Transport.(*reporter.Batcher[sdktrace.ReadOnlySpan]).Sender.(*sender)
		counted := &countedExporter{SpanExporter: transport.exporter}
		transport.exporter = counted
		testkit.MakeSpans(tr, 10)
		testkit.Eventually(t, "a try that failed", func() bool { return counted.tries.Load() > 1 })
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("the port was taken meanwhile: %v", err)
		}
		if scheme == "grpc" {
			ServeGRPC(t, listener, Accept)
		} else {
			server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}}
			server.Start()
			t.Cleanup(server.Close)
		}
		testkit.Eventually(t, "the spans", func() bool { return tr.Reporter.Stats().Sent == 10 })
		tr.Stop()
		if err := tr.Reporter.Shutdown(t.Context()); err != nil {
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
