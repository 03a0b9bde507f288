package store

import (
	"cmp"
	"slices"
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
// first. Their spans are shared, as those of Store.Trace. Add waits for it no longer
// than it takes to go once through all traces, some 10 ms for 100,000; their spans are
// looked at one trace at a time.
func (s *Store) Find(q Query) []trace.Trace {
	candidates := s.candidates(q.Service)
	slices.SortFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.start, a.start) })
	var found []trace.Trace
	for _, next := range candidates {
		s.mu.RLock()
		t := s.snapshot(next.entry)
		s.mu.RUnlock()
		if q.wantsTrace(&t) {
			found = append(found, t)
		}
		if len(found) == q.Limit {
			break
		}
	}
	return found
}

type candidate struct {
	start int64
	entry *entry
}

// candidates returns the traces with a span of a service, in no order.
func (s *Store) candidates(service string) []candidate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []candidate
	for _, e := range s.traces {
		if e.has(service) {
			out = append(out, candidate{start: e.start, entry: e})
		}
	}
	return out
}

func (e *entry) has(service string) bool {
	return slices.ContainsFunc(e.processes, func(p *process) bool { return p.Service == service })
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
	return contains(span.Tags, key, value) || contains(span.Process.Tags, key, value) ||
		slices.ContainsFunc(span.Logs, func(l trace.Log) bool { return contains(l.Fields, key, value) })
}

func contains(tags []trace.Tag, key, value string) bool {
	return slices.ContainsFunc(tags, func(t trace.Tag) bool { return t.Key == key && t.Value.String() == value })
}
