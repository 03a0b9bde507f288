package allinone

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/agent"
	"github.com/otdemo/otdemo/pkg/allinone/collector"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
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

// BenchmarkIngest measures what a span costs from the datagram or the request's body
// to the store, without the sockets: ns/span. A store that is full evicts as much as
// it takes in. Others compare it with real Jaegers, see docs/benchmarks.md.
func BenchmarkIngest(b *testing.B) {
	const each, calls = 200, 250
	inTraces := func(n int) *jaeger.Batch { return wiretest.Trace("burst", n, each) }
	apart := func(n int) *jaeger.Batch { return wiretest.Batch("burst", 1+n*each, each) }
	for _, kind := range []struct {
		name  string
		batch func(n int) *jaeger.Batch
		write func(*jaeger.Batch) []byte
		send  func(*Backend) func([]byte)
	}{
		{"datagrams, a trace each", inTraces, wiretest.Compact, handleDatagram},
		{"datagrams, a trace a span", apart, wiretest.Compact, handleDatagram},
		{"bodies, a trace each", inTraces, wiretest.Body, handleBody},
	} {
		b.Run(kind.name, func(b *testing.B) {
			send := kind.send(start(b, Options{MaxMemory: 64 << 20}))
			messages := make([][]byte, calls)
			for i := range messages {
				messages[i] = kind.write(kind.batch(i))
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				send(messages[n%calls])
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/each, "ns/span")
		})
	}
}

// handleDatagram returns a function that does what a receiver does with a datagram.
func handleDatagram(backend *Backend) func([]byte) {
	handle := agent.Compact().Handler(backend.ingest.Ports[AgentCompact])
	return func(datagram []byte) { handle(datagram, netip.AddrPort{}) }
}

// handleBody returns a function that does what a collector does with a request.
func handleBody(backend *Backend) func([]byte) {
	handler := collector.Receiver{Sampling: http.NotFoundHandler()}.Handler(backend.ingest.Ports[CollectorHTTP])
	return func(body []byte) {
		request := httptest.NewRequest(http.MethodPost, "/api/traces", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/x-thrift")
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
}
