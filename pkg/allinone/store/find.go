package store

import (
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Query says which traces are wanted: those with one span that meets every
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
// first. Their spans are shared, as those of Store.Trace. It looks at candidates
// without holding up Add for longer than it takes to copy a list of pointers.
func (s *Store) Find(q Query) []trace.Trace {
	candidates := s.candidates(q.Service)
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

// candidates returns a copy of a service's slots.
func (s *Store) candidates(name string) []slot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if svc := s.services[name]; svc != nil {
		return append([]slot(nil), svc.slots...)
	}
	return nil
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

// heapify orders slots as a heap with the newest first. A search mostly wants the
// first few of many, so sorting them all would be wasted.
func heapify(slots []slot) {
	for i := len(slots)/2 - 1; i >= 0; i-- {
		siftDown(slots, i)
	}
}

// dropFirst removes the newest.
func dropFirst(slots []slot) []slot {
	last := len(slots) - 1
	slots[0] = slots[last]
	slots = slots[:last]
	siftDown(slots, 0)
	return slots
}

func siftDown(slots []slot, i int) {
	for {
		child := 2*i + 1
		if child >= len(slots) {
			return
		}
		if child+1 < len(slots) && slots[child+1].start > slots[child].start {
			child++
		}
		if slots[i].start >= slots[child].start {
			return
		}
		slots[i], slots[child] = slots[child], slots[i]
		i = child
	}
}
