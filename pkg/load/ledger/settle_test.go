package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// storedClient and storedServer are what the backend shows in every row.
const storedClient, storedServer = 270, 90

// backendStart is when the backend of every row was started, a while before the run.
var backendStart = time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)

// missing returns the facts of a run of which so many spans are missing, and nothing
// says why: all were sent over UDP and received by an embedded backend that shows the
// others. The changes make a row of it.
func missing(client, server int64, changes ...func(*facts)) *facts {
	const madeClient, madeServer = storedClient, storedServer
	f := &facts{
		opts:   &Options{Service: "client", Agent: "127.0.0.1:6831"},
		opened: backendStart.Add(time.Hour),
		client: tracer.Stats{Finished: madeClient + client, Sent: madeClient + client},
		server: &Server{Finished: madeServer + server, States: map[string]int64{"sent": madeServer + server}},
		before: &snapshot{loss: &loss.Account{Started: backendStart}},
		after: &snapshot{loss: &loss.Account{Started: backendStart, Clients: []loss.Client{
			{ID: "c", Service: "client", Spans: madeClient + client},
			{ID: "s", Service: "server", Spans: madeServer + server},
		}}},
		reader: &reader{identifier: &identifier{service: "client", client: "c", servers: map[string]bool{"s": true}}},
		traces: Traces{Sampled: 90},
		traced: true,
		spans: Spans{
			MadeClient: madeClient + client, StoredClient: storedClient,
			MadeServer: madeServer + server, StoredServer: storedServer,
		},
		missingClient: client,
		missingServer: server,
	}
	for _, change := range changes {
		change(f)
	}
	return f
}

// clientLost moves spans of the client from sent to where the fields say.
func clientLost(s tracer.Stats) func(*facts) {
	return func(f *facts) {
		notSent := s.Dropped + s.AfterClose + s.TooLarge + s.Refused + s.Failed + s.Queued
		s.Finished, s.Sent = f.client.Finished, f.client.Sent-notSent
		f.client = s
		received(0, -notSent)(f)
	}
}

// serverLost moves spans of the service from sent to other states.
func serverLost(states map[string]int64) func(*facts) {
	return func(f *facts) {
		for state, n := range states {
			f.server.States[state] += n
			f.server.States["sent"] -= n
			received(1, -n)(f)
		}
	}
}

// received has the backend receive more spans, or fewer, of the client, which is peer
// 0, or the service, which is 1.
func received(peer int, more int64) func(*facts) {
	return func(f *facts) { f.after.loss.Clients[peer].Spans += more }
}

// batches has the backend miss numbered batches of a peer.
func batches(peer int, missing, before int64) func(*facts) {
	return func(f *facts) {
		p := &f.after.loss.Clients[peer]
		p.BatchesMissing, p.BatchesBefore = missing, before
	}
}

// store has the backend throw spans away.
func store(evicted, refused int64) func(*facts) {
	return func(f *facts) { f.after.loss.Store.EvictedSpans, f.after.loss.Store.RefusedSpans = evicted, refused }
}

func duplicates(n int64) func(*facts) { return func(f *facts) { f.spans.Duplicates = n } }

// jaeger has a Jaeger in the place of the embedded backend, one of whose counters
// rose.
func jaeger(f *facts) {
	f.before.loss, f.after.loss = nil, nil
	f.before.jaeger = map[string]int64{"jaeger_dropped_total": 3}
	f.after.jaeger = map[string]int64{"jaeger_dropped_total": 8}
}

const jaegerRose = "Jaeger's counter jaeger_dropped_total increased by 5"

func overHTTP(f *facts) { f.opts.Agent = "" }

func noCounters(f *facts) { f.server = nil }

func gone(f *facts) { f.server = &Server{Restarted: true, States: map[string]int64{}} }

func others(f *facts) { f.server.Finished += 100 }

const ofOthers = "The service finished 100 spans more than the run's traces account for: it has other clients, or it answered late."

func unreadable(err error) func(*facts) { return func(f *facts) { f.err = err } }

func restarted(f *facts) { f.after.loss.Started = backendStart.Add(2 * time.Hour) }

const wasRestarted = "the backend was restarted during the run and lost its traces; it was started at 2026-05-04T05:00:00Z"

func hop(name HopName, lost int64, certain bool, evidence ...string) Hop {
	return Hop{Name: name, Lost: lost, Certain: certain, Evidence: evidence}
}

type settled struct {
	name  string
	facts *facts
	hops  []Hop
	notes []string
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, rows := range [][]settled{clientRows(), networkRows(), backendRows(), serverRows()} {
		for _, tt := range rows {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				got := tt.facts.settle()
				want := tt.hops
				if want == nil {
					want = []Hop{}
				}
				if diff := cmp.Diff(want, got.Hops); diff != "" {
					t.Errorf("hops (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.notes, got.Notes); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
				var sum int64
				for _, h := range got.Hops {
					sum += h.Lost
				}
				if want := tt.facts.missingClient + tt.facts.missingServer; sum != want {
					t.Errorf("the hops lost %d spans together, want the %d that are missing", sum, want)
				}
			})
		}
	}
}

// clientRows are what the run's own tracer counted.
func clientRows() []settled {
	const dropped = "the client's reporter dropped 5 spans: its queue was full"
	return []settled{
		{name: "nothing missing", facts: missing(0, 0)},
		{
			name: "dropped", facts: missing(5, 0, clientLost(tracer.Stats{Dropped: 5})),
			hops: []Hop{hop(ClientQueue, 5, true, dropped)},
		},
		{
			name: "after close", facts: missing(5, 0, clientLost(tracer.Stats{AfterClose: 5})),
			hops: []Hop{hop(ClientQueue, 5, true, "the client finished 5 spans after its reporter was closed")},
		},
		{
			name: "too large", facts: missing(5, 0, clientLost(tracer.Stats{TooLarge: 5})),
			hops: []Hop{hop(ClientSend, 5, true, "5 of the client's spans were too large for one datagram or request")},
		},
		{
			name: "refused", facts: missing(5, 0, clientLost(tracer.Stats{Refused: 5})),
			hops: []Hop{hop(ClientSend, 5, true, "5 of the client's spans were in datagrams that were refused: the port was closed")},
		},
		{
			name: "failed and queued", facts: missing(5, 0, clientLost(tracer.Stats{Failed: 2, Queued: 3})),
			hops: []Hop{hop(ClientSend, 5, true, "5 of the client's spans were not accepted in time")},
		},
		{
			name:  "in each way",
			facts: missing(31, 0, clientLost(tracer.Stats{Dropped: 5, AfterClose: 2, TooLarge: 4, Refused: 8, Failed: 12})),
			hops: []Hop{
				hop(ClientQueue, 7, true, dropped, "the client finished 2 spans after its reporter was closed"),
				hop(ClientSend, 24, true,
					"4 of the client's spans were too large for one datagram or request",
					"8 of the client's spans were in datagrams that were refused: the port was closed",
					"12 of the client's spans were not accepted in time"),
			},
		},
		{
			// Refusals that were sent again, or a datagram of which the sender heard too late.
			name:  "more lost than missing",
			facts: missing(5, 0, clientLost(tracer.Stats{Dropped: 5, Refused: 4})),
			hops:  []Hop{hop(ClientQueue, 5, false, dropped)},
			notes: []string{"4 spans that the client counted as lost are stored nevertheless."},
		},
		{
			name:  "refused spans that are sent again",
			facts: missing(5, 0, clientLost(tracer.Stats{Dropped: 5, Refused: 4, Retrying: 4})),
			hops:  []Hop{hop(ClientQueue, 5, true, dropped)},
		},
		{
			name:  "spans that are not the run's",
			facts: missing(0, 0, func(f *facts) { f.client.Finished += 6 }),
			notes: []string{"The client's tracer finished 276 spans, but its traces should have 270: it made other spans, or calls were not recorded."},
		},
		{
			name:  "no trace sampled",
			facts: missing(0, 0, func(f *facts) { f.traces = Traces{Made: 9, SampledOut: 9} }),
			notes: []string{"No trace was sampled, so there is nothing to read back."},
		},
	}
}

// networkRows are spans of the client that were sent over UDP and not received.
func networkRows() []settled {
	const sent = "the client sent 290 spans, the backend received 270"
	lost := func(changes ...func(*facts)) *facts {
		return missing(20, 0, append([]func(*facts){received(0, -20)}, changes...)...)
	}
	return []settled{
		{name: "not received", facts: lost(), hops: []Hop{hop(Network, 20, true, sent)}},
		{
			name: "batches missing", facts: lost(batches(0, 4, 0)),
			hops: []Hop{hop(Network, 20, true, sent, "4 of the client's numbered batches did not arrive")},
		},
		{
			name: "first batches missing", facts: lost(batches(0, 3, 2)),
			hops: []Hop{hop(Network, 20, true, sent, "5 of the client's numbered batches did not arrive")},
		},
		{
			name: "known before the run",
			facts: lost(batches(0, 7, 2), received(0, 100), func(f *facts) {
				f.before.loss.Clients = []loss.Client{{ID: "c", Spans: 100, BatchesMissing: 6, BatchesBefore: 2}}
			}),
			hops: []Hop{hop(Network, 20, true, sent, "1 of the client's numbered batches did not arrive")},
		},
		{
			name: "what came twice hides what did not come", facts: lost(received(0, 20), duplicates(20)),
			hops: []Hop{hop(Network, 20, false, "the client sent 290 spans, the backend received 290", "20 spans arrived more than once")},
		},
		{
			name: "evicted, and some came twice", facts: lost(duplicates(7), store(12, 0)),
			hops: []Hop{
				hop(Network, 8, false, sent, "7 spans arrived more than once"),
				hop(Backend, 12, false, "the backend's memory was full: it evicted 12 spans"),
			},
		},
		{
			name: "the kernel dropped datagrams",
			facts: lost(func(f *facts) {
				f.before.kernel, f.after.kernel = kernel{known: true, port: 5, machine: 100}, kernel{known: true, port: 12, machine: 110}
			}),
			hops: []Hop{hop(Network, 20, true, sent,
				"the kernel dropped 7 datagrams at udp 127.0.0.1:6831: the receiver's buffer was full",
				"all of this machine's UDP sockets together dropped 10 datagrams (RcvbufErrors)")},
		},
		{
			name: "the receiver's socket is another one than before",
			facts: lost(func(f *facts) {
				f.before.kernel, f.after.kernel = kernel{known: true, port: 9}, kernel{known: true}
			}),
			hops: []Hop{hop(Network, 20, true, sent, "the kernel dropped 0 datagrams at udp 127.0.0.1:6831: the receiver's buffer was full")},
		},
		{
			name: "the receiver came after the run began",
			facts: lost(func(f *facts) {
				f.before.kernel, f.after.kernel = kernel{machine: 100}, kernel{known: true, machine: 104}
			}),
			hops: []Hop{hop(Network, 20, true, sent, "all of this machine's UDP sockets together dropped 4 datagrams (RcvbufErrors)")},
		},
		{
			name: "datagrams without a batch",
			facts: lost(func(f *facts) {
				f.before.loss.Agent = loss.Agent{UDP: loss.UDP{Abandoned: 1}, Undecodable: loss.Rejects{"truncated": 2, "unknown": 5}}
				f.after.loss.Agent = loss.Agent{UDP: loss.UDP{Abandoned: 4}, Undecodable: loss.Rejects{"truncated": 4, "unknown": 5, "empty": 1}}
			}),
			hops: []Hop{hop(Network, 20, true, sent, "the backend dropped 3 datagrams when it shut down",
				"1 datagram did not contain a batch: empty", "2 datagrams did not contain a batch: truncated")},
		},
		{
			name: "nothing heard of the tracer", facts: lost(func(f *facts) { f.reader.identifier.client = "another" }),
			hops: []Hop{hop(Network, 20, false, "the backend received nothing from the client's tracer")},
		},
		{
			name: "the only new tracer of the service", facts: lost(func(f *facts) { f.reader.identifier.client = "" }),
			hops: []Hop{hop(Network, 20, true, sent)},
		},
		{
			name: "one of two new tracers of the service",
			facts: lost(func(f *facts) {
				f.reader.identifier.client = ""
				f.after.loss.Clients = append(f.after.loss.Clients, loss.Client{ID: "d", Service: "client"})
			}),
			hops: []Hop{hop(Network, 20, false, "the backend received nothing from the client's tracer")},
		},
	}
}
