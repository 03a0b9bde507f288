package pb

import (
	"encoding/binary"
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TraceID reads an id of 16 bytes, as Jaeger's and OpenTelemetry's messages have
// it; none at all is zero.
func TraceID(b []byte) (trace.TraceID, error) {
	switch len(b) {
	case 0:
		return trace.TraceID{}, nil
	case 16:
		return trace.TraceID{High: binary.BigEndian.Uint64(b), Low: binary.BigEndian.Uint64(b[8:])}, nil
	}
	return trace.TraceID{}, fmt.Errorf("a trace id has %s, want 16", plural.Of(len(b), "byte", "bytes"))
}

// SpanID reads an id of 8 bytes; none at all is zero.
func SpanID(b []byte) (trace.SpanID, error) {
	switch len(b) {
	case 0:
		return 0, nil
	case 8:
		return trace.SpanID(binary.BigEndian.Uint64(b)), nil
	}
	return 0, fmt.Errorf("a span id has %s, want 8", plural.Of(len(b), "byte", "bytes"))
}
