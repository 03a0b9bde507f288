package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// Bounds of what is kept for another try, in bytes of datagrams. At 250 bytes a
// span, 8 MiB are some 30,000 spans: a restart of the agent under heavy load,
// an hour of a quiet service.
const (
	BacklogBytes = 8 << 20
	flightBytes  = 8 << 20
)

// PaceRate bounds what the backlog sends, in bytes per second: a 65000-byte
// datagram every 10 ms, at which no Jaeger lost any (full speed lost 40%).
const PaceRate = 6_500_000

// refusedHint is for readers of a service's log.
const refusedHint = `"otdemo check-jaeger" finds out why; "otdemo all-in-one" is a Jaeger that needs nothing else`

// busyPause is the wait after a write that the system had no memory for.
const busyPause = 10 * time.Millisecond

// sender delivers datagrams to an agent. Unlike jaeger-client-go it finds
// out which ones were refused, keeps them and sends them again when the port is
// open; it never sends one again that may have arrived.
//
// A datagram that was written is in flight until it is refused or its time for
// that is over; then its spans count as sent. After a refusal the port counts as
// closed: every datagram waits in the backlog, and the oldest one is sent as a
// probe now and then. When a probe is not refused the others follow, slowly
// enough for the receiver's buffer, and new ones go out beside them. Each one
// waits for room in that buffer where it can be seen, see sendWindow.
type sender struct {
	Options
	addresses *addrResolver
	sock      *socket // nil until the agent's name resolves

	flight, backlog datagrams
	spare           buffers
	history         sentHistory
	outage          outage
	paceAt          time.Time // when the next one of the backlog may go

	giveUpLog, failLog, lookupLog reporter.Throttle
}

func newSender(o Options) *sender {
	if o.resolver == nil {
		o.resolver = net.DefaultResolver
	}
	every := o.Agent.ReconnectInterval
	if !o.Agent.Reconnect {
		every = 0
	}
	s := &sender{
		Options:   o,
		addresses: newAddrResolver(o.Ctx, o.Agent.Host, every, o.resolver),
		outage:    outage{log: o.Log},
	}
	s.Tick()
	return s
}

// deliver sends a new datagram, or keeps it while the agent cannot be reached.
func (s *sender) deliver(d *datagram) {
	if s.sock == nil || s.outage.on {
		s.enqueue(d)
		return
	}
	s.send(d)
}

func (s *sender) Tick() time.Duration {
	now := time.Now()
	if found, ok := s.addresses.poll(now); ok {
		s.useAddress(found)
	}
	if s.sock != nil {
		s.readRefusals()
		s.confirm(now)
		s.resend(now)
	}
	return s.next(now)
}

// next returns the time until Tick has something to do, 0 for never.
func (s *sender) next(now time.Time) time.Duration {
	times := []time.Time{s.addresses.due(now)}
	if !s.flight.empty() {
		times = append(times, s.flight.first().due)
	}
	switch {
	case s.sock == nil || s.backlog.empty():
	case !s.outage.on:
		times = append(times, s.paceAt)
	case s.outage.probe == 0:
		times = append(times, s.outage.probeAt)
	}
	times = slices.DeleteFunc(times, time.Time.IsZero)
	if len(times) == 0 {
		return 0
	}
	return max(slices.MinFunc(times, time.Time.Compare).Sub(now), time.Microsecond)
}

// useAddress uses the result of a lookup: a new address is a new socket.
func (s *sender) useAddress(l lookup) {
	var current netip.Addr
	if s.sock != nil {
		current = s.sock.addr.Addr()
	}
	var addr netip.Addr
	if l.err == nil {
		addr = choose(l.addrs, current)
	}
	var opened *socket
	if l.err == nil && addr != current {
		opened, l.err = openSocket(s.Ctx, netip.AddrPortFrom(addr, uint16(s.Agent.Port)))
	}
	if l.err != nil {
		s.addresses.failed(time.Now())
		if s.Ctx.Err() == nil && s.lookupLog.Allow() {
			s.Log.Warn("agent address not usable", "error", l.err, "spans_waiting", s.Counters.Count(reporter.InFlight, reporter.Retrying))
		}
		return
	}
	s.addresses.succeeded(time.Now())
	if opened == nil {
		return
	}
	s.lookupLog.Reset()
	if s.sock != nil {
		s.Log.Info("agent address changed", "from", s.sock.addr, "to", opened.addr)
		s.readRefusals()
		s.confirmAll()
		s.sock.close()
		s.outage.probeNow()
	}
	s.sock = opened
}

// close waits until each datagram in flight is confirmed, probes a closed port and
// looks a missing name up once more, and sends what then may go. The rest is given up.
func (s *sender) close() {
	s.outage.probeNow()
	if s.sock == nil {
		s.addresses.next = time.Now()
	}
	probes, misses := s.outage.refusedProbes, s.addresses.failures
	for s.Ctx.Err() == nil {
		next := s.Tick()
		hopeless := s.outage.refusedProbes > probes || s.sock == nil && s.addresses.failures > misses
		if s.flight.empty() && (s.backlog.empty() || hopeless) {
			break
		}
		select {
		case <-time.After(next):
		case <-s.Ctx.Done():
		}
	}
	s.giveUpAll()
	s.addresses.close()
	if s.sock != nil {
		s.sock.close()
	}
}

// send writes d, which no longer stands in any list, and puts it where it then
// belongs.
func (s *sender) send(d *datagram) {
	if err := s.sock.window.await(s.Ctx, len(d.payload)); err != nil {
		s.outage.unsent(d.number, time.Now())
		s.fail(d.spans, d.in, err)
		return
	}
	err := s.sock.write(d.number, d.payload)
	if err == nil {
		d.due = time.Now().Add(s.sock.grace)
		s.flight.insert(d)
		s.readRefusals()
		for s.flight.bytes > flightBytes {
			s.markSent(s.flight.pop())
		}
		return
	}
	s.outage.unsent(d.number, time.Now())
	// The error may be that of an earlier datagram; this one was not sent then.
	switch known := s.readRefusals(); {
	case known:
		s.enqueue(d)
	case errors.Is(err, syscall.ECONNREFUSED):
		s.refuse(s.sock.refused())
		s.enqueue(d)
	case isBusy(err):
		s.paceAt = time.Now().Add(busyPause)
		s.enqueue(d)
	default:
		s.fail(d.spans, d.in, fmt.Errorf("datagram of %d bytes: %w", len(d.payload), err))
		s.addresses.refreshSoon()
	}
}

func (s *sender) move(d *datagram, to reporter.State) {
	s.Counters.Move(d.spans, d.in, to)
	d.in = to
}

// enqueue puts d into the backlog and gives up the oldest when that is full.
func (s *sender) enqueue(d *datagram) {
	if s.outage.on {
		s.move(d, reporter.Retrying)
	}
	s.backlog.insert(d)
	for s.backlog.bytes > BacklogBytes {
		s.giveUp(s.backlog.pop())
		if s.giveUpLog.Allow() {
			s.Log.Warn("spans given up", "reason", "too many wait for the agent",
				"refused", s.Counters.Count(reporter.Refused), "failed", s.Counters.Count(reporter.Failed))
		}
	}
}

// readRefusals handles what the network reported, and returns whether there was
// anything.
func (s *sender) readRefusals() bool {
	found := s.sock.refusals()
	if len(found) > 0 {
		s.refuse(found...)
	}
	return len(found) > 0
}

// refuse counts the refusals of datagrams, by number, and logs them, rate-limited.
func (s *sender) refuse(numbers ...uint32) {
	now := time.Now()
	for _, number := range numbers {
		s.requeue(number, now)
	}
	if s.outage.warn.Allow() {
		s.Log.Warn("spans refused", "refused", s.Counters.Count(reporter.Retrying, reporter.Refused),
			"kept", s.Counters.Count(reporter.Retrying), "address", s.sock.addr, "hint", refusedHint)
	}
}

// requeue counts one refusal: its datagram is sent again, the oldest one if the
// number is unknown. One that counted as sent already cannot be sent again, only
// counted.
func (s *sender) requeue(number uint32, now time.Time) {
	s.Counters.Refusals.Add(1)
	if number == unknown && !s.flight.empty() {
		number = s.flight.first().number
	}
	d := s.flight.take(number)
	probed := d != nil && s.outage.on && d.number == s.outage.probe
	s.outage.begin(now)
	s.addresses.refreshSoon()
	for _, waiting := range s.backlog.list {
		s.move(waiting, reporter.Retrying)
	}
	if d == nil {
		s.Counters.Move(s.history.take(number), reporter.Sent, reporter.Refused)
		return
	}
	if probed {
		s.outage.refuseProbe(now)
	}
	s.enqueue(d)
}

// confirm counts the datagrams as sent that had their time to be refused.
func (s *sender) confirm(now time.Time) {
	for !s.flight.empty() && !now.Before(s.flight.first().due) {
		s.markSent(s.flight.pop())
	}
}

func (s *sender) confirmAll() {
	for !s.flight.empty() {
		s.markSent(s.flight.pop())
	}
}

func (s *sender) markSent(d *datagram) {
	if isRetry(d) {
		s.outage.late += d.spans
	}
	s.move(d, reporter.Sent)
	s.history.add(d.number, d.spans)
	s.spare.put(d.payload)
	if s.outage.on && d.number == s.outage.probe {
		s.outage.on = false
		s.paceAt = time.Now()
	}
	if !s.outage.since.IsZero() && !s.outage.on && s.backlog.empty() && !slices.ContainsFunc(s.flight.list, isRetry) {
		s.outage.end(time.Now())
	}
}

func isRetry(d *datagram) bool { return d.in == reporter.Retrying }

// resend sends what may be sent of the backlog: a probe, or the next ones at the
// receiver's pace.
func (s *sender) resend(now time.Time) {
	if s.outage.on {
		if s.outage.probe == 0 && !s.backlog.empty() && !now.Before(s.outage.probeAt) {
			d := s.backlog.pop()
			s.outage.probe = d.number
			s.send(d)
		}
		return
	}
	for !s.outage.on && !s.backlog.empty() && !now.Before(s.paceAt) {
		d := s.backlog.pop()
		s.paceAt = now.Add(time.Duration(len(d.payload)) * time.Second / PaceRate)
		s.send(d)
	}
}

// fail counts spans that were lost by an error, and logs it, rate-limited.
func (s *sender) fail(n int, from reporter.State, err error) {
	s.Counters.Move(n, from, reporter.Failed)
	if s.failLog.Allow() {
		s.Log.Warn("spans not sent", "spans", n, "error", err, "failed", s.Counters.Count(reporter.Failed))
	}
}

func (s *sender) giveUp(d *datagram) {
	if isRetry(d) {
		s.move(d, reporter.Refused)
	} else {
		s.move(d, reporter.Failed)
	}
}

// giveUpAll settles everything, for close. The caller reads the counts, so that the
// log needs no warning.
func (s *sender) giveUpAll() {
	if s.sock != nil {
		s.readRefusals()
	}
	s.confirmAll()
	if s.backlog.empty() {
		return
	}
	for _, d := range s.backlog.list {
		s.giveUp(d)
	}
	s.Log.Info("spans given up at close", "refused", s.Counters.Count(reporter.Refused), "failed", s.Counters.Count(reporter.Failed))
}
