package ledger

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
)

func (f *facts) attributeServer(h *hops) {
	s := f.server
	exact := s != nil && !s.Restarted && f.attributeCounted(h, s)
	received, batches, known := f.serverReceived()
	switch {
	case f.attributeUnread(h):
	case s != nil && s.Restarted:
		f.attributeEnded(h, received, batches, known)
	case !known:
		f.attributeUnknown(h)
	case exact:
		f.attributeReceived(h, "service", max(0, s.States["sent"]), received, batches)
	default:
		f.attributeUncounted(h, received, batches)
	}
}

// attributeCounted uses the counters of a server that ran all the time. They are exact
// if it had no other clients, and upper bounds otherwise.
func (f *facts) attributeCounted(h *hops, s *Server) (exact bool) {
	exact = s.Finished == f.spans.MadeServer
	dropped := max(0, s.States["dropped"]) + max(0, s.States["after_close"])
	for _, way := range []struct {
		hop   HopName
		lost  int64
		words string
	}{
		{ServerQueue, dropped, "dropped, its queue was full"},
		{ServerSend, s.States["too_large"], "too large"},
		{ServerSend, s.States["refused"], "refused, the port was closed"},
		{ServerSend, s.States["failed"], "not accepted"},
		{ServerSend, s.States["queued"], "not sent yet"},
	} {
		h.attribute(way.hop, way.lost, exact, fmt.Sprintf("the service's counters: %s %s", spans(way.lost), way.words))
	}
	return exact
}

// attributeEnded is for a server that ended during the run.
func (f *facts) attributeEnded(h *hops, received, batches int64, known bool) {
	found := evidence{"the service's process ended during the run: the spans that it had not sent are lost"}
	if known {
		f.attributeEvicted(h)
		found = append(found, fmt.Sprintf("the backend received %s from the service", spans(received)))
	}
	found.add(batches, "%d of the service's numbered batches did not arrive: some were lost on the network", batches)
	h.attribute(ServerGone, h.left, false, found...)
}

// attributeUncounted is for a service of which the embedded backend has counted what
// arrived, while nothing has counted what was sent for this run.
func (f *facts) attributeUncounted(h *hops, received, batches int64) {
	f.attributeEvicted(h)
	found := append(f.networkEvidence(), fmt.Sprintf("the backend received %s from the service", spans(received)))
	found.add(batches, "%d of the service's numbered batches did not arrive", batches)
	h.attribute(Network, h.left, false, found...)
}

// serverReceived returns what the embedded backend received during the run from the
// tracers that answered; known is false if it has no account of them.
func (f *facts) serverReceived() (spans, batchesMissing int64, known bool) {
	for id := range f.reader.identifier.servers {
		if got, ok := f.received(id); ok {
			spans += got.Spans
			batchesMissing += got.BatchesMissing
			known = true
		}
	}
	return spans, batchesMissing, known
}

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
