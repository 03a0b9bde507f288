package allinone

import (
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
	"github.com/otdemo/otdemo/pkg/loss"
)

// intake is where all receivers bring their batches, and whatever arrived that was
// none.
type intake struct {
	store      *store.Store
	clients    *clients
	complaints *complaints
	logger     *slog.Logger
	// addrs are where the listeners are, inlets their ways in, both by name.
	addrs  map[string]string
	inlets map[string]*inlet
}

// newIntake makes an intake with an inlet for each listener that has an address.
func newIntake(opts Options, addrs map[string]string) *intake {
	in := &intake{
		store:      store.New(store.Options{MaxBytes: opts.MaxMemory}),
		clients:    newClients(),
		complaints: newComplaints(opts.Now),
		logger:     opts.Logger,
		addrs:      addrs,
		inlets:     make(map[string]*inlet),
	}
	for _, l := range Listeners() {
		if _, ok := addrs[l.Name]; ok {
			in.inlets[l.Name] = &inlet{intake: in, name: l.Name, receives: l.Spans, faults: make(loss.Rejects)}
		}
	}
	return in
}

// inlet is one listener's way into the intake, and the account of what took it.
type inlet struct {
	*intake
	name     string
	receives bool // is a port for spans

	batches, spans atomic.Int64

	mu     sync.Mutex
	faults loss.Rejects
}

// inlet returns the way in of a listener, nil when that is off.
func (in *intake) inlet(name string) *inlet { return in.inlets[name] }

// accept stores a batch's spans, then counts it: what is counted can be read back,
// and what is in the sums is in its client's account.
func (i *inlet) accept(batch *wire.Batch) {
	i.store.Add(batch.Spans)
	i.clients.observe(batch)
	i.batches.Add(1)
	i.spans.Add(int64(len(batch.Spans)))
}

// reject counts a datagram or a request of that many bytes that carried no batch,
// and says so now and then. A sender whose port changes with every request comes
// without one.
func (i *inlet) reject(from netip.AddrPort, bytes int, err error) {
	reason := wire.ReasonOf(err)
	i.mu.Lock()
	i.faults[string(reason)]++
	i.mu.Unlock()
	i.complain(from, bytes, err)
}

// note is reject for what need not have been spans: on a port that takes none it
// is not counted as a loss.
func (i *inlet) note(from netip.AddrPort, bytes int, err error) {
	if i.receives {
		i.reject(from, bytes, err)
	} else {
		i.complain(from, bytes, err)
	}
}

// complain says now and then what came instead of spans, and where to send it.
func (i *inlet) complain(from netip.AddrPort, bytes int, err error) {
	reason := wire.ReasonOf(err)
	times, ok := i.complaints.allow(i.name+" "+string(reason), from)
	if !ok {
		return
	}
	line := []any{
		"listener", i.name, "reason", string(reason), "from", sender(from), "bytes", bytes,
		"times", times, "error", err,
	}
	if addr, ok := i.addrs[rightListener(reason)]; ok {
		line = append(line, "send_to", addr)
	}
	i.logger.Warn("no batch of spans", line...)
}

// rightListener returns the one that takes what arrived elsewhere, "" when there
// is none.
func rightListener(reason wire.Reason) string {
	switch reason {
	case wire.CompactThrift:
		return AgentCompact
	case wire.BinaryThrift:
		return AgentBinary
	case wire.HTTP:
		return CollectorHTTP
	case wire.AppdashPacket:
		return Appdash
	default:
		return ""
	}
}

// sender prints an address without the port that is not known.
func sender(from netip.AddrPort) string {
	if from.Port() == 0 {
		return from.Addr().String()
	}
	return from.String()
}

// stats returns the account of the inlet so far.
func (i *inlet) stats() loss.Listener {
	i.mu.Lock()
	defer i.mu.Unlock()
	return loss.Listener{
		Batches:     i.batches.Load(),
		Spans:       i.spans.Load(),
		Undecodable: maps.Clone(i.faults),
	}
}
