package jaeger

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// closeTimeout bounds the wait of the Close that jaeger-client-go's tracer
// calls, which has no context.
const closeTimeout = 5 * time.Second

// spanReporter implements jaeger.Reporter.
type spanReporter struct {
	*reporter.Reporter[*jaeger.Span]
}

func newSpanReporter(o reporter.Options[*jaeger.Span]) *spanReporter {
	o.Release = (*jaeger.Span).Release
	return &spanReporter{reporter.Start(o)}
}

// Report implements jaeger.Reporter. It enqueues the span, or counts it as lost.
func (r *spanReporter) Report(span *jaeger.Span) {
	if r.LogSpans {
		sc := span.SpanContext()
		reporter.LogFinished(r.Log, span.OperationName(), sc.TraceID().String(), sc.SpanID().String(), span.Duration())
	}
	span.Retain()
	if !r.Enqueue(span) {
		span.Release()
	}
}

// Close implements jaeger.Reporter for those who close the jaeger tracer
// itself; ours calls close.
func (r *spanReporter) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		r.Log.Error("tracer not flushed", "error", err)
	}
}

// clientLogger writes jaeger-client-go's messages to slog. Its texts vary, so
// they go into an attribute.
type clientLogger struct{ log *slog.Logger }

// Error implements jaeger.Logger.
func (l clientLogger) Error(msg string) {
	l.log.Error("jaeger client", "detail", msg)
}

// Infof implements jaeger.Logger.
func (l clientLogger) Infof(format string, args ...any) {
	l.log.Info("jaeger client", "detail", fmt.Sprintf(format, args...))
}

// Debugf implements log.DebugLogger of jaeger-client-go, which would otherwise
// announce that it has no such method.
func (l clientLogger) Debugf(format string, args ...any) {
	l.log.Debug("jaeger client", "detail", fmt.Sprintf(format, args...))
}
