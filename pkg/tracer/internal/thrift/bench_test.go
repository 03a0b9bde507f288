package thrift

import (
	"testing"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// BenchmarkEncode is the encoder alone. "accessors" is what reading the span
// takes, which no encoder above jaeger-client-go can do without; "generated" is
// what jaeger-client-go does, once.
func BenchmarkEncode(b *testing.B) {
	span := testkit.ClientSpan()
	b.Run("compact", func(b *testing.B) { benchmarkEncode(b, NewCompact(), span) })
	b.Run("binary", func(b *testing.B) { benchmarkEncode(b, NewBinary(), span) })
	b.Run("accessors", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			readSpan(span)
		}
	})
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		buf := thrift.NewTMemoryBuffer()
		proto := thrift.NewTCompactProtocolConf(buf, nil)
		for b.Loop() {
			buf.Reset()
			if err := jaeger.BuildJaegerThrift(span).Write(b.Context(), proto); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarkEncode(b *testing.B, e *Encoder, span *jaeger.Span) {
	b.Helper()
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = encodeSpan(b, e, buf[:0], span)
	}
}

// readSpan calls every accessor that an encoder needs.
func readSpan(span *jaeger.Span) {
	_, _, _, _ = span.SpanContext(), span.OperationName(), span.StartTime(), span.Duration()
	_, _, _ = span.Tags(), span.Logs(), span.References()
}
