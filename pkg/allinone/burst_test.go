package allinone

import (
	"net/netip"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

const (
	burstSpans = 200_000
	// burstEach spans make a datagram of 50000 bytes, near the largest that
	// jaeger-client-go sends.
	burstEach     = 1000
	burstCalls    = burstSpans / burstEach
	burstAttempts = 3
)

// 200,000 spans as fast as they can be encoded and sent are all there, where real
// Jaegers lose a quarter to a half. A machine that is busy with something else may
// starve the reader, so one attempt of three has to do it; but in each of them the
// kernel's own count explains every datagram that is missing.
func TestBurst(t *testing.T) {
	for range burstAttempts {
		b := start(t, Options{})
		conn := dial(t, b)
		for i := range burstCalls {
			send(t, conn, wiretest.Compact(wiretest.Batch("burst", 1+i*burstEach, burstEach)))
		}
		closeBackend(t, b)

		stats := b.Stats()
		agent := stats.Agent
		t.Logf("buffer of %d bytes: %d datagrams received, %d dropped", agent.SocketBuffer, agent.Datagrams, agent.KernelDrops)
		if got, want := stats.Store.Spans, agent.Datagrams*burstEach; got != want {
			t.Fatalf("stored %d spans, want those of the %d datagrams received: %d", got, agent.Datagrams, want)
		}
		if agent.KernelDropsKnown && agent.Datagrams+agent.KernelDrops != burstCalls {
			t.Fatalf("%d received + %d dropped, want %d sent", agent.Datagrams, agent.KernelDrops, burstCalls)
		}
		if agent.Datagrams == burstCalls {
			return
		}
		const granted = 4 << 20 // what the claim is made for
		if agent.SocketBuffer < granted {
			t.Skipf("the kernel grants %d bytes only", agent.SocketBuffer)
		}
	}
	t.Errorf("datagrams were dropped in each of %d attempts", burstAttempts)
}

// BenchmarkIngest measures a span from the datagram to the store, without the
// socket: the CPU that a span costs.
func BenchmarkIngest(b *testing.B) {
	backend := start(b, Options{MaxMemory: 64 << 20})
	handle := agent(backend.intake.inlets[AgentCompact], wire.DecodeCompact)
	datagrams := make([][]byte, 50)
	for i := range datagrams {
		datagrams[i] = wiretest.Compact(wiretest.Batch("burst", 1+i*burstEach, burstEach))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		handle(datagrams[n%len(datagrams)], netip.AddrPort{})
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/burstEach, "ns/span")
}
