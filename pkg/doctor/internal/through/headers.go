package through

import (
	"fmt"
	"net/http"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace"
)

// callerSpan is the span of a caller, which an application may continue.
type callerSpan struct {
	trace   trace.TraceID
	span    trace.SpanID
	sampled bool
}

// flag is the last field of most headers. Decimal and hexadecimal are the same
// here, and jaeger-client-go reads one and writes the other.
func (c callerSpan) flag() string {
	if c.sampled {
		return "1"
	}
	return "0"
}

// longID is the trace id with all its 32 digits, which some formats require.
func (c callerSpan) longID() string {
	return fmt.Sprintf("%016x%016x", c.trace.High, c.trace.Low)
}

// headerFormat is a format in which a trace is propagated over HTTP.
type headerFormat struct {
	// name is that of its header.
	name string
	// propagation is the format's among the values of propagation.
	propagation string
	// set writes a span into headers.
	set func(http.Header, callerSpan)
	// otel is the format's among the values of OTEL_PROPAGATORS.
	otel string
}

// headerFormats are those in use: Jaeger's (jaeger-client-go's propagation.go),
// the W3C's (Trace Context, level 1), and Zipkin's two (openzipkin/b3-propagation).
func headerFormats() []headerFormat {
	return []headerFormat{
		{
			name: "uber-trace-id", propagation: config.PropagationJaeger, otel: "jaeger",
			set: func(h http.Header, c callerSpan) {
				h.Set("Uber-Trace-Id", fmt.Sprintf("%s:%s:0:%s", c.longID(), c.span, c.flag()))
			},
		},
		{
			name: "traceparent", propagation: config.PropagationW3C, otel: "tracecontext",
			set: func(h http.Header, c callerSpan) {
				h.Set("Traceparent", fmt.Sprintf("00-%s-%s-0%s", c.longID(), c.span, c.flag()))
			},
		},
		{
			name: "b3", propagation: config.PropagationB3Single, otel: "b3",
			set: func(h http.Header, c callerSpan) {
				h.Set("B3", fmt.Sprintf("%s-%s-%s", c.longID(), c.span, c.flag()))
			},
		},
		{
			name: "x-b3-traceid", propagation: config.PropagationB3, otel: "b3multi",
			set: func(h http.Header, c callerSpan) {
				h.Set("X-B3-Traceid", c.longID())
				h.Set("X-B3-Spanid", c.span.String())
				h.Set("X-B3-Sampled", c.flag())
			},
		},
	}
}
