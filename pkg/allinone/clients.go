package allinone

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// maxClients bounds the clients kept one by one, since anyone can make up ids.
const maxClients = 1000

// maxName bounds what is kept of an id and of a service, in bytes: a request may
// have ones of megabytes.
const maxName = 256

type clients struct {
	mu     sync.Mutex
	byID   map[string]*client
	clock  int64       // counts observations; orders clients by their last one
	folded loss.Totals // of the clients that were dropped
}

type client struct {
	loss.Client
	first, last int64 // numbers of batches
	numbered    int64 // batches that had a number
	seen        int64
}

func newClients() *clients { return &clients{byID: make(map[string]*client)} }

// observe takes note of a batch. Batches may come in any order.
func (c *clients) observe(batch *ingest.Batch) {
	if batch.Client == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := shortName(batch.Client)
	known := c.byID[id]
	if known == nil {
		c.makeRoom()
		id = strings.Clone(id) // it may be a part of a large request
		known = &client{Client: loss.Client{ID: id}}
		c.byID[id] = known
	}
	c.clock++
	known.seen = c.clock
	if service := shortName(batch.Process.Service); service != known.Service {
		known.Service = strings.Clone(service)
	}
	known.Batches++
	known.Spans += int64(len(batch.Spans))
	newest := batch.SeqNo >= known.last
	if batch.SeqNo > 0 {
		known.numbered++
		known.last = max(known.last, batch.SeqNo)
		known.first = min(cmp.Or(known.first, batch.SeqNo), batch.SeqNo)
		known.BatchesBefore = known.first - 1
		known.BatchesMissing = max(0, known.last-known.first+1-known.numbered)
	}
	if batch.Losses != nil && newest {
		known.Lost = loss.ClientLost{ // a negative claim counts as none
			QueueFull: max(0, batch.Losses.QueueFull),
			TooLarge:  max(0, batch.Losses.TooLarge),
			Failed:    max(0, batch.Losses.Failed),
		}
	}
}

func shortName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") // the cut may be within a character
}

// makeRoom folds the client that was silent longest into the totals when there
// are too many.
func (c *clients) makeRoom() {
	if len(c.byID) < maxClients {
		return
	}
	oldest := slices.MinFunc(slices.Collect(maps.Values(c.byID)), func(a, b *client) int { return cmp.Compare(a.seen, b.seen) })
	addClient(&c.folded, &oldest.Client)
	delete(c.byID, oldest.ID)
}

// snapshot returns the clients, the one heard last first, and the totals.
func (c *clients) snapshot() ([]loss.Client, loss.Totals) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := slices.SortedFunc(maps.Values(c.byID), func(a, b *client) int { return cmp.Compare(b.seen, a.seen) })
	totals := c.folded
	list := make([]loss.Client, len(known))
	for i, one := range known {
		list[i] = one.Client
		addClient(&totals, &one.Client)
	}
	return list, totals
}

func addClient(t *loss.Totals, c *loss.Client) {
	t.Clients++
	t.BatchesMissing = loss.Saturate(t.BatchesMissing, c.BatchesMissing)
	t.BatchesBefore = loss.Saturate(t.BatchesBefore, c.BatchesBefore)
	t.Lost.QueueFull = loss.Saturate(t.Lost.QueueFull, c.Lost.QueueFull)
	t.Lost.TooLarge = loss.Saturate(t.Lost.TooLarge, c.Lost.TooLarge)
	t.Lost.Failed = loss.Saturate(t.Lost.Failed, c.Lost.Failed)
}
