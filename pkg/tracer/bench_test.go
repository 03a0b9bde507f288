package tracer

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// ourTransport and clientTransport return a function that appends one span.
func ourTransport(b *testing.B) func() {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	counters := newSpanCounters(jaeger.NewNullMetrics())
	t := newUDPTransport(udpOptions{
		agent:   config.Agent{Host: "127.0.0.1", Port: blackHole(b), MaxPacketSize: 65000},
		encoder: newCompactEncoder(), counters: counters, log: slog.New(slog.DiscardHandler), ctx: ctx,
	})
	b.Cleanup(func() { t.Close(); cancel() })
	span := clientSpan()
	n := 0
	return func() {
		counters.add(1, inFlight)
		t.Append(span)
		if n++; n%1024 == 0 {
			t.tick() // as the reporter does
		}
	}
}

func clientTransport(b *testing.B) func() {
	b.Helper()
	t, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", blackHole(b)), 65000)
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
