package udp

import (
	"log/slog"
	"time"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

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
	warn          reporter.Throttle
}

func (o *outage) begin(now time.Time) {
	if !o.on {
		o.on, o.probe, o.gap = true, 0, minProbeGap
		o.probeAt = now.Add(o.gap)
	}
	if o.since.IsZero() {
		o.since = now
	}
}

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

func (o *outage) end(now time.Time) {
	if o.late > 0 {
		o.log.Info("spans accepted again", "delivered_late", o.late, "outage", now.Sub(o.since).Round(time.Millisecond))
	}
	o.since, o.late = time.Time{}, 0
	o.warn.Reset()
}
