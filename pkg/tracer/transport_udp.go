package tracer

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// udpTransport sends compact thrift to an agent. It encodes spans and packs them into
// datagrams of the agent's size, which a datagramSender delivers. It implements
// transport, from one goroutine.
type udpTransport struct {
	udpOptions
	sender *datagramSender

	// The current batch.
	process    []byte
	spans      []byte
	n          int
	capacity   int // bytes of spans that fit a datagram
	lastNumber uint32

	sizeLog throttle
}

type udpOptions struct {
	agent    config.Agent
	encoder  *spanEncoder
	resolver resolver // nil is net.DefaultResolver
	counters *spanCounters
	log      *slog.Logger
	// ctx ends all waits; what is unsent then is given up.
	ctx context.Context
}

func newUDPTransport(o udpOptions) *udpTransport {
	o.log = o.log.With("target", udpTarget(o.agent))
	return &udpTransport{udpOptions: o, sender: newDatagramSender(o)}
}

// udpTarget is the agent's address as it is configured.
func udpTarget(a config.Agent) string {
	return "udp " + net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// Append implements transport. It writes a datagram when span no longer
// fits the current one, and may then wait for room in the agent's receive
// buffer, for stallTimeout at the longest.
func (t *udpTransport) Append(span *jaeger.Span) {
	if t.process == nil {
		t.prepare(span)
	}
	before := len(t.spans)
	encoded, err := t.encoder.appendSpan(t.spans, span)
	if err != nil {
		t.sender.fail(1, inFlight, err)
		return
	}
	t.spans = encoded[:before]
	size := len(encoded) - before
	if size > t.capacity {
		t.tooLarge(span, size)
		return
	}
	if len(encoded) > t.capacity {
		t.seal()
		encoded = encoded[:copy(encoded, encoded[before:])]
	}
	t.spans = encoded
	t.n++
}

// prepare encodes the process, which all batches repeat.
func (t *udpTransport) prepare(span *jaeger.Span) {
	t.process = t.encoder.appendProcess(nil, span)
	t.capacity = t.agent.MaxPacketSize - compactOverhead - len(t.process)
	if t.capacity < smallestSpan {
		t.log.Error("process tags leave no room for spans in a datagram",
			"process_size", len(t.process), "max_packet_size", t.agent.MaxPacketSize)
	}
}

// tooLarge books a span that no datagram takes, and says so: the cause is the
// span, or process tags that leave no room for any.
func (t *udpTransport) tooLarge(span *jaeger.Span, size int) {
	t.counters.move(1, inFlight, tooLarge)
	if !t.sizeLog.allow(time.Now()) {
		return
	}
	t.log.Warn("span too large for a datagram", "operation", span.OperationName(),
		"trace_id", span.SpanContext().TraceID().String(), "size", size, "room", max(t.capacity, 0),
		"process_size", len(t.process), "max_packet_size", t.agent.MaxPacketSize,
		"too_large", t.counters.count(tooLarge))
}

// Flush implements transport. It never sends an empty batch, which
// crashes some Jaegers.
func (t *udpTransport) Flush() {
	t.seal()
	t.sender.tick()
}

// seal makes the current batch a datagram and sends it, or keeps it.
func (t *udpTransport) seal() {
	if t.n == 0 {
		return
	}
	t.lastNumber++
	d := &datagram{number: t.lastNumber, spans: t.n, in: inFlight}
	d.payload = appendEmitBatch(
		t.sender.spare.get(compactOverhead+len(t.process)+len(t.spans)), d.number,
		spanBatch{process: t.process, spans: [][]byte{t.spans}, n: t.n, seqNo: int64(t.lastNumber), stats: clientStats(t.counters.losses())})
	t.spans, t.n = t.spans[:0], 0
	t.sender.deliver(d)
}

// wake implements transport.
func (t *udpTransport) wake() <-chan struct{} { return t.sender.addresses.wakeup }

// tick implements transport.
func (t *udpTransport) tick() time.Duration { return t.sender.tick() }

// Close implements transport, see datagramSender.close.
func (t *udpTransport) Close() {
	t.seal()
	t.sender.close()
}
