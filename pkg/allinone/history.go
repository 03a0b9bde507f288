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

// sampledClient is a client that is remembered by itself.
type sampledClient struct {
	id, service string
	heard       int64
	forgotten   bool
}

// history remembers the account over time.
type history struct {
	mu      sync.Mutex
	last    int64 // when the last sample was taken
	minutes []sample
	seconds []sample
	clients []*sampledClient // the one heard last first
	before  accountThen
}

// accountThen is what an account had counted at the last sample.
type accountThen struct {
	all       loss.Tally
	listeners map[string]loss.Tally
	clients   map[string]loss.Tally // by id
}

func newHistory(now time.Time) *history { return &history{last: now.UnixMicro()} }

// record takes a sample: what the account has counted since the last one.
func (h *history) record(now time.Time, stats *loss.Account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	then := h.before
	h.before = accountOf(stats)
	at := now.UnixMicro()
	sample := sample{Sample: loss.Sample{At: at, Micros: max(0, at-h.last), Tally: h.before.all.Minus(then.all)}}
	h.last = at
	for name, tally := range h.before.listeners {
		if grown := tally.Minus(then.listeners[name]); grown != (loss.Tally{}) {
			if sample.Listeners == nil {
				sample.Listeners = make(map[string]loss.Tally)
			}
			sample.Listeners[name] = grown
		}
	}
	h.listClients(stats.Clients)
	h.sampleClients(&sample, stats.Clients, then.clients)
	h.seconds = append(h.seconds, sample)
	h.thin()
}

// accountOf sums up what an account has counted.
func accountOf(stats *loss.Account) accountThen {
	then := accountThen{
		all: loss.Tally{
			Batches: stats.Batches, Spans: stats.Spans,
			BatchesMissing: stats.Totals.BatchesMissing,
			QueueFull:      stats.Totals.Lost.QueueFull,
			TooLarge:       stats.Totals.Lost.TooLarge,
			Failed:         stats.Totals.Lost.Failed,
			Undecodable:    stats.UndecodableTotal(),
			KernelDrops:    stats.Agent.KernelDrops,
			SpansEvicted:   stats.Store.EvictedSpans,
			SpansRefused:   stats.Store.RefusedSpans,
		},
		listeners: make(map[string]loss.Tally, len(stats.Listeners)),
		clients:   make(map[string]loss.Tally, len(stats.Clients)),
	}
	for name, l := range stats.Listeners {
		tally := loss.Tally{Batches: l.Batches, Spans: l.Spans, Undecodable: l.Undecodable.Total()}
		if l.Datagrams != nil {
			tally.KernelDrops = l.Datagrams.KernelDrops
		}
		then.listeners[name] = tally
	}
	for i := range stats.Clients {
		then.clients[stats.Clients[i].ID] = tallyOf(&stats.Clients[i])
	}
	return then
}

// tallyOf sums up a client.
func tallyOf(c *loss.Client) loss.Tally {
	return loss.Tally{
		Batches: c.Batches, Spans: c.Spans, BatchesMissing: c.BatchesMissing,
		QueueFull: c.Lost.QueueFull, TooLarge: c.Lost.TooLarge, Failed: c.Lost.Failed,
	}
}

// listClients remembers by themselves the clients that were heard last, and sums up
// what it had of those that no longer are.
func (h *history) listClients(all []loss.Client) {
	known := make(map[string]*sampledClient, len(h.clients))
	for _, client := range h.clients {
		known[client.id] = client
		client.forgotten = true
	}
	h.clients = make([]*sampledClient, 0, maxSampleClients)
	for i := range all[:min(len(all), maxSampleClients)] {
		client := known[all[i].ID]
		if client == nil {
			client = &sampledClient{id: all[i].ID}
		}
		client.service, client.forgotten = all[i].Service, false
		h.clients = append(h.clients, client)
	}
	for _, client := range known {
		if client.forgotten {
			h.forget()
			return
		}
	}
}

func (h *history) forget() {
	for i := range h.minutes {
		h.minutes[i].forget()
	}
	for i := range h.seconds {
		h.seconds[i].forget()
	}
}

// sampleClients adds what was counted of clients, those listed one by one.
func (h *history) sampleClients(sample *sample, all []loss.Client, then map[string]loss.Tally) {
	var others loss.Tally
	for i := range all {
		grown := h.before.clients[all[i].ID].Since(then[all[i].ID])
		switch {
		case grown == loss.Tally{}:
		case i < len(h.clients):
			h.clients[i].heard = sample.At
			sample.clients = append(sample.clients, clientTally{Tally: grown, of: h.clients[i]})
		default:
			others = others.Plus(grown)
		}
	}
	sample.addOthers(others)
}

// thin joins what is older than maxSeconds with the other samples of its minute.
func (h *history) thin() {
	for len(h.seconds) > maxSeconds {
		oldest := h.seconds[0]
		h.seconds = slices.Delete(h.seconds, 0, 1)
		if n := len(h.minutes); n > 0 && h.minutes[n-1].At/minute == oldest.At/minute {
			h.minutes[n-1].join(&oldest)
		} else {
			h.minutes = append(h.minutes, oldest)
		}
	}
	if over := len(h.minutes) - maxMinutes; over > 0 {
		h.minutes = slices.Delete(h.minutes, 0, over)
	}
}

// answer returns the samples that ended after a time, in microseconds since 1970.
func (h *history) answer(started time.Time, after int64) loss.History {
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := loss.History{
		SchemaVersion: loss.SchemaVersion,
		Started:       started,
		Clients:       make([]loss.SampledClient, len(h.clients)),
		Samples:       []loss.Sample{},
	}
	places := make(map[*sampledClient]int, len(h.clients))
	for i, client := range h.clients {
		places[client] = i
		answer.Clients[i] = loss.SampledClient{ID: client.id, Service: client.service, LastHeard: client.heard}
	}
	for _, samples := range [][]sample{h.minutes, h.seconds} {
		for i := range samples {
			if samples[i].At <= after {
				continue
			}
			answer.Samples = append(answer.Samples, samples[i].answer(places))
		}
	}
	return answer
}

// keepHistory takes samples until the backend closes.
func (b *Backend) keepHistory(now func() time.Time) {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-b.closing:
			return
		case <-ticker.C:
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
