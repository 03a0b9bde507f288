package ledger

import (
	"cmp"
	"math"
	"slices"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/trace"
)

// entry is what the book keeps of one sampled trace, in 40 bytes.
type entry struct {
	id trace.TraceID
	// start is when its first span started, in microseconds since 1970.
	start int64
	// made spans are the client's, answered requests must have a span of the server.
	made, answered uint16
	seen
}

// seen is what was read back of one trace: distinct spans by who made them, and
// what is odd about them.
type seen struct {
	// client spans are the run's own; server spans answer one of its requests;
	// others were made on the way to that answer.
	client, server      uint16
	orphans, duplicates uint16
	others              uint32
}

func (s seen) spans() int64 { return int64(s.client) + int64(s.server) + int64(s.others) }

func newEntry(r *load.Result) entry {
	return entry{
		id:       r.TraceID,
		start:    r.Start.Add(r.Delay).UnixMicro(),
		made:     clamp(r.SpansMade),
		answered: clamp(r.Answered),
	}
}

// clamp keeps a number that a call cannot come near from wrapping around.
func clamp(n int) uint16 { return uint16(max(0, min(n, math.MaxUint16))) }

// missing returns the spans that were made and not seen. A server that answered
// too late for the client has made more than were expected of it.
func (e *entry) missing(traced bool) (client, server int64) {
	client = max(0, int64(e.made)-int64(e.client))
	if traced {
		server = max(0, int64(e.answered)-int64(e.server))
	}
	return client, server
}

func (e *entry) complete(traced bool) bool {
	client, server := e.missing(traced)
	return client+server == 0
}

// sortByID prepares entries for find.
func sortByID(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return compareIDs(a.id, b.id) })
}

// find returns the entry of a trace, nil if there is none.
func find(entries []entry, id trace.TraceID) *entry {
	i, ok := slices.BinarySearchFunc(entries, id, func(e entry, id trace.TraceID) int { return compareIDs(e.id, id) })
	if !ok {
		return nil
	}
	return &entries[i]
}

func compareIDs(a, b trace.TraceID) int {
	return cmp.Or(cmp.Compare(a.High, b.High), cmp.Compare(a.Low, b.Low))
}
