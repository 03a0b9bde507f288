package allinone

import "github.com/otdemo/otdemo/pkg/loss"

// datagramServer and partsServer are receivers with counters of their own.
type (
	datagramServer interface{ Stats() loss.UDP }
	partsServer    interface{ Stats() loss.Parts }
)

// Stats returns the present account; after Close it is final. While spans come
// in, its parts may differ by what came between.
func (b *Backend) Stats() loss.Account {
	stats := loss.Account{
		SchemaVersion: loss.SchemaVersion,
		Started:       b.started,
		Agent:         loss.Agent{Undecodable: make(loss.Rejects)},
		Listeners:     make(map[string]loss.Listener),
	}
	for name, port := range b.ingest.Ports {
		listener := port.Counts()
		if !port.Receives && len(listener.Undecodable) == 0 {
			continue
		}
		stats.Batches += listener.Batches
		stats.Spans += listener.Spans
		switch receiver := b.receivers[name].(type) {
		case datagramServer:
			datagrams := receiver.Stats()
			listener.Datagrams = &datagrams
			addDatagrams(&stats.Agent, &listener)
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

func addDatagrams(a *loss.Agent, l *loss.Listener) {
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
