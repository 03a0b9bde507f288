package ledger

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
)

// attributeServer attributes the missing spans of the called service.
func (f *facts) attributeServer(h *hops) {
	if h.left == 0 {
		return
	}
	s := f.server
	switch {
	case s == nil:
		f.attributeWithoutCounters(h)
	case s.Restarted:
		f.attributeEnded(h)
	default:
		f.attributeByCounters(h, s)
	}
}

// attributeByCounters uses the counters of a server that ran all the time. They are
// exact if it had no other clients, and upper bounds otherwise.
func (f *facts) attributeByCounters(h *hops, s *Server) {
	exact := s.Finished == f.spans.MadeServer
	state := func(name string) int64 { return max(0, s.States[name]) }
	h.attribute(ServerQueue, state("dropped")+state("after_close"), exact,
		fmt.Sprintf("the service's counters: %s dropped, its queue was full", spans(state("dropped")+state("after_close"))))
	for _, place := range []struct{ state, words string }{
		{"too_large", "too large"},
		{"refused", "refused, the port was closed"},
		{"failed", "not accepted"},
		{"queued", "not sent yet"},
	} {
		n := state(place.state)
		h.attribute(ServerSend, n, exact, fmt.Sprintf("the service's counters: %s %s", spans(n), place.words))
	}
	if h.left == 0 {
		return
	}
	received, batches, known := f.serverReceived()
	switch {
	case f.attributeUnread(h):
	case known && exact:
		f.attributeReceived(h, "service", state("sent"), received, batches)
	case known:
		f.attributeUncounted(h, received, batches)
	default:
		f.attributeUnknown(h)
	}
}

// attributeEnded is for a server that ended during the run.
func (f *facts) attributeEnded(h *hops) {
	if f.attributeUnread(h) {
		return
	}
	received, batches, known := f.serverReceived()
	evidence := []string{"the service's process ended during the run: the spans that it had not sent are lost"}
	if known {
		f.attributeEvicted(h)
		evidence = append(evidence, fmt.Sprintf("the backend received %s from the service", spans(received)))
	}
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the service's numbered batches did not arrive: some were lost on the network", batches))
	}
	h.attribute(ServerGone, h.left, false, evidence...)
}

// attributeWithoutCounters is for a service that has no counters.
func (f *facts) attributeWithoutCounters(h *hops) {
	received, batches, known := f.serverReceived()
	switch {
	case f.attributeUnread(h):
	case known:
		f.attributeUncounted(h, received, batches)
	default:
		f.attributeUnknown(h)
	}
}

// attributeUncounted is for a service of which the embedded backend has counted what
// arrived, while nothing has counted what was sent for this run.
func (f *facts) attributeUncounted(h *hops, received, batches int64) {
	f.attributeEvicted(h)
	evidence := append(f.networkEvidence(), fmt.Sprintf("the backend received %s from the service", spans(received)))
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the service's numbered batches did not arrive", batches))
	}
	h.attribute(Network, h.left, false, evidence...)
}

// serverReceived returns what the embedded backend received during the run from the
// tracers that answered; known is false if it has no account of them.
func (f *facts) serverReceived() (received, batchesMissing int64, known bool) {
	for id := range f.reader.identifier.servers {
		if after, before := f.clientAccount(id); after != nil {
			received += after.Spans - before.Spans
			batchesMissing += after.BatchesMissing - before.BatchesMissing
			known = true
		}
	}
	return received, batchesMissing, known
}

// notes returns the facts without which the numbers would mislead.
func (f *facts) notes() []string {
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if f.err != nil {
		note("Not all traces could be read back: %v.", f.err)
	}
	if f.before.lossErr != nil {
		note("The query API did not respond before the run: %v.", f.before.lossErr)
	}
	if f.client.Finished != f.spans.MadeClient {
		note("The client's tracer finished %s, but its traces should have %d: it made other spans, or calls were not recorded.",
			spans(f.client.Finished), f.spans.MadeClient)
	}
	if excess := f.client.Lost() - f.missingClient; excess > 0 {
		note("%s stored nevertheless.", plural.Of(excess, "span that the client counted as lost is", "spans that the client counted as lost are"))
	}
	switch {
	case f.traces.Sampled == 0:
		note("No trace was sampled, so there is nothing to read back.")
	case f.spans.StoredServer == 0 && f.spans.StoredClient > 0 && f.server != nil && f.server.Finished > 0:
		note("The service finished %s, but none of the run's traces has one: it may not support their propagation formats.", spans(f.server.Finished))
	}
	if s := f.server; s != nil && !s.Restarted && s.Finished > f.spans.MadeServer {
		note("The service finished %s more than the run's traces account for: it has other clients, or it answered late.",
			spans(s.Finished-f.spans.MadeServer))
	}
	return found
}
