package trace

import "github.com/otdemo/otdemo/pkg/trace/id"

// TraceID is id.TraceID.
type TraceID = id.TraceID

// SpanID is id.SpanID.
type SpanID = id.SpanID

// ParseTraceID is id.ParseTraceID.
func ParseTraceID(s string) (TraceID, error) { return id.ParseTraceID(s) }

// ParseSpanID is id.ParseSpanID.
func ParseSpanID(s string) (SpanID, error) { return id.ParseSpanID(s) }
