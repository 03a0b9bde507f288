package ledger

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// maxMissingIDs bounds the incomplete traces that are named.
const maxMissingIDs = 10

// facts is everything that is known of a run when its ledger is closed.
type facts struct {
	opts          *Options
	opened        time.Time
	client        tracer.Stats
	server        *Server
	before, after *snapshot
	reader        *reader
	// unanswered is the recorder's.
	unanswered int64
	// err is why not everything could be read back.
	err error

	traces Traces
	spans  Spans
	// traced reports that spans of the service are expected.
	traced bool

	missingClient, missingServer int64
}

func (f *facts) sum(sampledOut int64) {
	f.traced = f.reader.traced || f.server.traced()
	f.traces.SampledOut = sampledOut
	f.traces.Sampled = int64(len(f.reader.entries))
	f.traces.Made = f.traces.Sampled + sampledOut
	for _, i := range f.reader.order {
		f.add(&f.reader.entries[i])
	}
	f.traces.Found = f.traces.Complete + f.traces.Incomplete
	s := &f.spans
	s.MadeClient = s.StoredClient + f.missingClient
	s.MadeServer = s.StoredServer + f.missingServer
	s.Made = s.MadeClient + s.MadeServer
	s.Stored = s.StoredClient + s.StoredServer
	s.Missing = f.missingClient + f.missingServer
}

func (f *facts) add(e *entry) {
	client, server := e.missing(f.traced)
	f.missingClient += client
	f.missingServer += server
	f.spans.StoredClient += int64(e.client)
	f.spans.StoredServer += int64(e.server) + int64(e.others)
	f.spans.Orphans += int64(e.orphans)
	f.spans.Duplicates += int64(e.duplicates)
	switch {
	case client+server == 0:
		f.traces.Complete++
		return
	case e.spans() == 0:
		f.traces.Missing++
	default:
		f.traces.Incomplete++
	}
	if len(f.traces.MissingIDs) < maxMissingIDs {
		f.traces.MissingIDs = append(f.traces.MissingIDs, e.id.String())
	}
}

func (f *facts) settle() Ledger {
	h := &hops{left: f.missingClient}
	f.attributeClient(h)
	h.left += f.missingServer
	f.attributeServer(h)
	unanswered := f.unanswered
	if f.server != nil && !f.server.Restarted {
		unanswered = 0
	}
	return Ledger{
		Client: f.client,
		Server: f.server,
		Traces: f.traces,
		Spans:  f.spans,
		Hops:   h.sorted(),
		Notes:  f.notes(),

		ServiceUnseen: f.unseen(),
		Unanswered:    unanswered,
	}
}

func (f *facts) attributeClient(h *hops) {
	c := f.client
	exact := c.Lost() <= f.missingClient
	were := func(n int64, what string) string {
		return fmt.Sprintf("%d of the client's spans %s %s", n, plural.Word(n, "was", "were"), what)
	}
	for _, way := range []struct {
		hop      HopName
		lost     int64
		evidence string
	}{
		{ClientQueue, c.Dropped, fmt.Sprintf("the client's reporter dropped %s: its queue was full", spans(c.Dropped))},
		{ClientQueue, c.AfterClose, fmt.Sprintf("the client finished %s after its reporter was closed", spans(c.AfterClose))},
		{ClientSend, c.TooLarge, were(c.TooLarge, "too large for one datagram or request")},
		{ClientSend, c.Refused, were(c.Refused, "in datagrams that were refused: the port was closed")},
		{ClientSend, c.Failed + c.Queued, were(c.Failed+c.Queued, "not accepted in time")},
	} {
		h.attribute(way.hop, way.lost, exact, way.evidence)
	}
	f.attributeSent(h)
}

func (f *facts) attributeSent(h *hops) {
	got, known := f.received(f.clientID())
	switch {
	case f.attributeUnread(h):
	case f.opts.Agent == "":
		h.attribute(Backend, h.left, f.after.loss != nil, append(f.backendEvidence(),
			fmt.Sprintf("the backend accepted all %s that the client sent", spans(f.client.Sent)))...)
	case known:
		// The tracer is as old as the run, so batches before the first are lost ones.
		f.attributeReceived(h, "client", f.client.Sent, got.Spans, got.BatchesMissing+got.BatchesBefore)
	case f.after.loss != nil:
		h.attribute(Network, h.left, false, append(f.networkEvidence(), "the backend received nothing from the client's tracer")...)
	default:
		f.attributeUnknown(h)
	}
}

// attributeReceived attributes spans that were sent over UDP to an embedded backend,
// which counts what it received.
func (f *facts) attributeReceived(h *hops, side string, sent, received, batches int64) {
	found := evidence{fmt.Sprintf("the %s sent %s, the backend received %d", side, spans(sent), received)}
	found.add(batches, "%d of the %s's numbered batches did not arrive", batches, side)
	found = append(found, f.networkEvidence()...)
	if n := f.spans.Duplicates; n > 0 {
		// Spans that arrived twice hide spans that did not arrive.
		found.add(n, "%s arrived more than once", spans(n))
		f.attributeEvicted(h)
		h.attribute(Network, h.left, false, found...)
		return
	}
	h.attribute(Network, sent-received, true, found...)
	h.attribute(Backend, h.left, true, append(f.backendEvidence(),
		fmt.Sprintf("the backend received spans of the %s that it does not return", side))...)
}

// attributeEvicted attributes to the backend what it evicted or rejected.
func (f *facts) attributeEvicted(h *hops) {
	evicted, rejected := f.discarded()
	h.attribute(Backend, evicted+rejected, false, f.backendEvidence()...)
}

// attributeUnread attributes everything to the backend if it did not respond, or was
// restarted during the run. It reports whether it has.
func (f *facts) attributeUnread(h *hops) bool {
	switch {
	case f.err != nil:
		h.attribute(NetworkOrBackend, h.left, false, fmt.Sprintf("the traces could not be read back: %v", f.err))
	case f.backendRestarted():
		h.attribute(Backend, h.left, false, "the backend was restarted during the run and lost its traces; it was started at "+
			f.after.loss.Started.UTC().Format(time.RFC3339Nano))
	default:
		return false
	}
	return true
}

// attributeUnknown attributes spans that no counter accounts for, as with a Jaeger.
func (f *facts) attributeUnknown(h *hops) {
	h.attribute(NetworkOrBackend, h.left, false, append(append(f.networkEvidence(),
		increased(f.before.jaeger, f.after.jaeger)...),
		"the spans were sent, and the backend does not return them")...)
}

// evidence is what was observed, a sentence each.
type evidence []string

func (e *evidence) add(n int64, format string, args ...any) {
	if n > 0 {
		*e = append(*e, fmt.Sprintf(format, args...))
	}
}

// networkEvidence returns what was observed of datagrams that did not arrive.
func (f *facts) networkEvidence() (found evidence) {
	before, after := f.before.kernel, f.after.kernel
	if before.known && after.known {
		found = append(found, fmt.Sprintf("the kernel dropped %s at udp %s: the receiver's buffer was full",
			datagrams(max(0, after.port-before.port)), f.opts.Agent))
	}
	if after.known {
		n := after.machine - before.machine
		found.add(n, "all of this machine's UDP sockets together dropped %s (RcvbufErrors)", datagrams(n))
	}
	if now, was := f.accounts(); now != nil {
		n := now.Agent.Abandoned - was.Agent.Abandoned
		found.add(n, "the backend dropped %s when it shut down", datagrams(n))
		for _, reason := range slices.Sorted(maps.Keys(now.Agent.Undecodable)) {
			n := now.Agent.Undecodable[reason] - was.Agent.Undecodable[reason]
			found.add(n, "%s did not contain a batch: %s", datagrams(n), reason)
		}
	}
	return found
}

// backendEvidence returns what was observed of spans that arrived and are not stored.
func (f *facts) backendEvidence() (found evidence) {
	if f.after.loss == nil {
		return increased(f.before.jaeger, f.after.jaeger)
	}
	evicted, rejected := f.discarded()
	found.add(evicted, "the backend's memory was full: it evicted %s", spans(evicted))
	found.add(rejected, "the backend rejected %s of traces that were too large", spans(rejected))
	return found
}

// discarded returns the spans that the embedded backend has not kept during the run.
func (f *facts) discarded() (evicted, rejected int64) {
	now, was := f.accounts()
	return now.Store.EvictedSpans - was.Store.EvictedSpans, now.Store.RefusedSpans - was.Store.RefusedSpans
}

// accounts returns the embedded backend's account after and before the run; after is
// nil for another backend.
func (f *facts) accounts() (after, before *loss.Account) {
	before = f.before.loss
	if before == nil || f.backendRestarted() {
		before = &loss.Account{}
	}
	return f.after.loss, before
}

// backendRestarted reports whether the embedded backend was started after the run
// began.
func (f *facts) backendRestarted() bool {
	switch {
	case f.after.loss == nil:
		return false
	case f.before.loss == nil:
		return f.after.loss.Started.After(f.opened)
	default:
		return !f.after.loss.Started.Equal(f.before.loss.Started)
	}
}

// received returns what the embedded backend has counted of a tracer during the run;
// known is false if it has no account of it.
func (f *facts) received(id string) (got loss.Client, known bool) {
	now, was := f.accounts()
	if now == nil || id == "" {
		return got, false
	}
	i := indexOf(now, id)
	if i < 0 {
		return got, false
	}
	got = now.Clients[i]
	if i := indexOf(was, id); i >= 0 {
		before := was.Clients[i]
		got.Spans -= before.Spans
		got.BatchesMissing -= before.BatchesMissing
		got.BatchesBefore -= before.BatchesBefore
	}
	return got, true
}

func indexOf(account *loss.Account, id string) int {
	return slices.IndexFunc(account.Clients, func(c loss.Client) bool { return c.ID == id })
}

// clientID returns the id of the run's tracer: the one that was found, else
// that of the only tracer of its service that is new to the backend.
func (f *facts) clientID() string {
	now, was := f.accounts()
	if f.reader.identifier.client != "" || now == nil {
		return f.reader.identifier.client
	}
	var found string
	for i := range now.Clients {
		c := &now.Clients[i]
		if c.Service != f.opts.Service || indexOf(was, c.ID) >= 0 {
			continue
		}
		if found != "" {
			return ""
		}
		found = c.ID
	}
	return found
}

func spans(n int64) string { return plural.Of(n, "span", "spans") }

func datagrams(n int64) string { return plural.Of(n, "datagram", "datagrams") }
