package ledger

import (
	"errors"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// backendRows are spans that the backend received, or nobody knows whether it did.
func backendRows() []settled {
	const (
		notShown = "the backend received spans of the client that it does not return"
		full     = "the backend's memory was full: it evicted 20 spans"
		sent     = "the spans were sent, and the backend does not return them"
		accepted = "the backend accepted all 290 spans that the client sent"
	)
	reset := errors.New("connection reset")
	return []settled{
		{name: "evicted", facts: missing(20, 0, store(20, 0)), hops: []Hop{hop(Backend, 20, true, full, notShown)}},
		{
			name: "refused by the store", facts: missing(20, 0, store(0, 20)),
			hops: []Hop{hop(Backend, 20, true, "the backend rejected 20 spans of traces that were too large", notShown)},
		},
		{
			name: "evicted before the run, too",
			facts: missing(20, 0, store(50, 0), func(f *facts) {
				f.before.loss.Store = loss.Store{EvictedSpans: 30}
			}),
			hops: []Hop{hop(Backend, 20, true, full, notShown)},
		},
		{
			name: "some not received, some not shown", facts: missing(20, 0, received(0, -8)),
			hops: []Hop{
				hop(Network, 8, true, "the client sent 290 spans, the backend received 282"),
				hop(Backend, 12, true, notShown),
			},
		},
		{name: "more received than sent", facts: missing(20, 0, received(0, 30)), hops: []Hop{hop(Backend, 20, true, notShown)}},
		{name: "over HTTP", facts: missing(20, 0, overHTTP), hops: []Hop{hop(Backend, 20, true, accepted)}},
		{
			name: "over HTTP to a Jaeger", facts: missing(20, 0, overHTTP, jaeger),
			hops: []Hop{hop(Backend, 20, false, jaegerRose, accepted)},
		},
		{name: "over UDP to a Jaeger", facts: missing(20, 0, jaeger), hops: []Hop{hop(NetworkOrBackend, 20, false, jaegerRose, sent)}},
		{
			name: "not read back", facts: missing(20, 4, unreadable(reset)),
			hops:  []Hop{hop(NetworkOrBackend, 24, false, "the traces could not be read back: connection reset")},
			notes: []string{"Not all traces could be read back: connection reset."},
		},
		{
			name: "not read back, the URL is known", facts: missing(20, 0, unreadable(reset)),
			hops:  []Hop{hop(NetworkOrBackend, 20, false, "the traces could not be read back: connection reset")},
			notes: []string{"Not all traces could be read back: connection reset."},
		},
		{
			name: "not read back, but counted as lost", facts: missing(5, 0, clientLost(tracer.Stats{Dropped: 5}), unreadable(reset)),
			hops:  []Hop{hop(ClientQueue, 5, true, "the client's reporter dropped 5 spans: its queue was full")},
			notes: []string{"Not all traces could be read back: connection reset."},
		},
		{name: "restarted", facts: missing(20, 4, restarted), hops: []Hop{hop(Backend, 24, false, wasRestarted)}},
		{
			name:  "not there before the run",
			facts: missing(20, 0, restarted, func(f *facts) { f.before.loss, f.before.lossErr = nil, reset }),
			hops:  []Hop{hop(Backend, 20, false, wasRestarted)},
			notes: []string{"The query API did not respond before the run: connection reset."},
		},
		{
			name:  "not read before the run, but there",
			facts: missing(20, 0, store(20, 0), func(f *facts) { f.before.loss, f.before.lossErr = nil, reset }),
			hops:  []Hop{hop(Backend, 20, true, full, notShown)},
			notes: []string{"The query API did not respond before the run: connection reset."},
		},
	}
}

// serverRows are spans of the called service.
func serverRows() []settled {
	const (
		dropped  = "the service's counters: 5 spans dropped, its queue was full"
		sent     = "the service sent 100 spans, the backend received 90"
		told     = "the backend received 90 spans from the service"
		ended    = "the service's process ended during the run: the spans that it had not sent are lost"
		notShown = "the spans were sent, and the backend does not return them"
		evicted  = "the backend's memory was full: it evicted 6 spans"
	)
	lost := received(1, -10)
	return []settled{
		{
			name: "the service's queue", facts: missing(0, 5, serverLost(map[string]int64{"dropped": 3, "after_close": 2})),
			hops: []Hop{hop(ServerQueue, 5, true, dropped)},
		},
		{
			name: "the service's transport", facts: missing(0, 10, serverLost(map[string]int64{"too_large": 1, "refused": 2, "failed": 3, "queued": 4})),
			hops: []Hop{hop(ServerSend, 10, true,
				"the service's counters: 1 span too large",
				"the service's counters: 2 spans refused, the port was closed",
				"the service's counters: 3 spans not accepted",
				"the service's counters: 4 spans not sent yet")},
		},
		{
			name: "the service serves others", facts: missing(0, 5, others, serverLost(map[string]int64{"dropped": 5})),
			hops: []Hop{hop(ServerQueue, 5, false, dropped)}, notes: []string{ofOthers},
		},
		{
			name: "queued before the run, and sent since", facts: missing(0, 10, lost, func(f *facts) { f.server.States["queued"] = -3 }),
			hops: []Hop{hop(Network, 10, true, sent)},
		},
		{
			name: "the service's datagrams", facts: missing(0, 10, lost, batches(1, 3, 2)),
			// Its first batches were before the run.
			hops: []Hop{hop(Network, 10, true, sent, "3 of the service's numbered batches did not arrive")},
		},
		{
			name: "the service's spans twice", facts: missing(0, 10, lost, duplicates(4)),
			hops: []Hop{hop(Network, 10, false, sent, "4 spans arrived more than once")},
		},
		{
			name: "the service's datagrams, and it serves others", facts: missing(0, 10, lost, others, batches(1, 3, 0), store(6, 0)),
			hops: []Hop{
				hop(Network, 4, false, told, "3 of the service's numbered batches did not arrive"),
				hop(Backend, 6, false, evicted),
			},
			notes: []string{ofOthers},
		},
		{
			name: "the service to a Jaeger", facts: missing(0, 10, jaeger),
			hops: []Hop{hop(NetworkOrBackend, 10, false, jaegerRose, notShown)},
		},
		{
			name: "the service is gone", facts: missing(0, 10, lost, gone, batches(1, 3, 0), store(6, 0)),
			hops: []Hop{
				hop(ServerGone, 4, false, ended, told, "3 of the service's numbered batches did not arrive: some were lost on the network"),
				hop(Backend, 6, false, evicted),
			},
		},
		{name: "the service of a Jaeger is gone", facts: missing(0, 10, gone, jaeger), hops: []Hop{hop(ServerGone, 10, false, ended)}},
		{name: "service and backend are gone", facts: missing(0, 10, gone, restarted), hops: []Hop{hop(Backend, 10, false, wasRestarted)}},
		{
			name: "no counters", facts: missing(0, 10, lost, noCounters, batches(1, 3, 0), store(6, 0)),
			hops: []Hop{
				hop(Network, 4, false, told, "3 of the service's numbered batches did not arrive"),
				hop(Backend, 6, false, evicted),
			},
		},
		{
			name: "no counters, to a Jaeger", facts: missing(0, 10, noCounters, jaeger),
			hops: []Hop{hop(NetworkOrBackend, 10, false, jaegerRose, notShown)},
		},
		{
			name: "client and service", facts: missing(17, 5,
				clientLost(tracer.Stats{Dropped: 5}), received(0, -12), serverLost(map[string]int64{"dropped": 5})),
			hops: []Hop{
				hop(ClientQueue, 5, true, "the client's reporter dropped 5 spans: its queue was full"),
				hop(ServerQueue, 5, true, dropped),
				hop(Network, 12, true, "the client sent 282 spans, the backend received 270"),
			},
		},
	}
}
