package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// maxMissingIDs is how many traces are named that are not complete.
const maxMissingIDs = 10

// facts are all that is known of a run when its account is closed.
type facts struct {
	opts          *Options
	opened        time.Time
	client        tracer.Stats
	server        *Server
	before, after *reading
	read          *reader
	// err is why not everything could be read back.
	err error

	traces Traces
	spans  Spans
	// traced says that spans are expected of the service.
	traced bool

	missingClient, missingServer int64
}

// sum adds up the traces.
func (f *facts) sum(sampledOut int64) {
	f.traced = f.read.traced || f.server.traced()
	f.traces.SampledOut = sampledOut
	f.traces.Sampled = int64(len(f.read.entries))
	f.traces.Made = f.traces.Sampled + sampledOut
	for _, i := range f.read.order {
		f.add(&f.read.entries[i])
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

// settle finds where the missing spans were lost.
func (f *facts) settle() Ledger {
	h := &hops{left: f.missingClient}
	f.lostByClient(h)
	h.left += f.missingServer
	f.lostByServer(h)
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

// lostByClient shares out the missing spans of the run's own tracer.
func (f *facts) lostByClient(h *hops) {
	c := f.client
	exact := c.Lost() <= f.missingClient
	h.take(ClientQueue, c.Dropped, exact,
		fmt.Sprintf("the client's reporter dropped %s: its queue was full", spans(c.Dropped)))
	h.take(ClientQueue, c.AfterClose, exact,
		fmt.Sprintf("the client finished %s after its reporter was closed", spans(c.AfterClose)))
	h.take(ClientSend, c.TooLarge, exact,
		fmt.Sprintf("%d of the client's spans %s too large for one datagram or request", c.TooLarge, plural.Word(c.TooLarge, "was", "were")))
	h.take(ClientSend, c.Refused, exact,
		fmt.Sprintf("%d of the client's spans %s in datagrams that came back: nothing listened there", c.Refused, plural.Word(c.Refused, "was", "were")))
	h.take(ClientSend, c.Failed+c.Queued, exact,
		fmt.Sprintf("%d of the client's spans %s not accepted in time", c.Failed+c.Queued, plural.Word(c.Failed+c.Queued, "was", "were")))
	f.lostBehindClient(h)
}

// lostBehindClient shares out what the client sent.
func (f *facts) lostBehindClient(h *hops) {
	if h.left == 0 {
		return
	}
	now, before := f.peer(f.clientID())
	switch {
	case f.takeUnread(h):
	case f.opts.Agent == "":
		h.take(Backend, h.left, f.after.loss != nil, append(f.backendEvidence(),
			fmt.Sprintf("the backend accepted all %s that the client sent", spans(f.client.Sent)))...)
	case now != nil:
		received := now.Spans - before.Spans
		// The tracer is as old as the run, so batches before the first are lost ones.
		batches := now.BatchesMissing + now.BatchesBefore - before.BatchesMissing - before.BatchesBefore
		f.takeReceived(h, "client", f.client.Sent, received, batches)
	case f.after.loss != nil:
		h.take(Network, h.left, false, append(f.networkEvidence(), "the backend heard nothing of the client's tracer")...)
	default:
		f.takeUnknown(h)
	}
}

// takeReceived shares out spans that were sent over UDP to an embedded backend,
// which tells how many came.
func (f *facts) takeReceived(h *hops, who string, sent, received, batches int64) {
	evidence := []string{fmt.Sprintf("the %s sent %s, the backend received %d", who, spans(sent), received)}
	if batches > 0 {
		evidence = append(evidence, fmt.Sprintf("%d of the %s's numbered batches did not come", batches, who))
	}
	evidence = append(evidence, f.networkEvidence()...)
	if f.spans.Duplicates > 0 {
		// What came twice hides what did not come.
		f.takeDropped(h)
		h.take(Network, h.left, false, append(evidence, fmt.Sprintf("%s came more than once", spans(f.spans.Duplicates)))...)
		return
	}
	h.take(Network, sent-received, true, evidence...)
	h.take(Backend, h.left, true, append(f.backendEvidence(),
		fmt.Sprintf("the backend received spans of the %s that it does not show", who))...)
}

// takeDropped puts down as many spans as the embedded backend threw away.
func (f *facts) takeDropped(h *hops) {
	now, was := f.losses()
	h.take(Backend, now.Store.EvictedSpans-was.Store.EvictedSpans+now.Store.RefusedSpans-was.Store.RefusedSpans, false,
		f.backendEvidence()...)
}

// takeUnread puts all down to the backend if it did not answer, or is another one
// than before the run. It reports whether that is so.
func (f *facts) takeUnread(h *hops) bool {
	switch {
	case f.err != nil:
		h.take(NetworkOrBackend, h.left, false, fmt.Sprintf("the traces could not be read back: %v", rootCause(f.err)))
	case f.backendRestarted():
		h.take(Backend, h.left, false, "the backend was restarted during the run, and lost what it had: now it is one that was started at "+
			f.after.loss.Started.UTC().Format(time.RFC3339Nano))
	default:
		return false
	}
	return true
}

// takeUnknown puts down what a Jaeger does not tell about.
func (f *facts) takeUnknown(h *hops) {
	h.take(NetworkOrBackend, h.left, false, append(append(f.networkEvidence(),
		risen(f.before.jaeger, f.after.jaeger)...),
		"the spans were sent, and the backend does not show them")...)
}

// networkEvidence tells what was seen of datagrams that did not arrive.
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
	if now, was := f.losses(); now != nil {
		if n := now.Agent.Abandoned - was.Agent.Abandoned; n > 0 {
			found = append(found, fmt.Sprintf("the backend gave up %s when it ended", datagrams(n)))
		}
		for _, reason := range slices.Sorted(maps.Keys(now.Agent.Undecodable)) {
			if n := now.Agent.Undecodable[reason] - was.Agent.Undecodable[reason]; n > 0 {
				found = append(found, fmt.Sprintf("%s carried no batch: %s", datagrams(n), reason))
			}
		}
	}
	return found
}

// backendEvidence tells what was seen of spans that arrived and are not there.
func (f *facts) backendEvidence() []string {
	now, was := f.losses()
	if now == nil {
		return risen(f.before.jaeger, f.after.jaeger)
	}
	var found []string
	if n := now.Store.EvictedSpans - was.Store.EvictedSpans; n > 0 {
		found = append(found, fmt.Sprintf("the backend's memory was full: it made room by dropping %s", spans(n)))
	}
	if n := now.Store.RefusedSpans - was.Store.RefusedSpans; n > 0 {
		found = append(found, fmt.Sprintf("the backend refused %s of traces that were too large", spans(n)))
	}
	return found
}

// losses returns the embedded backend's account after and before the run; after is
// nil when there is none.
func (f *facts) losses() (after, before *loss.Account) {
	before = f.before.loss
	if before == nil || f.backendRestarted() {
		before = &loss.Account{}
	}
	return f.after.loss, before
}

// backendRestarted reports whether the embedded backend was not there when the run
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

// peer returns what the embedded backend says of a tracer, after and before the
// run; nil when it does not know it.
func (f *facts) peer(id string) (after, before *loss.Client) {
	now, was := f.losses()
	if now == nil || id == "" {
		return nil, nil
	}
	return findPeer(now, id), orNone(findPeer(was, id))
}

func findPeer(account *loss.Account, id string) *loss.Client {
	for i := range account.Clients {
		if account.Clients[i].ID == id {
			return &account.Clients[i]
		}
	}
	return nil
}

// orNone returns a peer of which nothing was heard in the place of none.
func orNone(p *loss.Client) *loss.Client {
	if p == nil {
		return &loss.Client{}
	}
	return p
}

// clientID returns the id of the run's tracer: the one that was given or seen, else
// that of the only tracer of its service that the backend has heard of since.
func (f *facts) clientID() string {
	now, was := f.losses()
	if f.read.who.client != "" || now == nil {
		return f.read.who.client
	}
	var found string
	for i := range now.Clients {
		c := &now.Clients[i]
		if c.Service != f.opts.Service || findPeer(was, c.ID) != nil {
			continue
		}
		if found != "" {
			return ""
		}
		found = c.ID
	}
	return found
}

// rootCause leaves out what the account says anyway.
func rootCause(err error) error {
	if read, ok := errors.AsType[*ReadError](err); ok {
		return read.Err
	}
	return err
}

func spans(n int64) string { return plural.Of(n, "span", "spans") }

func datagrams(n int64) string { return plural.Of(n, "datagram", "datagrams") }
