package tracer

import (
	"fmt"
	"log/slog"
	"time"
)

// paceRate bounds what the backlog sends, in bytes per second: a 65000-byte
// datagram every 10 ms, at which no Jaeger lost any (full speed lost 40%).
const paceRate = 6_500_000

// refusedHint is for whoever reads the log of a long-running service.
const refusedHint = `"otdemo check-jaeger" finds out why; "otdemo all-in-one" is a Jaeger that needs nothing else`

// busyPause is the wait after a write that the system had no memory for.
const busyPause = 10 * time.Millisecond

// The interval at which a closed port is tried grows between these. A second is
// also as often as Linux lets a host answer a closed port, after a burst of six.
const (
	minProbeGap = 50 * time.Millisecond
	maxProbeGap = time.Second
)

// outage is the time in which the agent's port counts as closed, and then until
// the backlog has been sent.
type outage struct {
	log     *slog.Logger
	on      bool      // the port counts as closed
	since   time.Time // zero when there is no outage
	late    int       // spans delivered after a refusal
	probe   uint32    // number of the datagram that is out as a probe, or 0
	probeAt time.Time
	gap     time.Duration
	// refusedProbes counts probes that came to nothing.
	refusedProbes int
	warn          throttle
}

// begin notes a refusal.
func (o *outage) begin(now time.Time) {
	if !o.on {
		o.on, o.probe, o.gap = true, 0, minProbeGap
		o.probeAt = now.Add(o.gap)
	}
	if o.since.IsZero() {
		o.since = now
	}
}

// refuseProbe notes that the probe was refused.
func (o *outage) refuseProbe(now time.Time) {
	o.probe = 0
	o.refusedProbes++
	o.gap = min(2*o.gap, maxProbeGap)
	o.probeAt = now.Add(o.gap)
}

// unsent notes that a datagram could not be written; if it was to be the probe,
// another try is due later.
func (o *outage) unsent(number uint32, now time.Time) {
	if o.on && o.probe == number {
		o.probe, o.probeAt = 0, now.Add(o.gap)
	}
}

// probeNow makes the next probe due, because the address is a new one or there
// will be no later chance.
func (o *outage) probeNow() { o.probe, o.probeAt = 0, time.Now() }

// end says that the outage is over.
func (o *outage) end(now time.Time) {
	if o.late > 0 {
		o.log.Info("spans accepted again", "delivered_late", o.late, "outage", now.Sub(o.since).Round(time.Millisecond))
	}
	o.since, o.late = time.Time{}, 0
	o.warn.reset()
}

// send writes d, which no longer stands in any list, and puts it where it then
// belongs.
func (t *udpTransport) send(d *datagram) {
	if err := t.awaitWindow(len(d.payload)); err != nil {
		t.outage.unsent(d.number, time.Now())
		t.fail(d.spans, d.in, err)
		return
	}
	err := t.sock.write(d.number, d.payload)
	if err == nil {
		d.due = time.Now().Add(t.sock.grace)
		t.flight.insert(d)
		t.readRefusals()
		for t.flight.bytes > flightBytes {
			t.markSent(t.flight.pop())
		}
		return
	}
	t.outage.unsent(d.number, time.Now())
	// The error may be that of an earlier datagram; this one was not sent then.
	switch known := t.readRefusals(); {
	case known:
		t.enqueue(d)
	case isRefused(err):
		t.refuse(t.sock.attribute())
		t.enqueue(d)
	case isBusy(err):
		t.paceAt = time.Now().Add(busyPause)
		t.enqueue(d)
	default:
		t.fail(d.spans, d.in, fmt.Errorf("datagram of %d bytes: %w", len(d.payload), err))
		t.addresses.refreshSoon()
	}
}

// enqueue puts d into the backlog and gives the oldest up when that is too much.
func (t *udpTransport) enqueue(d *datagram) {
	if t.outage.on {
		t.markRefused(d)
	}
	t.backlog.insert(d)
	for t.backlog.bytes > backlogBytes {
		t.giveUp(t.backlog.pop())
		if t.giveUpLog.allow(time.Now()) {
			t.log.Warn("spans given up", "reason", "too many wait for the agent",
				"refused", t.counters.count(refused), "failed", t.counters.count(failed))
		}
	}
}

// markRefused books d as refused and kept.
func (t *udpTransport) markRefused(d *datagram) {
	t.counters.move(d.spans, d.in, retrying)
	d.in = retrying
}

// readRefusals takes in what the network reported, and tells whether there was
// anything.
func (t *udpTransport) readRefusals() bool {
	found := t.sock.refusals()
	if len(found) == 0 {
		return false
	}
	t.refuse(found...)
	return true
}

// refuse books refusals, and says so now and then.
func (t *udpTransport) refuse(found ...refusal) {
	now := time.Now()
	for _, r := range found {
		t.requeue(r, now)
	}
	if t.outage.warn.allow(now) {
		t.log.Warn("spans refused", "refused", t.counters.count(retrying, refused),
			"kept", t.counters.count(retrying), "address", t.sock.addr, "hint", refusedHint)
	}
}

// requeue books one refusal: its datagram goes back to be sent again. One that
// counts as sent already is no longer there to send, only to count.
func (t *udpTransport) requeue(r refusal, now time.Time) {
	t.counters.refusals.Add(1)
	var d *datagram
	switch {
	case r.known:
		d = t.flight.take(r.number)
	case !t.flight.empty():
		d = t.flight.pop()
	}
	probed := d != nil && t.outage.on && d.number == t.outage.probe
	t.outage.begin(now)
	t.addresses.refreshSoon()
	for _, waiting := range t.backlog.list {
		t.markRefused(waiting)
	}
	if d == nil {
		t.counters.move(t.history.take(r.number), sent, refused)
		return
	}
	if probed {
		t.outage.refuseProbe(now)
	}
	t.enqueue(d)
}

// confirm counts the datagrams as sent that had their time to be refused.
func (t *udpTransport) confirm(now time.Time) {
	for !t.flight.empty() && !now.Before(t.flight.first().due) {
		t.markSent(t.flight.pop())
	}
}

// confirmAll counts everything in flight as sent.
func (t *udpTransport) confirmAll() {
	for !t.flight.empty() {
		t.markSent(t.flight.pop())
	}
}

func (t *udpTransport) markSent(d *datagram) {
	t.counters.move(d.spans, d.in, sent)
	t.history.add(d.number, d.spans)
	t.spare.put(d.payload)
	if d.in == retrying {
		t.outage.late += d.spans
	}
	if t.outage.on && d.number == t.outage.probe {
		t.outage.on = false
		t.paceAt = time.Now()
	}
	if !t.outage.since.IsZero() && !t.outage.on && t.backlog.empty() && !t.flight.any(isRetry) {
		t.outage.end(time.Now())
	}
}

func isRetry(d *datagram) bool { return d.in == retrying }

// resend sends what of the backlog may go now: a probe, or the next ones at the
// receiver's pace.
func (t *udpTransport) resend(now time.Time) {
	if t.outage.on {
		if t.outage.probe == 0 && !t.backlog.empty() && !now.Before(t.outage.probeAt) {
			d := t.backlog.pop()
			t.outage.probe = d.number
			t.send(d)
		}
		return
	}
	for !t.outage.on && !t.backlog.empty() && !now.Before(t.paceAt) {
		d := t.backlog.pop()
		t.paceAt = now.Add(time.Duration(len(d.payload)) * time.Second / paceRate)
		t.send(d)
	}
}

// fail books spans that an error took, and says so.
func (t *udpTransport) fail(n int, from spanState, err error) {
	t.counters.move(n, from, failed)
	if t.failLog.allow(time.Now()) {
		t.log.Warn("spans not sent", "spans", n, "error", err, "failed", t.counters.count(failed))
	}
}

// giveUp books a datagram that was kept in vain.
func (t *udpTransport) giveUp(d *datagram) {
	to := failed
	if d.in == retrying {
		to = refused
	}
	t.counters.move(d.spans, d.in, to)
}

// giveUpAll settles everything, for Close. Who closes reads the books, so that the
// log needs no warning.
func (t *udpTransport) giveUpAll() {
	if t.sock != nil {
		t.readRefusals()
	}
	t.confirmAll()
	if t.backlog.empty() {
		return
	}
	for !t.backlog.empty() {
		t.giveUp(t.backlog.pop())
	}
	t.log.Info("spans given up at close", "refused", t.counters.count(refused), "failed", t.counters.count(failed))
}
