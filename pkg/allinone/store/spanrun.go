package store

import (
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// spanRun is one or more spans of a trace that came in a row and share a process, with
// what can be computed of them without the store's lock. What they have in common is
// looked up once: most batches are a few long runs.
type spanRun struct {
	spans []trace.Span
	// processHash is of their process, filter of everything they can be found by.
	processHash uint64
	filter      bloomFilter
}

// runMaker makes runs. The zero value is of no use.
type runMaker struct {
	hash func(*trace.Process) uint64
	mark filterMaker
}

func (s *Store) newRunMaker() *runMaker {
	return &runMaker{hash: s.processes.hasher(), mark: filterMaker{seed: s.seed}}
}

// next returns the run that spans begin with; there must be a span.
func (m *runMaker) next(spans []trace.Span) spanRun {
	n := runLength(spans)
	return spanRun{
		spans:       spans[:n],
		processHash: m.hash(spans[0].Process),
		filter:      m.mark.spans(spans[:n]),
	}
}

// runLength returns how many of the spans, from the first on, make a run.
func runLength(spans []trace.Span) int {
	first := &spans[0]
	n := 1
	for n < len(spans) && spans[n].TraceID == first.TraceID && spans[n].Process == first.Process {
		n++
	}
	return n
}

// addRun stores the spans of a run that its trace has room for.
func (s *Store) addRun(r *spanRun) {
	s.stats.Added += int64(len(r.spans))
	e := s.touch(&r.spans[0])
	s.reserve(e, len(r.spans))
	before := len(e.spans)
	var process *trace.Process
	for i := range r.spans {
		span := &r.spans[i]
		size := spanBytes(span)
		if len(e.spans) >= s.maxSpans || e.bytes+size+growth(e.spans) > s.maxBytes/2 {
			e.refused++
			s.stats.RefusedSpans++
			continue
		}
		if process == nil {
			process = s.hold(e, span.Process, r.processHash)
		}
		room := cap(e.spans)
		e.spans = append(e.spans, *span)
		e.spans[len(e.spans)-1].Process = process
		s.charge(e, size+int64(cap(e.spans)-room)*spanStructBytes)
	}
	if added := e.spans[before:]; len(added) > 0 {
		s.stats.Spans += int64(len(added))
		s.index(e, added, &r.filter)
	}
}

// touch returns the entry of a span's trace, made if it is new, as the one that
// got a span last.
func (s *Store) touch(span *trace.Span) *entry {
	e := s.traces[span.TraceID]
	if e == nil {
		e = &entry{id: span.TraceID, start: span.Start.UnixMicro()}
		s.traces[e.id] = e
		s.charge(e, entryBytes)
	} else {
		s.recent.remove(e)
	}
	s.recent.push(e)
	return e
}

// reserve makes room for n spans more at once, unless e might then reach its bound.
func (s *Store) reserve(e *entry, n int) {
	before := cap(e.spans)
	if len(e.spans)+n > s.maxSpans || e.bytes+int64(max(before, n))*spanStructBytes > s.maxBytes/2 {
		return
	}
	e.spans = slices.Grow(e.spans, n)
	s.charge(e, int64(cap(e.spans)-before)*spanStructBytes)
}
