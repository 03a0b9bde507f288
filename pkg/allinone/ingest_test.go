package allinone

import (
	"fmt"
	"math"
	"net"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Every datagram that is known to have hurt a Jaeger arrives over a real socket on
// each of the agent's ports, is counted under its reason, and hurts nothing: good
// spans still come in.
func TestSurvivesHostileDatagrams(t *testing.T) {
	t.Parallel()
	good := wiretest.Batch("after", 1000, 1)
	tests := []struct {
		listener string
		cases    []wiretest.Case
		after    []byte
		wrong    ingest.Reason // the other protocol
		right    string        // the listener for that
	}{
		{AgentCompact, wiretest.Cases(), wiretest.Compact(good), thrift.BinaryThrift, AgentBinary},
		{AgentZipkin, wiretest.Cases(), wiretest.Compact(good), thrift.BinaryThrift, AgentBinary},
		{AgentBinary, wiretest.BinaryCases(), wiretest.Binary(good), thrift.CompactThrift, AgentCompact},
	}
	for _, tt := range tests {
		t.Run(tt.listener, func(t *testing.T) {
			t.Parallel()
			var log logBook
			b := start(t, Options{Logger: log.logger()})
			conn := dialTo(t, b, "udp", tt.listener)
			want := make(loss.Rejects)
			batches := int64(1)
			const rounds = 3
			for range rounds {
				for _, c := range tt.cases {
					send(t, conn, c.Datagram)
					if c.Reason == "" {
						batches++
					} else {
						want[c.Reason]++
					}
				}
			}
			send(t, conn, tt.after)
			closeBackend(t, b)

			stats := b.Stats()
			if diff := cmp.Diff(want, stats.Listeners[tt.listener].Undecodable); diff != "" {
				t.Errorf("undecodable (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, stats.Agent.Undecodable); diff != "" {
				t.Errorf("undecodable in all (-want +got):\n%s", diff)
			}
			if got := stats.Listeners[tt.listener].Batches; got != batches || stats.Batches != batches {
				t.Errorf("got %d batches there and %d in all, want %d", got, stats.Batches, batches)
			}
			lines := log.lines(t, "no batch of spans")
			if got := len(lines); got != len(want) {
				t.Errorf("got %d log lines for %d reasons, want one each", got, len(want))
			}
			for _, line := range lines {
				if line["reason"] == string(tt.wrong) && line["send_to"] != b.Addrs()[tt.right] {
					t.Errorf("%s: told to send it to %v, want %s", tt.wrong, line["send_to"], b.Addrs()[tt.right])
				}
				if line["from"] != conn.LocalAddr().String() || line["listener"] != tt.listener {
					t.Errorf("got sender %v on %v, want %v on %s", line["from"], line["listener"], conn.LocalAddr(), tt.listener)
				}
			}
			if got := len(log.lines(t, "spans were lost")); got != 1 {
				t.Errorf("got %d last words about lost datagrams, want 1", got)
			}
		})
	}
}

// numbered returns batch number seq of a client.
func numbered(client string, seq int64, losses *ingest.Losses) *ingest.Batch {
	p := &trace.Process{Service: "svc-" + client}
	return &ingest.Batch{Client: client, SeqNo: seq, Losses: losses, Process: p, Spans: make([]trace.Span, 2)}
}

func TestClients(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		seqs []int64
		want loss.Client
	}{
		{"all there", []int64{1, 2, 3}, loss.Client{Batches: 3, Spans: 6}},
		{"gap", []int64{1, 2, 5}, loss.Client{Batches: 3, Spans: 6, BatchesMissing: 2}},
		{"late but there", []int64{2, 1, 3}, loss.Client{Batches: 3, Spans: 6}},
		{"backend came later", []int64{8, 9}, loss.Client{Batches: 2, Spans: 4, BatchesBefore: 7}},
		{"no numbers", []int64{0, 0}, loss.Client{Batches: 2, Spans: 4}},
		{"liar", []int64{1, math.MaxInt64}, loss.Client{Batches: 2, Spans: 4, BatchesMissing: math.MaxInt64 - 2}},
		{"negative", []int64{-5, 1}, loss.Client{Batches: 2, Spans: 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClients()
			for _, seq := range tt.seqs {
				c.observe(numbered("a", seq, nil))
			}
			tt.want.ID, tt.want.Service = "a", "svc-a"
			list, totals := c.snapshot()
			if diff := cmp.Diff([]loss.Client{tt.want}, list); diff != "" {
				t.Errorf("clients (-want +got):\n%s", diff)
			}
			if totals.BatchesMissing != tt.want.BatchesMissing {
				t.Errorf("got %d missing in all, want %d", totals.BatchesMissing, tt.want.BatchesMissing)
			}
		})
	}
}

// A client's own counters only grow, so the newest batch has the last word, also
// when it comes first.
func TestClientLosses(t *testing.T) {
	t.Parallel()
	c := newClients()
	c.observe(numbered("a", 2, &ingest.Losses{QueueFull: 9, Failed: 1}))
	c.observe(numbered("a", 1, &ingest.Losses{QueueFull: 4}))
	c.observe(numbered("b", 1, &ingest.Losses{TooLarge: 3, Failed: -7}))
	_, got := c.snapshot()
	want := loss.Totals{Clients: 2, Lost: loss.ClientLost{QueueFull: 9, TooLarge: 3, Failed: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func TestClientsAreBounded(t *testing.T) {
	t.Parallel()
	c := newClients()
	const count = maxClients + 50
	for i := range count {
		c.observe(numbered(fmt.Sprint(i), 1, &ingest.Losses{QueueFull: math.MaxInt64}))
		c.observe(numbered(fmt.Sprint(i), 3, &ingest.Losses{Failed: 1}))
	}
	list, totals := c.snapshot()
	if len(list) != maxClients || list[0].ID != fmt.Sprint(count-1) {
		t.Errorf("got %d clients, the first %q; want %d, the last heard first", len(list), list[0].ID, maxClients)
	}
	if want := (loss.Totals{Clients: count, BatchesMissing: count, Lost: loss.ClientLost{Failed: count}}); totals != want {
		t.Errorf("got totals %+v, want %+v", totals, want)
	}
}

// Gaps and the client's counters come over the socket.
func TestGapsAreReported(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dial(t, b)
	for _, seq := range []int64{1, 2, 4} {
		batch := wiretest.Batch("svc", int(seq), 1)
		batch.SeqNo = &seq
		batch.Stats = &jaeger.ClientStats{FullQueueDroppedSpans: 10 * seq}
		send(t, conn, wiretest.Compact(batch))
	}
	closeBackend(t, b)
	want := []loss.Client{{
		ID: "uuid-svc", Service: "svc", Batches: 3, Spans: 3, BatchesMissing: 1, Lost: loss.ClientLost{QueueFull: 40},
	}}
	stats := b.Stats()
	if diff := cmp.Diff(want, stats.Clients); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if stats.Lossless() {
		t.Error("stats call it lossless")
	}
}

// The memory of the process stays near the bound however much comes in.
func TestMemoryStaysBounded(t *testing.T) {
	const bound = 16 << 20
	b := start(t, Options{MaxMemory: bound})
	before := heap()
	conn := dial(t, b)
	const batches, each = 120, 1000
	for i := range batches {
		send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1+i*each, each)))
		if i%20 == 19 { // in time with the backend, so that nothing is dropped
			waitFor(t, b, func(s loss.Account) bool { return s.Batches == int64(i+1) })
		}
	}
	stats := b.Stats()
	grown := heap() - before
	if stats.Store.EvictedSpans == 0 || stats.Store.Bytes > bound {
		t.Errorf("got %d spans evicted and %d bytes, want some and at most %d", stats.Store.EvictedSpans, stats.Store.Bytes, bound)
	}
	if sum := stats.Store.Spans + stats.Store.EvictedSpans; sum != batches*each {
		t.Errorf("%d stored + %d evicted, want %d in all", stats.Store.Spans, stats.Store.EvictedSpans, batches*each)
	}
	if ratio := float64(grown) / float64(stats.Store.Bytes); ratio > 1.25 || ratio < 0.75 {
		t.Errorf("the heap grew by %d, accounted are %d: ratio %.2f, want 1 within a quarter", grown, stats.Store.Bytes, ratio)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// FuzzPacketPath sends what the fuzzer makes through real sockets, to each of the
// agent's ports. The backend must count it, keep its sums, and take a good batch
// afterwards.
func FuzzPacketPath(f *testing.F) {
	for _, c := range append(wiretest.Cases(), wiretest.BinaryCases()...) {
		f.Add(c.Datagram)
	}
	b := start(f, Options{MaxMemory: minMaxMemory})
	good := wiretest.Batch("good", 1, 1)
	ports := []struct {
		conn net.Conn
		good []byte
	}{
		{dialTo(f, b, "udp", AgentCompact), wiretest.Compact(good)},
		{dialTo(f, b, "udp", AgentBinary), wiretest.Binary(good)},
		{dialTo(f, b, "udp", AgentZipkin), wiretest.Compact(good)},
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > wiretest.MaxPayload {
			t.Skip("larger than a datagram")
		}
		before := b.Stats()
		for _, port := range ports {
			send(t, port.conn, payload)
			send(t, port.conn, port.good)
		}
		waitFor(t, b, func(s loss.Account) bool {
			return s.Batches+s.Agent.Undecodable.Total() == before.Batches+before.Agent.Undecodable.Total()+int64(2*len(ports)) &&
				s.Store.Added == s.Spans
		})
		s := b.Stats()
		if s.Batches < before.Batches+int64(len(ports)) {
			t.Error("a good batch was not taken")
		}
		if s.Agent.Undecodable[string(ingest.Panicked)] > 0 {
			t.Error("the decoder panicked")
		}
		if s.Store.Spans+s.Store.EvictedSpans+s.Store.RefusedSpans != s.Spans || s.Store.Bytes > minMaxMemory {
			t.Errorf("the sums are wrong: %+v", s)
		}
	})
}
