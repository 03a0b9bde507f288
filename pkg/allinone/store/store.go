package store

import (
	"container/list"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// MaxSpans is how many spans one trace may have. Nothing draws more, and a client that
// reuses one trace id for ever must not drive out all others.
const MaxSpans = 100_000

// Store holds traces. Its methods may be called from many goroutines at once.
type Store struct {
	maxBytes int64
	maxSpans int

	mu     sync.RWMutex
	traces map[trace.TraceID]*entry
	// recent has every *entry, the one that got a span last at the back.
	recent    list.List
	services  map[string]service
	processes processTable
	stats     loss.Store
}

type entry struct {
	id trace.TraceID
	// spans only grows: what was returned is never changed.
	spans []trace.Span
	// start is the earliest start of a span, in microseconds since 1970.
	start int64
	// bytes is what evicting the entry gives back, shared processes apart.
	bytes int64
	// refused counts the spans beyond the bound of one trace.
	refused int64
	// processes has that of each run of spans, and so may have one several times.
	processes []*process
	place     *list.Element
}

// New returns an empty store. maxBytes is the memory that the spans may take, with
// everything that is kept to find them. It must be positive; a trace gets half of it at
// most.
func New(maxBytes int64) *Store {
	return &Store{
		maxBytes:  maxBytes,
		maxSpans:  MaxSpans,
		traces:    make(map[trace.TraceID]*entry),
		services:  make(map[string]service),
		processes: newProcessTable(),
	}
}

// addAtOnce is how many spans are stored before readers get their turn.
const addAtOnce = 256

// Add stores spans, in the order given, and evicts what no longer fits. Every
// span must have a process. The store takes over all that the spans point to;
// the slice itself stays the caller's.
func (s *Store) Add(spans []trace.Span) {
	for some := range slices.Chunk(spans, addAtOnce) {
		s.mu.Lock()
		for run := range runs(some) {
			s.addRun(run)
			s.evict()
		}
		s.mu.Unlock()
	}
}

// runs cuts spans into those in a row that share a trace and a process. What they
// have in common is looked up once: most batches are a few long runs.
func runs(spans []trace.Span) iter.Seq[[]trace.Span] {
	return func(yield func([]trace.Span) bool) {
		for begin, end := 0, 1; begin < len(spans); end++ {
			if end < len(spans) && spans[end].TraceID == spans[begin].TraceID && spans[end].Process == spans[begin].Process {
				continue
			}
			if !yield(spans[begin:end]) {
				return
			}
			begin = end
		}
	}
}

// addRun stores the spans of a run that its trace has room for.
func (s *Store) addRun(run []trace.Span) {
	s.stats.Added += int64(len(run))
	e := s.touch(&run[0])
	s.reserve(e, len(run))
	before := len(e.spans)
	for i := range run {
		size := spanBytes(&run[i])
		if len(e.spans) >= s.maxSpans || e.bytes+size+growth(e.spans) > s.maxBytes/2 {
			e.refused++
			s.stats.RefusedSpans++
			continue
		}
		room := cap(e.spans)
		e.spans = append(e.spans, run[i])
		s.charge(e, size+int64(cap(e.spans)-room)*spanStructBytes)
	}
	added := e.spans[before:]
	if len(added) == 0 {
		return
	}
	process := s.hold(e, added[0].Process)
	for i := range added {
		added[i].Process = process
		e.start = min(e.start, added[i].Start.UnixMicro())
	}
	s.stats.Spans += int64(len(added))
	s.count(added, 1)
}

// touch returns the entry of a span's trace, made if it is new, as the one that
// got a span last.
func (s *Store) touch(span *trace.Span) *entry {
	e := s.traces[span.TraceID]
	if e == nil {
		e = &entry{id: span.TraceID, start: math.MaxInt64}
		e.place = s.recent.PushBack(e)
		s.traces[e.id] = e
		s.charge(e, entryBytes)
	}
	s.recent.MoveToBack(e.place)
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

func (s *Store) charge(e *entry, n int64) {
	e.bytes += n
	s.stats.Bytes += n
}

// hold returns the stored process that equals p, which e then keeps alive.
func (s *Store) hold(e *entry, p *trace.Process) *trace.Process {
	known, size := s.processes.get(p)
	s.stats.Bytes += size
	if last := len(e.processes) - 1; last < 0 || e.processes[last] != known {
		known.holds++
		e.processes = append(e.processes, known)
		s.charge(e, heldBytes)
	}
	return known.Process
}

// evict removes the traces that were longest without a new span until the rest
// fits.
func (s *Store) evict() {
	for s.stats.Bytes > s.maxBytes && s.recent.Len() > 0 {
		e := s.recent.Remove(s.recent.Front()).(*entry)
		delete(s.traces, e.id)
		for run := range runs(e.spans) {
			s.count(run, -1)
		}
		for _, p := range e.processes {
			s.stats.Bytes -= s.processes.release(p)
		}
		s.stats.Bytes -= e.bytes
		s.stats.Spans -= int64(len(e.spans))
		s.stats.EvictedTraces++
		s.stats.EvictedSpans += int64(len(e.spans))
	}
}

// Trace returns the trace with that id as it is now. Its spans are shared with
// the store and other readers, so they must not be changed.
func (s *Store) Trace(id trace.TraceID) (trace.Trace, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.traces[id]
	if !ok {
		return trace.Trace{}, false
	}
	return s.snapshot(e), true
}

// Recent returns up to limit traces, the one that got a span last first. Their
// spans are shared, as those of Trace.
func (s *Store) Recent(limit int) []trace.Trace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var traces []trace.Trace
	for at := s.recent.Back(); at != nil && len(traces) < limit; at = at.Prev() {
		traces = append(traces, s.snapshot(at.Value.(*entry)))
	}
	return traces
}

// snapshot needs the lock only while it runs: spans are never changed, and
// appending to the original leaves a slice cut to its length alone.
func (s *Store) snapshot(e *entry) trace.Trace {
	t := trace.Trace{ID: e.id, Spans: slices.Clip(e.spans)}
	if e.refused > 0 {
		t.Warnings = []string{fmt.Sprintf("%s not stored: it had reached its bound of %d spans or %d bytes",
			plural.Of(e.refused, "more span of this trace was", "more spans of this trace were"), s.maxSpans, s.maxBytes/2)}
	}
	return t
}

// Stats returns the present counters.
func (s *Store) Stats() loss.Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stats := s.stats
	stats.Traces = len(s.traces)
	stats.MaxBytes = s.maxBytes
	return stats
}
