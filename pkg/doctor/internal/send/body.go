package send

import (
	"strconv"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Attempt is a span sent by a path, and what is known of it before it is read
// back.
type Attempt struct {
	Trace    trace.TraceID
	Target   string
	Evidence string
	// Problem is why it will not arrive; nil if it may.
	Problem error
}

// object is a JSON object.
type object = map[string]any

// OTLPBody is the first span as an ExportTraceServiceRequest in OTLP's JSON, where
// ids are hexadecimal and 64-bit numbers are text.
func OTLPBody(h RawSpan) any {
	start, operation := h.Batch.Spans[0].StartTime, h.Batch.Spans[0].OperationName
	nano := func(micro int64) string { return strconv.FormatInt(micro*int64(time.Microsecond), 10) }
	span := object{
		"traceId": h.ID.String(), "spanId": trace.SpanID(h.ID.Low).String(), "name": operation, "kind": 1,
		"startTimeUnixNano": nano(start), "endTimeUnixNano": nano(start + 1),
	}
	service := object{"key": "service.name", "value": object{"stringValue": probe.CheckService}}
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": []object{service}},
		"scopeSpans": []object{{"spans": []object{span}}},
	}}}
}

// ZipkinBody returns the spans for Zipkin's v2 API.
func ZipkinBody(h RawSpan) any {
	var spans []object
	for _, s := range h.Batch.Spans {
		spans = append(spans, object{
			"traceId": traceOf(s).String(), "id": trace.SpanID(s.SpanId).String(), "name": s.OperationName,
			"timestamp": s.StartTime, "duration": max(1, s.Duration),
			"localEndpoint": object{"serviceName": probe.CheckService},
		})
	}
	return spans
}

func traceOf(s *jaeger.Span) trace.TraceID {
	return trace.TraceID{High: uint64(s.TraceIdHigh), Low: uint64(s.TraceIdLow)}
}
