package udp

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// ourTransport and clientTransport return a function that appends one span.
func ourTransport(b *testing.B) func() {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	counters := reporter.NewCounters(jaeger.NewNullMetrics())
	t := New(Options{
		Agent:    config.Agent{Host: "127.0.0.1", Port: testkit.BlackHole(b), MaxPacketSize: 65000},
		Counters: counters, Log: slog.New(slog.DiscardHandler), Ctx: ctx,
	})
	b.Cleanup(func() { t.Close(); cancel() })
	span := testkit.ClientSpan()
	n := 0
	return func() {
		counters.Add(1, reporter.InFlight)
		t.Append(span)
		if n++; n%1024 == 0 {
			t.Tick() // as the reporter does
		}
	}
}

func clientTransport(b *testing.B) func() {
	b.Helper()
	t, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", testkit.BlackHole(b)), 65000)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = t.Close() })
	span := testkit.ClientSpan()
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
		b.ReportMetric(float64(testkit.Median(their))/float64(testkit.Median(our)), "times_as_fast")
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
