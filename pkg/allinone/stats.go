package allinone

import (
	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// statsVersion is Stats.SchemaVersion; fields are added, never renamed.
const statsVersion = 1

// Stats is a backend's account of spans: what came, what is kept, and every loss
// that it can know of. It is also the JSON on /api/loss.
type Stats struct {
	SchemaVersion int        `json:"schema_version"`
	Agent         AgentStats `json:"agent"`
	// Batches and Spans came from all receivers and went to the store.
	Batches int64       `json:"batches"`
	Spans   int64       `json:"spans"`
	Store   store.Stats `json:"store"`
	// Clients are the tracers heard last, the newest first; Totals sum up all.
	Clients []ClientStats `json:"clients"`
	Totals  ClientTotals  `json:"client_totals"`
}

// AgentStats tell of the datagrams on the agent's port.
type AgentStats struct {
	udp.Stats
	// Undecodable counts the datagrams that carried no batch, by reason.
	Undecodable map[wire.Reason]int64 `json:"undecodable"`
}

// Stats returns the present account; after Close it is final. While spans come
// in, its parts may differ by what came between.
func (b *Backend) Stats() Stats {
	clients, totals := b.intake.clients.snapshot()
	return Stats{
		SchemaVersion: statsVersion,
		Agent:         AgentStats{Stats: b.agent.Stats(), Undecodable: b.intake.undecodable()},
		Batches:       b.intake.batches.Load(),
		Spans:         b.intake.spans.Load(),
		Store:         b.intake.store.Stats(),
		Clients:       clients,
		Totals:        totals,
	}
}

// UndecodableTotal returns the datagrams that carried no batch.
func (a *AgentStats) UndecodableTotal() int64 {
	var n int64
	for _, count := range a.Undecodable {
		n += count
	}
	return n
}

// Lossless reports whether no loss is known: nothing was dropped, missing,
// undecodable, evicted or refused, and no client tells of a loss of its own.
func (s *Stats) Lossless() bool {
	t := s.Totals
	return s.Agent.KernelDrops == 0 && s.Agent.Abandoned == 0 && s.Agent.UndecodableTotal() == 0 &&
		s.Store.EvictedSpans == 0 && s.Store.RefusedSpans == 0 &&
		t.BatchesMissing == 0 && t.Lost == wire.Losses{}
}
