package allinone

import "github.com/otdemo/otdemo/pkg/loss"

// Stats returns the present account; after Close it is final. While spans come
// in, its parts may differ by what came between.
func (b *Backend) Stats() loss.Account {
	stats := loss.Account{
		SchemaVersion: loss.SchemaVersion,
		Started:       b.started,
		Agent:         loss.Agent{Undecodable: make(loss.Rejects)},
		Listeners:     make(map[string]loss.Listener),
	}
	for name, inlet := range b.intake.inlets {
		listener := inlet.stats()
		if !inlet.receives && len(listener.Undecodable) == 0 {
			continue
		}
		stats.Batches += listener.Batches
		stats.Spans += listener.Spans
		if receiver, ok := b.receivers[name]; ok {
			datagrams := receiver.Stats()
			listener.Datagrams = &datagrams
			addDatagrams(&stats.Agent, &listener)
		}
		if name == Appdash {
			parts := b.appdash.spans.Stats()
			listener.Parts = &parts
		}
		stats.Listeners[name] = listener
	}
	// A batch is counted in the order store, client, sums, and read the other way
	// round, so that no account lacks what the sums have.
	stats.Clients, stats.Totals = b.intake.clients.snapshot()
	stats.Store = b.intake.store.Stats()
	return stats
}

// addDatagrams adds what a UDP port counted to the sums of all.
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
