package store

import (
	"math"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Query selects traces: those with one span that meets every
// condition. A condition's zero value is met by all.
type Query struct {
	// Service is the one condition that must be there.
	Service   string
	Operation string
	// Tags must stand among the span's tags, its process's or its logs' fields,
	// with values compared as text.
	Tags                     map[string]string
	MinDuration, MaxDuration time.Duration
	// Start and End bound the start of the span, both included.
	Start, End time.Time
	// Limit bounds the traces returned; it must be positive.
	Limit int
}

// Find returns the newest traces that q wants, by their earliest span, the newest
// first. Their spans are shared, as those of Store.Trace. Add waits for it no
// longer than it takes to go once through the list of the service's traces, a
// millisecond for 100,000; their spans are looked at one trace at a time.
func (s *Store) Find(q Query) []trace.Trace {
	candidates := s.candidates(&q)
	heapify(candidates)
	var found []trace.Trace
	for len(candidates) > 0 && len(found) < q.Limit {
		next := candidates[0].entry
		candidates = dropFirst(candidates)
		s.mu.RLock()
		t := s.snapshot(next)
		s.mu.RUnlock()
		if q.wantsTrace(&t) {
			found = append(found, t)
		}
	}
	return found
}

// candidate is a trace that may be wanted, with its start.
type candidate struct {
	start int64
	entry *entry
}

// candidates returns the traces that q may want, in no order.
func (s *Store) candidates(q *Query) []candidate {
	mark := filterMaker{seed: s.seed}
	want := mark.query(q)
	earliest, latest := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Start.IsZero() {
		earliest = q.Start.UnixMicro()
	}
	if !q.End.IsZero() {
		latest = q.End.UnixMicro()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	svc := s.services[q.Service]
	if svc == nil {
		return nil
	}
	out := make([]candidate, 0, len(svc.traces))
	for i := range svc.traces {
		t := &svc.traces[i]
		if t.start <= latest && t.latest >= earliest && t.longest >= q.MinDuration && t.filter.covers(&want) {
			if start := t.started(); start <= latest {
				out = append(out, candidate{start: start, entry: t.entry})
			}
		}
	}
	return out
}

func (q *Query) wantsTrace(t *trace.Trace) bool {
	for i := range t.Spans {
		if q.wants(&t.Spans[i]) {
			return true
		}
	}
	return false
}

func (q *Query) wants(span *trace.Span) bool {
	switch {
	case span.Process.Service != q.Service,
		q.Operation != "" && span.Operation != q.Operation,
		q.MinDuration != 0 && span.Duration < q.MinDuration,
		q.MaxDuration != 0 && span.Duration > q.MaxDuration,
		!q.Start.IsZero() && span.Start.Before(q.Start),
		!q.End.IsZero() && span.Start.After(q.End):
		return false
	}
	for key, value := range q.Tags {
		if !hasTag(span, key, value) {
			return false
		}
	}
	return true
}

func hasTag(span *trace.Span, key, value string) bool {
	if contains(span.Tags, key, value) || contains(span.Process.Tags, key, value) {
		return true
	}
	for i := range span.Logs {
		if contains(span.Logs[i].Fields, key, value) {
			return true
		}
	}
	return false
}

func contains(tags []trace.Tag, key, value string) bool {
	for i := range tags {
		if tags[i].Key == key && tags[i].Value.String() == value {
			return true
		}
	}
	return false
}

// heapify orders candidates as a heap with the newest first. A search mostly wants the
// first few of many, so sorting them all would be wasted.
func heapify(list []candidate) {
	for i := len(list)/2 - 1; i >= 0; i-- {
		siftDown(list, i)
	}
}

// dropFirst removes the newest.
func dropFirst(list []candidate) []candidate {
	last := len(list) - 1
	list[0] = list[last]
	list = list[:last]
	siftDown(list, 0)
	return list
}

func siftDown(list []candidate, i int) {
	for {
		child := 2*i + 1
		if child >= len(list) {
			return
		}
		if child+1 < len(list) && list[child+1].start > list[child].start {
			child++
		}
		if list[i].start >= list[child].start {
			return
		}
		list[i], list[child] = list[child], list[i]
		i = child
	}
}
