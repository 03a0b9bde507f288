package ledger

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
)

// lostByServer shares out the missing spans of the called service.
func (f *facts) lostByServer(h *hops) {
	if h.left == 0 {
		return
	}
	s := f.server
	switch {
	case s == nil:
		f.lostUntold(h)
	case s.Restarted:
		f.lostWithServer(h)
	default:
		f.lostByCounters(h, s)
	}
}

// lostByCounters goes by the counters of a server that lived all the time. They
// name the numbers if it has answered nobody else, and otherwise bound them.
func (f *facts) lostByCounters(h *hops, s *Server) {
	exact := s.Finished == f.spans.MadeServer
	state := func(name string) int64 { return max(0, s.States[name]) }
	h.take(ServerQueue, state("dropped")+state("after_close"), exact,
		fmt.Sprintf("the service's counters say: dropped %s, as its queue was full", spans(state("dropped")+state("after_close"))))
	for _, place := range []struct{ state, words string }{
		{"too_large", "too large"},
		{"refused", "refused, as nothing listened there"},
		{"failed", "not accepted"},
		{"queued", "not sent yet"},
	} {
		n := state(place.state)
		h.take(ServerSend, n, exact, fmt.Sprintf("the service's counters say: %s %s", spans(n), place.words))
	}
	if h.left == 0 {
		return
	}
	received, batches, told := f.serverPeers()
	switch {
	case f.takeUnread(h):
	case told && exact:
		f.takeReceived(h, "service", state("sent"), received, batches)
	case told:
		f.takeUntold(h, received, batches)
	default:
		f.takeUnknown(h)
	}
}

// lostWithServer is for a server that ended during the run.
func (f *facts) lostWithServer(h *hops) {
	if f.takeUnread(h) {
		return
	}
	received, batches, told := f.serverPeers()
	evidence := []string{"the service's process ended during the run: what it had not sent went with it"}
	if told {
		f.takeDropped(h)
		evidence = append(evidence, fmt.Sprintf("the backend received %s of the service", spans(received)))
	}
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the service's numbered batches did not come: some were lost on the network", batches))
	}
	h.take(ServerGone, h.left, false, evidence...)
}

// lostUntold is for a service that has no counters.
func (f *facts) lostUntold(h *hops) {
	received, batches, told := f.serverPeers()
	switch {
	case f.takeUnread(h):
	case told:
		f.takeUntold(h, received, batches)
	default:
		f.takeUnknown(h)
	}
}

// takeUntold is for a service of which the embedded backend knows what came, and
// nobody what was sent for this run.
func (f *facts) takeUntold(h *hops, received, batches int64) {
	f.takeDropped(h)
	evidence := append(f.networkEvidence(), fmt.Sprintf("the backend received %s of the service", spans(received)))
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the service's numbered batches did not come", batches))
	}
	h.take(Network, h.left, false, evidence...)
}

// serverPeers returns what the embedded backend received during the run from the
// tracers that answered; told is false when it does not tell.
func (f *facts) serverPeers() (received, batchesMissing int64, told bool) {
	for id := range f.read.who.servers {
		if after, before := f.peer(id); after != nil {
			received += after.Spans - before.Spans
			batchesMissing += after.BatchesMissing - before.BatchesMissing
			told = true
		}
	}
	return received, batchesMissing, told
}

// notes are what one must know to read the numbers right.
func (f *facts) notes() []string {
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if f.err != nil {
		note("Not all traces could be read back: %v.", rootCause(f.err))
	}
	if f.before.lossErr != nil {
		note("The query API did not answer before the run: %v.", f.before.lossErr)
	}
	if f.client.Finished != f.spans.MadeClient {
		note("The client's tracer finished %s, and its traces here should have %d: it made others, or calls are not entered.",
			spans(f.client.Finished), f.spans.MadeClient)
	}
	if excess := f.client.Lost() - f.missingClient; excess > 0 {
		note("%s stored all the same.", plural.Of(excess, "span that the client counted as lost is", "spans that the client counted as lost are"))
	}
	switch {
	case f.traces.Sampled == 0:
		note("No trace was sampled, so there is nothing to read back.")
	case f.spans.StoredServer == 0 && f.spans.StoredClient > 0 && f.server != nil && f.server.Finished > 0:
		note("The service finished %s, and none of the run's traces has one: it may not read their headers.", spans(f.server.Finished))
	}
	if s := f.server; s != nil && !s.Restarted && s.Finished > f.spans.MadeServer {
		note("The service finished %s more than the run's traces account for: others call it, too, or it answered late.",
			spans(s.Finished-f.spans.MadeServer))
	}
	return found
}
