package ledger

import (
	"cmp"
	"math"
	"slices"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/trace"
)

// entry records one sampled trace, in 40 bytes.
type entry struct {
	id trace.TraceID
	// start is when its first span started, in microseconds since 1970.
	start int64
	// made counts the client's spans, answered the requests that got an answer, each of
	// which must have a span of the server.
	made, answered uint16
	observed
}

// observed counts what was read back of one trace: distinct spans by the process that
// made them, orphans and duplicates.
type observed struct {
	// client spans are the run's own; server spans belong to the service that answered
	// a request; others were made further down.
	client, server      uint16
	orphans, duplicates uint16
	others              uint32
}

func (s observed) spans() int64 { return int64(s.client) + int64(s.server) + int64(s.others) }

func newEntry(r *load.Result) entry {
	return entry{
		id:       r.TraceID,
		start:    r.Start.Add(r.Delay).UnixMicro(),
		made:     clamp(r.SpansMade),
		answered: clamp(r.Answered),
	}
}

// clamp keeps n within the range of uint16, so that it does not wrap around.
func clamp(n int) uint16 { return uint16(max(0, min(n, math.MaxUint16))) }

// missing returns the spans that were made and not read back. A server that answered
// after the client's timeout has made more than were expected.
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

// find returns the entry of a trace, or nil. The entries must be sorted by id.
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
