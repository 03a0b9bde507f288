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
// It implements jaeger.Transport and transport, from one goroutine.
type udpTransport struct {
	udpOptions
	finder *finder
	sock   *socket // nil until the agent's name resolves

	// The current batch.
	process    []byte
	spans      []byte
	n          int
	room       int // bytes of spans that a datagram takes
	lastNumber uint32

	flight, backlog datagrams
	spare           buffers
	confirmed       confirmed
	outage          outage
	paceAt          time.Time // when the next one of the backlog may go

	giveUpLog, failLog, sizeLog, lookupLog throttle
}

type udpOptions struct {
	agent    config.Agent
	encoder  *spanEncoder
	resolver resolver
	ledger   *ledger
	log      *slog.Logger
	// life ends all waits; what is unsent then is given up.
	life context.Context
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
	t := &udpTransport{udpOptions: o, finder: newFinder(o.life, o.agent.Host, every, o.resolver)}
	t.outage.log = o.log
	t.tick()
	return t
}

// udpTarget is the agent's address as it is configured.
func udpTarget(a config.Agent) string {
	return "udp " + net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// Append implements jaeger.Transport. It writes a datagram when span no longer
// fits the current one, and may then wait for room in the agent's receive
// buffer, for roomPatience at the longest.
func (t *udpTransport) Append(span *jaeger.Span) (int, error) {
	if t.process == nil {
		t.prepare(span)
	}
	before := len(t.spans)
	encoded, err := t.encoder.appendSpan(t.spans, span)
	if err != nil {
		t.fail(1, held, err)
		return 1, err
	}
	t.spans = encoded[:before]
	size := len(encoded) - before
	if size > t.room {
		t.tooLarge(span, size)
		return 1, errTooLarge
	}
	flushed := 0
	if len(encoded) > t.room {
		flushed = t.n
		t.seal()
		encoded = encoded[:copy(encoded, encoded[before:])]
	}
	t.spans = encoded
	t.n++
	return flushed, nil
}

// prepare encodes the process, which all batches repeat.
func (t *udpTransport) prepare(span *jaeger.Span) {
	t.process = t.encoder.appendProcess(nil, span)
	t.room = t.agent.MaxPacketSize - compactOverhead - len(t.process)
	if t.room < smallestSpan {
		t.log.Error("process tags leave no room for spans in a datagram",
			"process_size", len(t.process), "max_packet_size", t.agent.MaxPacketSize)
	}
}

// tooLarge books a span that no datagram takes, and says so: the cause is the
// span, or process tags that leave no room for any.
func (t *udpTransport) tooLarge(span *jaeger.Span, size int) {
	t.ledger.move(1, held, tooLarge)
	if !t.sizeLog.allow(time.Now()) {
		return
	}
	t.log.Warn("span too large for a datagram", "operation", span.OperationName(),
		"trace_id", span.SpanContext().TraceID().String(), "size", size, "room", max(t.room, 0),
		"process_size", len(t.process), "max_packet_size", t.agent.MaxPacketSize,
		"too_large", t.ledger.count(tooLarge))
}

// Flush implements jaeger.Transport. It never sends an empty batch, which
// crashes some Jaegers.
func (t *udpTransport) Flush() (int, error) {
	n := t.n
	t.seal()
	t.tick()
	return n, nil
}

// seal makes the current batch a datagram and sends it, or keeps it.
func (t *udpTransport) seal() {
	if t.n == 0 {
		return
	}
	t.lastNumber++
	d := &datagram{number: t.lastNumber, spans: t.n, in: held}
	d.payload = appendEmitBatch(
		t.spare.get(compactOverhead+len(t.process)+len(t.spans)), d.number,
		spanBatch{process: t.process, spans: t.spans, n: t.n, seqNo: int64(t.lastNumber), stats: t.ledger.client()})
	t.spans, t.n = t.spans[:0], 0
	if t.sock == nil || t.outage.on {
		t.keep(d)
		return
	}
	t.send(d)
}

// wake implements transport.
func (t *udpTransport) wake() <-chan struct{} { return t.finder.woken }

// tick implements transport.
func (t *udpTransport) tick() time.Duration {
	now := time.Now()
	if found, ok := t.finder.poll(now); ok {
		t.found(found)
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
	if !t.finder.running && !t.finder.next.IsZero() {
		sooner(t.finder.next)
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

// found takes the outcome of a lookup over: a new address is a new socket.
func (t *udpTransport) found(l lookup) {
	var current netip.Addr
	if t.sock != nil {
		current = t.sock.addr.Addr()
	}
	var opened *socket
	if l.err == nil {
		addr := choose(l.addrs, current)
		if addr == current {
			t.finder.hit()
			return
		}
		opened, l.err = openSocket(t.life, netip.AddrPortFrom(addr, uint16(t.agent.Port)))
	}
	if l.err != nil {
		t.finder.missed(time.Now())
		if t.life.Err() == nil && t.lookupLog.allow(time.Now()) {
			t.log.Warn("agent address not usable", "error", l.err, "spans_waiting", t.ledger.count(held, retrying))
		}
		return
	}
	t.finder.hit()
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

// Close implements jaeger.Transport. It waits until each datagram in flight is
// confirmed, probes a closed port and looks a missing name up once more, and
// sends what then may go. The rest is given up.
func (t *udpTransport) Close() error {
	t.seal()
	t.outage.probeNow()
	if t.sock == nil {
		t.finder.next = time.Now()
	}
	probes, misses := t.outage.refusedProbes, t.finder.misses
	timer := time.NewTimer(0)
	defer timer.Stop()
	for t.life.Err() == nil {
		next := t.tick()
		settled := t.flight.empty() && t.backlog.empty()
		hopeless := t.outage.refusedProbes > probes || t.sock == nil && t.finder.misses > misses
		if settled || hopeless && t.flight.empty() {
			break
		}
		if next > 0 {
			timer.Reset(next)
		}
		select {
		case <-timer.C:
		case <-t.finder.woken:
		case <-t.life.Done():
		}
	}
	t.abandon()
	t.finder.close()
	if t.sock != nil {
		t.sock.close()
	}
	return nil
}
