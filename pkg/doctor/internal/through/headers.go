package through

import (
	"net/http"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace"
)

// callerSpan is the span of a caller, which an application may continue. Its ids
// have all their digits, which some formats require.
type callerSpan struct {
	trace   trace.TraceID
	span    trace.SpanID
	sampled bool
}

// headerFormat is a format in which a trace is propagated over HTTP.
type headerFormat struct {
	// name is that of its header.
	name string
	// propagation is the format's among the values of propagation, otel among
	// those of OTEL_PROPAGATORS.
	propagation, otel string
	// headers have TRACE, SPAN and FLAG in the place of a span's.
	headers map[string]string
}

// headerFormats are those in use: Jaeger's (jaeger-client-go's propagation.go),
// the W3C's (Trace Context, level 1), and Zipkin's two (openzipkin/b3-propagation).
func headerFormats() []headerFormat {
	return []headerFormat{
		{"uber-trace-id", config.PropagationJaeger, "jaeger", map[string]string{"Uber-Trace-Id": "TRACE:SPAN:0:FLAG"}},
		{"traceparent", config.PropagationW3C, "tracecontext", map[string]string{"Traceparent": "00-TRACE-SPAN-0FLAG"}},
		{"b3", config.PropagationB3Single, "b3", map[string]string{"B3": "TRACE-SPAN-FLAG"}},
		{"x-b3-traceid", config.PropagationB3, "b3multi", map[string]string{"X-B3-Traceid": "TRACE", "X-B3-Spanid": "SPAN", "X-B3-Sampled": "FLAG"}},
	}
}

// set writes a span into headers.
func (f headerFormat) set(h http.Header, c callerSpan) {
	flag := "0"
	if c.sampled {
		flag = "1"
	}
	fill := strings.NewReplacer("TRACE", c.trace.String(), "SPAN", c.span.String(), "FLAG", flag)
	for name, value := range f.headers {
		h.Set(name, fill.Replace(value))
	}
}
