package trace

import "github.com/otdemo/otdemo/pkg/trace/id"

// TraceID and SpanID are those of package id, which whoever only makes spans
// imports in place of this one.
type (
	TraceID = id.TraceID
	SpanID  = id.SpanID
)

// ParseTraceID is id.ParseTraceID.
func ParseTraceID(s string) (TraceID, error) { return id.ParseTraceID(s) }

// ParseSpanID is id.ParseSpanID.
func ParseSpanID(s string) (SpanID, error) { return id.ParseSpanID(s) }
