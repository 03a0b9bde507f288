package allinone

import (
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
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
