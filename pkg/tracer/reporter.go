package tracer

import (
	"context"
	"time"

	"github.com/uber/jaeger-client-go"
)

// closeTimeout bounds the wait of the Close that jaeger-client-go's tracer
// calls, which has no context.
const closeTimeout = 5 * time.Second

// jaegerReporter implements jaeger.Reporter.
type jaegerReporter struct{ *spanReporter[*jaeger.Span] }

func newJaegerReporter(o reporterOptions[*jaeger.Span]) *jaegerReporter {
	o.release = (*jaeger.Span).Release
	return &jaegerReporter{newSpanReporter(o)}
}

// Report implements jaeger.Reporter. It takes the span, or counts it.
func (r *jaegerReporter) Report(span *jaeger.Span) {
	if r.logSpans {
		sc := span.SpanContext()
		logFinished(r.log, span.OperationName(), sc.TraceID().String(), sc.SpanID().String(), span.Duration())
	}
	span.Retain()
	if !r.report(span) {
		span.Release()
	}
}

// Close implements jaeger.Reporter for those who close the jaeger tracer
// itself; ours calls close.
func (r *jaegerReporter) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := r.close(ctx); err != nil {
		r.log.Error("tracer not flushed", "error", err)
	}
}
