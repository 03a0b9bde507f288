package allinone

import (
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// intake is where all receivers bring their batches, and their datagrams that
// were none.
type intake struct {
	store      *store.Store
	clients    *clients
	complaints *complaints
	logger     *slog.Logger

	batches, spans atomic.Int64

	mu     sync.Mutex
	faults map[wire.Reason]int64
}

// accept stores a batch's spans, then counts it: what is counted can be read back.
func (in *intake) accept(batch *wire.Batch) {
	in.store.Add(batch.Spans)
	in.spans.Add(int64(len(batch.Spans)))
	in.batches.Add(1)
	in.clients.observe(batch)
}

// reject counts a datagram that carried no batch, and says so now and then.
func (in *intake) reject(listener string, from netip.AddrPort, payload int, err error) {
	reason := wire.ReasonOf(err)
	in.mu.Lock()
	in.faults[reason]++
	in.mu.Unlock()
	times, ok := in.complaints.allow(listener + " " + string(reason))
	if !ok {
		return
	}
	in.logger.Warn("datagram is no batch of spans",
		"listener", listener, "reason", string(reason), "from", from.String(), "bytes", payload,
		"datagrams", times, "error", err)
}

// undecodable returns the datagrams that carried no batch, by reason.
func (in *intake) undecodable() map[wire.Reason]int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.faults)
}
