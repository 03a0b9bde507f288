package jaeger

import (
	"fmt"
	"log/slog"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// spanReporter implements jaeger.Reporter.
type spanReporter struct {
	*reporter.Reporter[*jaeger.Span]
}

// Report enqueues the span, or counts it as lost.
func (r spanReporter) Report(span *jaeger.Span) {
	if r.Config.LogSpans {
		sc := span.SpanContext()
		r.LogFinished(span.OperationName(), sc.TraceID().String(), sc.SpanID().String(), span.Duration())
	}
	span.Retain()
	if !r.Enqueue(span) {
		span.Release()
	}
}

// Close does nothing: system.Tracer shuts the reporter down.
func (spanReporter) Close() {}

// clientLogger writes jaeger-client-go's messages to slog. Its texts vary, so
// they go into an attribute.
type clientLogger struct{ log *slog.Logger }

func (l clientLogger) Error(msg string) {
	l.log.Error("jaeger client", "detail", msg)
}

func (l clientLogger) Infof(format string, args ...any) {
	l.log.Info("jaeger client", "detail", fmt.Sprintf(format, args...))
}

// Debugf implements log.DebugLogger of jaeger-client-go, which would otherwise
// announce that it has no such method.
func (l clientLogger) Debugf(format string, args ...any) {
	l.log.Debug("jaeger client", "detail", fmt.Sprintf(format, args...))
}
