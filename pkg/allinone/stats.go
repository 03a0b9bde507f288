package allinone

import (
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/appdash"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
)

// statsVersion is Stats.SchemaVersion; fields are added, never renamed.
const statsVersion = 1

// Stats is a backend's account of spans: what came, what is kept, and every loss
// that it can know of. It is also the JSON on /api/loss.
type Stats struct {
	SchemaVersion int `json:"schema_version"`
	// Started is when the backend was, from which on it counts.
	Started time.Time `json:"started"`
	// Agent sums up the ports for datagrams.
	Agent AgentStats `json:"agent"`
	// Listeners are the ports that spans come in on, by name, and those that were
	// mistaken for one.
	Listeners map[string]ListenerStats `json:"listeners"`
	// Batches and Spans came from all receivers and went to the store.
	Batches int64       `json:"batches"`
	Spans   int64       `json:"spans"`
	Store   store.Stats `json:"store"`
	// Clients are the tracers heard last, the newest first; Totals sum up all.
	Clients []ClientStats `json:"clients"`
	Totals  ClientTotals  `json:"client_totals"`
}

// AgentStats tell of the datagrams on the agent's ports.
type AgentStats struct {
	udp.Stats
	// Undecodable counts the datagrams that carried no batch, by reason.
	Undecodable Rejects `json:"undecodable"`
}

// ListenerStats tell of one port.
type ListenerStats struct {
	// Batches and Spans went to the store.
	Batches int64 `json:"batches"`
	Spans   int64 `json:"spans"`
	// Undecodable counts the datagrams, requests or packets that carried no batch, by
	// reason.
	Undecodable Rejects `json:"undecodable"`
	// Datagrams has what only a UDP port knows, nil on others.
	Datagrams *udp.Stats `json:"datagrams,omitempty"`
	// Parts has what only a port knows on which spans come in parts, Appdash's; nil
	// on others.
	Parts *appdash.Stats `json:"parts,omitempty"`
}

// Rejects count what carried no batch of spans, by reason.
type Rejects map[ingest.Reason]int64

// datagramServer and partsServer are receivers with counters of their own.
type (
	datagramServer interface{ Stats() udp.Stats }
	partsServer    interface{ Stats() appdash.Stats }
)

// Stats returns the present account; after Close it is final. While spans come
// in, its parts may differ by what came between.
func (b *Backend) Stats() Stats {
	stats := Stats{
		SchemaVersion: statsVersion,
		Started:       b.started,
		Agent:         AgentStats{Undecodable: make(Rejects)},
		Listeners:     make(map[string]ListenerStats),
	}
	for name, port := range b.ingest.Ports() {
		counts := port.Counts()
		listener := ListenerStats{Batches: counts.Batches, Spans: counts.Spans, Undecodable: counts.Rejected}
		if !port.Receives && len(listener.Undecodable) == 0 {
			continue
		}
		stats.Batches += listener.Batches
		stats.Spans += listener.Spans
		switch receiver := b.receivers[name].(type) {
		case datagramServer:
			datagrams := receiver.Stats()
			listener.Datagrams = &datagrams
			stats.Agent.add(&listener)
		case partsServer:
			parts := receiver.Stats()
			listener.Parts = &parts
		}
		stats.Listeners[name] = listener
	}
	// A batch is counted in the order store, client, sums, and read the other way
	// round, so that no account lacks what the sums have.
	stats.Clients, stats.Totals = b.clients.snapshot()
	stats.Store = b.store.Stats()
	return stats
}

func (a *AgentStats) add(l *ListenerStats) {
	d := l.Datagrams
	if a.SocketBuffer == 0 || d.SocketBuffer < a.SocketBuffer {
		a.SocketBuffer = d.SocketBuffer // the smallest is the one that overflows first
	}
	a.Datagrams += d.Datagrams
	a.Bytes += d.Bytes
	a.WaitingBytes += d.WaitingBytes
	a.KernelDrops += d.KernelDrops
	a.KernelDropsKnown = a.KernelDropsKnown || d.KernelDropsKnown
	a.Abandoned += d.Abandoned
	for reason, n := range l.Undecodable {
		a.Undecodable[reason] += n
	}
}

// UndecodableTotal returns the datagrams that carried no batch.
func (a *AgentStats) UndecodableTotal() int64 { return a.Undecodable.Total() }

// Total returns the sum over all reasons.
func (r Rejects) Total() int64 {
	var n int64
	for _, count := range r {
		n += count
	}
	return n
}

// UndecodableTotal returns the datagrams, requests and packets that carried no
// batch, over all listeners.
func (s *Stats) UndecodableTotal() int64 {
	var n int64
	for _, l := range s.Listeners {
		n += l.Undecodable.Total()
	}
	return n
}

// Lossless reports whether no loss is known: nothing was dropped, missing,
// undecodable, evicted or refused, and no client tells of a loss of its own.
func (s *Stats) Lossless() bool {
	t := s.Totals
	return s.Agent.KernelDrops == 0 && s.Agent.Abandoned == 0 && s.UndecodableTotal() == 0 &&
		s.Store.EvictedSpans == 0 && s.Store.RefusedSpans == 0 &&
		t.BatchesMissing == 0 && t.Lost == ingest.Losses{}
}
