package allinone

import (
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Names of megabytes, which a request may have, are kept short, and within a
// character.
func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	c := newClients()
	long := strings.Repeat("a", maxName-1) + strings.Repeat("é", 1<<20)
	for range 2 {
		c.observe(&ingest.Batch{Client: long, Process: &trace.Process{Service: long}})
	}
	got, _ := c.snapshot()
	want := strings.Repeat("a", maxName-1)
	if len(got) != 1 || got[0].ID != want || got[0].Service != want || got[0].Batches != 2 {
		t.Errorf("got %d clients, the first with an id of %d bytes", len(got), len(got[0].ID))
	}
}

// A client that claims to have lost less than nothing does not hide losses of others.
func TestNegativeClaimsCountAsNone(t *testing.T) {
	t.Parallel()
	c := newClients()
	c.observe(numbered("honest", 1, &ingest.Losses{QueueFull: 1, TooLarge: 2, Failed: 3}))
	c.observe(numbered("odd", 1, &ingest.Losses{QueueFull: -1, TooLarge: -2, Failed: -3}))
	clients, totals := c.snapshot()
	if want := (loss.ClientLost{QueueFull: 1, TooLarge: 2, Failed: 3}); totals.Lost != want || clients[0].Lost != (loss.ClientLost{}) {
		t.Errorf("got %+v of the odd one and %+v in all, want nothing and %+v", clients[0].Lost, totals.Lost, want)
	}
}
