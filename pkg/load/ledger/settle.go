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
	unanswered bool
	// err is why not everything could be read back.
	err error

	traces Traces
	spans  Spans
	// traced reports that spans of the service are expected.
	traced bool

	missingClient, missingServer int64
}

// sum adds up the traces.
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

// settle attributes the missing spans to hops, and returns the ledger.
func (f *facts) settle() Ledger {
	h := &hops{left: f.missingClient}
	f.attributeClient(h)
	h.left += f.missingServer
	f.attributeServer(h)
	return Ledger{
		Client: f.client,
		Server: f.server,
		Traces: f.traces,
		Spans:  f.spans,
		Hops:   h.sorted(),
		Notes:  f.notes(),

		ServiceUnseen: f.unseen(),
	}
}

// attributeClient attributes the missing spans of the run's own tracer.
func (f *facts) attributeClient(h *hops) {
	c := f.client
	exact := c.Lost() <= f.missingClient
	h.attribute(ClientQueue, c.Dropped, exact,
		fmt.Sprintf("the client's reporter dropped %s: its queue was full", spans(c.Dropped)))
	h.attribute(ClientQueue, c.AfterClose, exact,
		fmt.Sprintf("the client finished %s after its reporter was closed", spans(c.AfterClose)))
	h.attribute(ClientSend, c.TooLarge, exact,
		fmt.Sprintf("%d of the client's spans %s too large for one datagram or request", c.TooLarge, plural.Word(c.TooLarge, "was", "were")))
	h.attribute(ClientSend, c.Refused, exact,
		fmt.Sprintf("%d of the client's spans %s in datagrams that were refused: the port was closed", c.Refused, plural.Word(c.Refused, "was", "were")))
	h.attribute(ClientSend, c.Failed+c.Queued, exact,
		fmt.Sprintf("%d of the client's spans %s not accepted in time", c.Failed+c.Queued, plural.Word(c.Failed+c.Queued, "was", "were")))
	f.attributeSent(h)
}

// attributeSent attributes the missing spans that the client sent.
func (f *facts) attributeSent(h *hops) {
	if h.left == 0 {
		return
	}
	now, before := f.clientAccount(f.clientID())
	switch {
	case f.attributeUnread(h):
	case f.opts.Agent == "":
		h.attribute(Backend, h.left, f.after.loss != nil, append(f.backendEvidence(),
			fmt.Sprintf("the backend accepted all %s that the client sent", spans(f.client.Sent)))...)
	case now != nil:
		received := now.Spans - before.Spans
		// The tracer is as old as the run, so batches before the first are lost ones.
		batches := now.BatchesMissing + now.BatchesBefore - before.BatchesMissing - before.BatchesBefore
		f.attributeReceived(h, "client", f.client.Sent, received, batches)
	case f.after.loss != nil:
		h.attribute(Network, h.left, false, append(f.networkEvidence(), "the backend received nothing from the client's tracer")...)
	default:
		f.attributeUnknown(h)
	}
}

// attributeReceived attributes spans that were sent over UDP to an embedded backend,
// which counts what it received.
func (f *facts) attributeReceived(h *hops, side string, sent, received, batches int64) {
	evidence := []string{fmt.Sprintf("the %s sent %s, the backend received %d", side, spans(sent), received)}
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the %s's numbered batches did not arrive", batches, side))
	}
	evidence = append(evidence, f.networkEvidence()...)
	if f.spans.Duplicates > 0 {
		// Spans that arrived twice hide spans that did not arrive.
		f.attributeEvicted(h)
		h.attribute(Network, h.left, false, append(evidence, fmt.Sprintf("%s arrived more than once", spans(f.spans.Duplicates)))...)
		return
	}
	h.attribute(Network, sent-received, true, evidence...)
	h.attribute(Backend, h.left, true, append(f.backendEvidence(),
		fmt.Sprintf("the backend received spans of the %s that it does not return", side))...)
}

// attributeEvicted attributes to the backend what it evicted or rejected.
func (f *facts) attributeEvicted(h *hops) {
	now, was := f.accounts()
	h.attribute(Backend, now.Store.EvictedSpans-was.Store.EvictedSpans+now.Store.RefusedSpans-was.Store.RefusedSpans, false,
		f.backendEvidence()...)
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

// networkEvidence returns what was observed of datagrams that did not arrive.
func (f *facts) networkEvidence() []string {
	var found []string
	before, after := f.before.kernel, f.after.kernel
	if before.known && after.known {
		found = append(found, fmt.Sprintf("the kernel dropped %s at udp %s: the receiver's buffer was full",
			datagrams(max(0, after.port-before.port)), f.opts.Agent))
	}
	if n := after.machine - before.machine; after.known && n > 0 {
		found = append(found, fmt.Sprintf("all of this machine's UDP sockets together dropped %s (RcvbufErrors)", datagrams(n)))
	}
	if now, was := f.accounts(); now != nil {
		if n := now.Agent.Abandoned - was.Agent.Abandoned; n > 0 {
			found = append(found, fmt.Sprintf("the backend dropped %s when it shut down", datagrams(n)))
		}
		for _, reason := range slices.Sorted(maps.Keys(now.Agent.Undecodable)) {
			if n := now.Agent.Undecodable[reason] - was.Agent.Undecodable[reason]; n > 0 {
				found = append(found, fmt.Sprintf("%s did not contain a batch: %s", datagrams(n), reason))
			}
		}
	}
	return found
}

// backendEvidence returns what was observed of spans that arrived and are not stored.
func (f *facts) backendEvidence() []string {
	now, was := f.accounts()
	if now == nil {
		return increased(f.before.jaeger, f.after.jaeger)
	}
	var found []string
	if n := now.Store.EvictedSpans - was.Store.EvictedSpans; n > 0 {
		found = append(found, fmt.Sprintf("the backend's memory was full: it evicted %s", spans(n)))
	}
	if n := now.Store.RefusedSpans - was.Store.RefusedSpans; n > 0 {
		found = append(found, fmt.Sprintf("the backend rejected %s of traces that were too large", spans(n)))
	}
	return found
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

// clientAccount returns the embedded backend's account of a tracer, after and before
// the run; nil if it has none.
func (f *facts) clientAccount(id string) (after, before *loss.Client) {
	now, was := f.accounts()
	if now == nil || id == "" {
		return nil, nil
	}
	return findClient(now, id), orEmpty(findClient(was, id))
}

func findClient(account *loss.Account, id string) *loss.Client {
	for i := range account.Clients {
		if account.Clients[i].ID == id {
			return &account.Clients[i]
		}
	}
	return nil
}

// orEmpty returns p, or an account of a tracer that has sent nothing.
func orEmpty(p *loss.Client) *loss.Client {
	if p == nil {
		return &loss.Client{}
	}
	return p
}

// clientID returns the id of the run's tracer: the one that was given or found, else
// that of the only tracer of its service that is new to the backend.
func (f *facts) clientID() string {
	now, was := f.accounts()
	if f.reader.identifier.client != "" || now == nil {
		return f.reader.identifier.client
	}
	var found string
	for i := range now.Clients {
		c := &now.Clients[i]
		if c.Service != f.opts.Service || findClient(was, c.ID) != nil {
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
