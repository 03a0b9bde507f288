package tracer

import (
	"context"
	"log/slog"
	"time"

	"github.com/uber/jaeger-client-go"
)

// closeTimeout bounds the wait of the Close that jaeger-client-go's tracer
// calls, which has no context.
const closeTimeout = 5 * time.Second

// reporter implements jaeger.Reporter.
type reporter struct{ *feeder[*jaeger.Span] }

func newReporter(o feederOptions[*jaeger.Span]) *reporter {
	o.release = (*jaeger.Span).Release
	return &reporter{newFeeder(o)}
}

// Report implements jaeger.Reporter. It takes the span, or counts it.
func (r *reporter) Report(span *jaeger.Span) {
	if r.logSpans {
		sc := span.SpanContext()
		logFinished(r.log, span.OperationName(), sc.TraceID().String(), sc.SpanID().String(), span.Duration())
	}
	span.Retain()
	if !r.put(span) {
		span.Release()
	}
}

// logFinished is what reporter.log_spans logs of each span.
func logFinished(log *slog.Logger, operation, traceID, spanID string, duration time.Duration) {
	log.Info("span finished", "operation", operation, "trace_id", traceID, "span_id", spanID, "duration", duration)
}

// Close implements jaeger.Reporter for those who close the jaeger tracer
// itself; ours calls close.
func (r *reporter) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.close(ctx); err != nil {
		r.log.Error("tracer not flushed", "error", err)
	}
}
