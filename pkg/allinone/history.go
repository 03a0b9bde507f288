package allinone

import (
	"slices"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
)

// Bounds of what is remembered of the account. A sample a second is kept for 10
// minutes and then joined with those of its minute, which are kept for a day. With
// every listener and as many clients busy all day that is 35 MB.
const (
	sampleEvery      = time.Second
	maxSeconds       = 600
	minute           = int64(time.Minute / time.Microsecond)
	maxMinutes       = 24 * 60
	maxSampleClients = 50
)

type history struct {
	mu   sync.Mutex
	last int64 // when the last sample was taken
	// samples are of a minute each, and the last maxSeconds of a second.
	samples []sample
	// clients are remembered by themselves, the one heard last first. The slice is
	// shared with answers.
	clients []loss.SampledClient
	before  accountThen
}

// accountThen is what an account had counted at the last sample.
type accountThen struct {
	all                loss.Tally
	listeners, clients tallies
}

func newHistory(now time.Time) *history {
	return &history{last: now.UnixMicro(), clients: []loss.SampledClient{}}
}

// record takes a sample: what the account has counted since the last one.
func (h *history) record(now time.Time, stats *loss.Account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, then := now.UnixMicro(), h.before
	h.before = accountOf(stats)
	h.samples = append(h.samples, sample{
		at: at, micros: max(0, at-h.last),
		all:       h.before.all.Since(then.all),
		listeners: h.before.listeners.since(then.listeners),
		clients:   h.before.clients.since(then.clients),
	})
	h.last = at
	h.listClients(stats.Clients)
	h.thin()
}

func accountOf(stats *loss.Account) accountThen {
	lost := stats.Totals.Lost
	then := accountThen{
		all: loss.Tally{
			Batches: stats.Batches, Spans: stats.Spans, BatchesMissing: stats.Totals.BatchesMissing,
			QueueFull: lost.QueueFull, TooLarge: lost.TooLarge, Failed: lost.Failed,
			Undecodable: stats.UndecodableTotal(), KernelDrops: stats.Agent.KernelDrops,
			SpansEvicted: stats.Store.EvictedSpans, SpansRefused: stats.Store.RefusedSpans,
		},
		listeners: make(tallies),
		clients:   make(tallies),
	}
	for name, l := range stats.Listeners {
		tally := loss.Tally{Batches: l.Batches, Spans: l.Spans, Undecodable: l.Undecodable.Total()}
		if l.Datagrams != nil {
			tally.KernelDrops = l.Datagrams.KernelDrops
		}
		then.listeners[name] = tally
	}
	for _, c := range stats.Clients {
		then.clients[c.ID] = loss.Tally{
			Batches: c.Batches, Spans: c.Spans, BatchesMissing: c.BatchesMissing,
			QueueFull: c.Lost.QueueFull, TooLarge: c.Lost.TooLarge, Failed: c.Lost.Failed,
		}
	}
	return then
}

// listClients lists the clients that were heard last, and adds what was counted of
// those that no longer are to the others.
func (h *history) listClients(all []loss.Client) {
	newest := &h.samples[len(h.samples)-1]
	heard := make(map[string]int64)
	for _, c := range h.clients {
		heard[c.ID] = c.LastHeard
	}
	for id := range newest.clients {
		heard[id] = newest.at
	}
	before := h.clients
	h.clients = make([]loss.SampledClient, min(len(all), maxSampleClients))
	for i := range h.clients {
		h.clients[i] = loss.SampledClient{ID: all[i].ID, Service: all[i].Service, LastHeard: heard[all[i].ID]}
	}
	listed := h.listed()
	newest.fold(listed)
	for _, c := range before {
		if _, ok := listed[c.ID]; !ok {
			for i := range h.samples {
				h.samples[i].fold(listed)
			}
			return
		}
	}
}

func (h *history) listed() map[string]int {
	at := make(map[string]int, len(h.clients))
	for i, c := range h.clients {
		at[c.ID] = i
	}
	return at
}

// thin joins the sample that is now older than maxSeconds with those of its minute.
func (h *history) thin() {
	if at := len(h.samples) - 1 - maxSeconds; at > 0 && h.samples[at].at/minute == h.samples[at-1].at/minute {
		h.samples[at-1].join(&h.samples[at])
		h.samples = slices.Delete(h.samples, at, at+1)
	}
	if len(h.samples) > maxMinutes+maxSeconds {
		h.samples = slices.Delete(h.samples, 0, 1)
	}
}

// answer returns the samples that ended after a time, in microseconds since 1970.
func (h *history) answer(started time.Time, after int64) loss.History {
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := loss.History{SchemaVersion: loss.SchemaVersion, Started: started, Clients: h.clients, Samples: []loss.Sample{}}
	listed := h.listed()
	for i := range h.samples {
		if h.samples[i].at > after {
			answer.Samples = append(answer.Samples, h.samples[i].answer(listed))
		}
	}
	return answer
}

func (b *Backend) keepHistory(now func() time.Time) {
	ticks := time.Tick(sampleEvery)
	for {
		select {
		case <-b.closing:
			return
		case <-ticks:
			stats := b.Stats()
			b.history.record(now(), &stats)
		}
	}
}

// History returns the account over time, as far as it is remembered: the samples
// that ended after a time.
func (b *Backend) History(after time.Time) loss.History {
	return b.history.answer(b.started, after.UnixMicro())
}
