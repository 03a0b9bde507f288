package send

import (
	"testing"
	"time"
)

func TestOTLPMessage(t *testing.T) {
	t.Parallel()
	h := NewRawSpan("op", time.UnixMicro(1))
	s := h.Batch.Spans[0]
	s.TraceIdHigh, s.TraceIdLow, s.SpanId = 0x0102030405060708, 0x090a0b0c0d0e0f10, 0x090a0b0c0d0e0f10
	// Written from the .proto files: the field's number and wire type, the
	// length, the content. A real Jaeger accepts it as well.
	want := "\x0a\x58" + "\x0a\x20" + "\x0a\x1e" + "\x0a\x0cservice.name" + "\x12\x0e\x0a\x0cotdemo-check" +
		"\x12\x34" + "\x12\x32" +
		"\x0a\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" +
		"\x12\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" + "\x2a\x02op" +
		"\x39\xe8\x03\x00\x00\x00\x00\x00\x00" + "\x41\xd0\x07\x00\x00\x00\x00\x00\x00"
	if got, err := otlpBody(t.Context(), h); err != nil || string(got) != want {
		t.Errorf("got\n%q, %v, want\n%q", got, err, want)
	}
}
