package api

import (
	"fmt"
	"math"
	"strconv"

	"github.com/otdemo/otdemo/pkg/trace"
)

// The JSON of OTLP, as Jaeger's API v3 writes it: ids in hexadecimal, 64-bit
// numbers as text, what is empty left out.

type otlpData struct {
	ResourceSpans []*otlpResourceSpans `json:"resourceSpans"`
}

type otlpResourceSpans struct {
	Resource   otlpResource      `json:"resource"`
	ScopeSpans []*otlpScopeSpans `json:"scopeSpans"`
}

type otlpResource struct {
	Attributes []otlpAttribute `json:"attributes,omitempty"`
}

type otlpScopeSpans struct {
	Scope otlpScope  `json:"scope"`
	Spans []otlpSpan `json:"spans"`
}

type otlpScope struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

type otlpSpan struct {
	TraceID      string          `json:"traceId"`
	SpanID       string          `json:"spanId"`
	TraceState   string          `json:"traceState,omitempty"`
	ParentSpanID string          `json:"parentSpanId,omitempty"`
	Name         string          `json:"name,omitempty"`
	Kind         int             `json:"kind,omitempty"`
	Start        string          `json:"startTimeUnixNano,omitempty"`
	End          string          `json:"endTimeUnixNano,omitempty"`
	Attributes   []otlpAttribute `json:"attributes,omitempty"`
	Events       []otlpEvent     `json:"events,omitempty"`
	Links        []otlpLink      `json:"links,omitempty"`
	Status       otlpStatus      `json:"status"`
}

type otlpEvent struct {
	Time       string          `json:"timeUnixNano,omitempty"`
	Name       string          `json:"name,omitempty"`
	Attributes []otlpAttribute `json:"attributes,omitempty"`
}

type otlpLink struct {
	TraceID    string          `json:"traceId"`
	SpanID     string          `json:"spanId"`
	Attributes []otlpAttribute `json:"attributes,omitempty"`
}

type otlpStatus struct {
	Message string `json:"message,omitempty"`
	Code    int    `json:"code,omitempty"`
}

type otlpAttribute struct {
	Key   string    `json:"key"`
	Value otlpValue `json:"value"`
}

// otlpValue has one field that is not nil.
type otlpValue struct {
	String *string    `json:"stringValue,omitempty"`
	Bool   *bool      `json:"boolValue,omitempty"`
	Int    *string    `json:"intValue,omitempty"`
	Double any        `json:"doubleValue,omitempty"`
	Bytes  *[]byte    `json:"bytesValue,omitempty"`
	Array  *otlpArray `json:"arrayValue,omitempty"`
}

type otlpArray struct {
	Values []otlpValue `json:"values,omitempty"`
}

func otlpValueOf(v trace.Value) otlpValue {
	switch v.Kind() {
	case trace.KindBool:
		return otlpValue{Bool: new(v.Bool())}
	case trace.KindInt64:
		return otlpValue{Int: new(v.String())}
	case trace.KindFloat64:
		return otlpValue{Double: otlpDouble(v.Float64())}
	case trace.KindBinary:
		return otlpValue{Bytes: new(v.Bytes())}
	case trace.KindString:
	}
	return otlpValue{String: new(v.String())}
}

// otlpDouble returns what JSON has no number for as protobuf spells it.
func otlpDouble(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

// otlpTraceID always has 32 digits, unlike the ids of API v1.
func otlpTraceID(id trace.TraceID) string { return fmt.Sprintf("%016x%016x", id.High, id.Low) }

// nanos writes a time as OTLP does, and nothing for one before 1970.
func nanos(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
