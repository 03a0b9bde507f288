package tracer

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// Bounds of what is kept for another try, in bytes of datagrams. At 250 bytes a
// span, 8 MiB are some 30,000 spans: a restart of the agent under heavy load,
// an hour of a quiet service.
const (
	backlogBytes = 8 << 20
	flightBytes  = 8 << 20
)

// smallestSpan is about what a span without name, tags and parent takes.
const smallestSpan = 50

// udpTransport sends compact thrift to an agent. Unlike jaeger-client-go's it
// learns which datagrams were refused, keeps them and sends them again when the
// port is back; it never sends one again that may have arrived.
//
// A datagram that was written is in flight until it is refused or its time for
// that is over; then its spans count as sent. After a refusal the port counts as
// closed: every datagram waits in the backlog, and the oldest one is sent as a
// probe now and then. When a probe is not refused the others follow, slowly
// enough for the receiver's buffer, and new ones go out beside them. Each one
// waits for room in that buffer where it can be seen, see flow.
//
// It implements transport, from one goroutine.
type udpTransport struct {
	udpOptions
	addresses *addrResolver
	sock      *socket // nil until the agent's name resolves

	// The current batch.
	process    []byte
	spans      []byte
	n          int
	capacity   int // bytes of spans that a datagram takes
	lastNumber uint32

	flight, backlog datagrams
	spare           buffers
	history         sentHistory
	outage          outage
	paceAt          time.Time // when the next one of the backlog may go

	giveUpLog, failLog, sizeLog, lookupLog throttle
}

type udpOptions struct {
	agent    config.Agent
	encoder  *spanEncoder
	resolver resolver
	counters *spanCounters
	log      *slog.Logger
	// ctx ends all waits; what is unsent then is given up.
	ctx context.Context
}

func newUDPTransport(o udpOptions) *udpTransport {
	if o.resolver == nil {
		o.resolver = net.DefaultResolver
	}
	every := o.agent.ReconnectInterval
	if !o.agent.Reconnect {
		every = 0
	}
	o.log = o.log.With("target", udpTarget(o.agent))
	t := &udpTransport{udpOptions: o, addresses: newAddrResolver(o.ctx, o.agent.Host, every, o.resolver)}
	t.outage.log = o.log
	t.tick()
	return t
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
		t.fail(1, inFlight, err)
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
	t.tick()
}

// seal makes the current batch a datagram and sends it, or keeps it.
func (t *udpTransport) seal() {
	if t.n == 0 {
		return
	}
	t.lastNumber++
	d := &datagram{number: t.lastNumber, spans: t.n, in: inFlight}
	d.payload = appendEmitBatch(
		t.spare.get(compactOverhead+len(t.process)+len(t.spans)), d.number,
		spanBatch{process: t.process, spans: [][]byte{t.spans}, n: t.n, seqNo: int64(t.lastNumber), stats: t.counters.losses()})
	t.spans, t.n = t.spans[:0], 0
	if t.sock == nil || t.outage.on {
		t.enqueue(d)
		return
	}
	t.send(d)
}

// wake implements transport.
func (t *udpTransport) wake() <-chan struct{} { return t.addresses.wakeup }

// tick implements transport.
func (t *udpTransport) tick() time.Duration {
	now := time.Now()
	if found, ok := t.addresses.poll(now); ok {
		t.useAddress(found)
	}
	if t.sock != nil {
		t.readRefusals()
		t.confirm(now)
		t.resend(now)
	}
	return t.next(now)
}

// next returns the time until tick has something to do.
func (t *udpTransport) next(now time.Time) time.Duration {
	var next time.Time
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if !t.addresses.running && !t.addresses.next.IsZero() {
		sooner(t.addresses.next)
	}
	if !t.flight.empty() {
		sooner(t.flight.first().due)
	}
	switch {
	case t.sock == nil || t.backlog.empty():
	case !t.outage.on:
		sooner(t.paceAt)
	case t.outage.probe == 0:
		sooner(t.outage.probeAt)
	}
	if next.IsZero() {
		return 0
	}
	return max(next.Sub(now), time.Microsecond)
}

// useAddress takes the outcome of a lookup over: a new address is a new socket.
func (t *udpTransport) useAddress(l lookup) {
	var current netip.Addr
	if t.sock != nil {
		current = t.sock.addr.Addr()
	}
	var opened *socket
	if l.err == nil {
		addr := choose(l.addrs, current)
		if addr == current {
			t.addresses.succeeded()
			return
		}
		opened, l.err = openSocket(t.ctx, netip.AddrPortFrom(addr, uint16(t.agent.Port)))
	}
	if l.err != nil {
		t.addresses.failed(time.Now())
		if t.ctx.Err() == nil && t.lookupLog.allow(time.Now()) {
			t.log.Warn("agent address not usable", "error", l.err, "spans_waiting", t.counters.count(inFlight, retrying))
		}
		return
	}
	t.addresses.succeeded()
	t.lookupLog.reset()
	if t.sock != nil {
		t.log.Info("agent address changed", "from", t.sock.addr, "to", opened.addr)
		t.readRefusals()
		t.confirmAll()
		t.sock.close()
		t.outage.probeNow()
	}
	t.sock = opened
}

// Close implements transport. It waits until each datagram in flight is
// confirmed, probes a closed port and looks a missing name up once more, and
// sends what then may go. The rest is given up.
func (t *udpTransport) Close() {
	t.seal()
	t.outage.probeNow()
	if t.sock == nil {
		t.addresses.next = time.Now()
	}
	probes, misses := t.outage.refusedProbes, t.addresses.failures
	timer := time.NewTimer(0)
	defer timer.Stop()
	for t.ctx.Err() == nil {
		next := t.tick()
		settled := t.flight.empty() && t.backlog.empty()
		hopeless := t.outage.refusedProbes > probes || t.sock == nil && t.addresses.failures > misses
		if settled || hopeless && t.flight.empty() {
			break
		}
		if next > 0 {
			timer.Reset(next)
		}
		select {
		case <-timer.C:
		case <-t.addresses.wakeup:
		case <-t.ctx.Done():
		}
	}
	t.giveUpAll()
	t.addresses.close()
	if t.sock != nil {
		t.sock.close()
	}
}
