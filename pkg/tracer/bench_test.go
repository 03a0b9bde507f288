package tracer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/internal/udpsink"
	"github.com/otdemo/otdemo/pkg/config"
)

// clientSpan is a span as nethttp makes it for a request: six tags, two logs.
func clientSpan() *jaeger.Span {
	tr, _ := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter())
	root := tr.StartSpan("call")
	span := tr.StartSpan("HTTP GET", opentracing.ChildOf(root.Context()))
	ext.SpanKindRPCClient.Set(span)
	ext.Component.Set(span, "net/http")
	ext.HTTPMethod.Set(span, "GET")
	ext.HTTPUrl.Set(span, "http://localhost:8000/gettime")
	ext.HTTPStatusCode.Set(span, 200)
	ext.PeerAddress.Set(span, "localhost:8000")
	span.LogFields(log.String("event", "GetConn"))
	span.LogFields(log.String("event", "GotFirstResponseByte"))
	span.Finish()
	return span.(*jaeger.Span)
}

// ourTransport and clientTransport return a function that appends one span.
func ourTransport(b *testing.B) func() {
	b.Helper()
	life, giveUp := context.WithCancel(context.Background())
	books := newLedger(jaeger.NewNullMetrics())
	t := newUDPTransport(udpOptions{
		agent:   config.Agent{Host: "127.0.0.1", Port: udpsink.Open(b), MaxPacketSize: 65000},
		encoder: newCompactEncoder(), ledger: books, log: slog.New(slog.DiscardHandler), life: life,
	})
	b.Cleanup(func() { _ = t.Close(); giveUp() })
	span := clientSpan()
	n := 0
	return func() {
		books.enter(1, held)
		if _, err := t.Append(span); err != nil {
			b.Fatal(err)
		}
		if n++; n%maxBurst == 0 {
			t.tick() // as the reporter does
		}
	}
}

func clientTransport(b *testing.B) func() {
	b.Helper()
	t, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", udpsink.Open(b)), 65000)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = t.Close() })
	span := clientSpan()
	return func() {
		if _, err := t.Append(span); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUDPTransport compares our transport with jaeger-client-go's, per span,
// to a live socket. "ratio" runs both in turns, so that a busy machine slows both,
// and reports how many times as fast ours is, by the medians of the turns.
func BenchmarkUDPTransport(b *testing.B) {
	b.Run("ours", func(b *testing.B) { benchmarkAppend(b, ourTransport(b)) })
	b.Run("jaeger-client-go", func(b *testing.B) { benchmarkAppend(b, clientTransport(b)) })
	b.Run("ratio", func(b *testing.B) {
		const turn = 500
		ours, theirs := ourTransport(b), clientTransport(b)
		var our, their []time.Duration
		for b.Loop() {
			our = append(our, timeOf(turn, ours))
			their = append(their, timeOf(turn, theirs))
		}
		b.ReportMetric(float64(median(their))/float64(median(our)), "times_as_fast")
		b.ReportMetric(0, "ns/op")
	})
}

func benchmarkAppend(b *testing.B, appendSpan func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		appendSpan()
	}
}

func timeOf(n int, f func()) time.Duration {
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkEncode is the encoder alone. "accessors" is what reading the span
// takes, which no encoder above jaeger-client-go can do without; "generated" is
// what jaeger-client-go does, once.
func BenchmarkEncode(b *testing.B) {
	span := clientSpan()
	b.Run("compact", func(b *testing.B) { benchmarkEncode(b, newCompactEncoder(), span) })
	b.Run("binary", func(b *testing.B) { benchmarkEncode(b, newBinaryEncoder(), span) })
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

func benchmarkEncode(b *testing.B, e *spanEncoder, span *jaeger.Span) {
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
