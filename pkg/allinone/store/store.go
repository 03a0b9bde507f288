package store

import (
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"sync"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// DefaultMaxSpans is how many spans one trace may have. Nothing draws more, and a
// client that reuses one trace id for ever must not drive out all others.
const DefaultMaxSpans = 100_000

// Options bound a Store.
type Options struct {
	// MaxBytes is the memory that the spans may take, with everything that is
	// kept to find them. It must be positive.
	MaxBytes int64
	// MaxSpans bounds the spans of one trace; 0 means DefaultMaxSpans. Besides, a
	// trace gets half of MaxBytes at most.
	MaxSpans int
}

// Store holds traces. Its methods may be called from many goroutines at once.
type Store struct {
	maxBytes int64
	maxSpans int
	seed     maphash.Seed // of the Bloom filters

	mu        sync.RWMutex
	traces    map[trace.TraceID]*entry
	recent    list
	services  map[string]*service
	processes processTable
	stats     loss.Store
}

// entry is a stored trace.
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

	positions []position
	processes []*process
	// many finds among the two once they are many, nil before.
	many       *finder
	prev, next *entry
}

// New returns an empty store.
func New(opts Options) *Store {
	if opts.MaxSpans <= 0 {
		opts.MaxSpans = DefaultMaxSpans
	}
	return &Store{
		maxBytes:  opts.MaxBytes,
		maxSpans:  opts.MaxSpans,
		seed:      maphash.MakeSeed(),
		traces:    make(map[trace.TraceID]*entry),
		services:  make(map[string]*service),
		processes: newProcessTable(),
	}
}

// Add stores spans, in the order given, and evicts what no longer fits. Every
// span must have a process. The store takes over all that the spans point to;
// the slice itself stays the caller's.
func (s *Store) Add(spans []trace.Span) {
	maker := s.newRunMaker()
	var space [runsAtOnce]spanRun
	for some := range slices.Chunk(spans, addAtOnce) {
		for len(some) > 0 {
			runs := space[:0]
			for len(some) > 0 && len(runs) < runsAtOnce {
				next := maker.next(some)
				runs = append(runs, next)
				some = some[len(next.spans):]
			}
			s.addRuns(runs)
		}
	}
}

// addAtOnce is how many spans are stored, in runsAtOnce runs at most, before
// readers get their turn.
const addAtOnce, runsAtOnce = 256, 32

func (s *Store) addRuns(runs []spanRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range runs {
		s.addRun(&runs[i])
		s.evict()
	}
}

// charge accounts n bytes more to e.
func (s *Store) charge(e *entry, n int64) {
	e.bytes += n
	s.stats.Bytes += n
}

// hold returns the stored process that equals p, which e then keeps alive.
func (s *Store) hold(e *entry, p *trace.Process, hash uint64) *trace.Process {
	known := s.processes.find(p, hash)
	if known == nil {
		var size int64
		known, size = s.processes.add(p, hash)
		s.stats.Bytes += size
	}
	if !e.holds(known) {
		known.traces++
		e.processes = append(e.processes, known)
		s.found(e, func(f *finder) { f.processes[known] = struct{}{} })
	}
	return known.Process
}

// evict removes the traces that were longest without a new span until the rest
// fits.
func (s *Store) evict() {
	for s.stats.Bytes > s.maxBytes && s.recent.oldest != nil {
		e := s.recent.oldest
		s.recent.remove(e)
		delete(s.traces, e.id)
		s.unindex(e)
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
	for e := s.recent.newest; e != nil && len(traces) < limit; e = e.prev {
		traces = append(traces, s.snapshot(e))
	}
	return traces
}

// All yields every trace, in no order, as it is when its turn comes; those that
// arrive meanwhile may be missing. Their spans are shared, as those of Trace. The
// lock is held for copying a list of pointers and for each trace alone, so the
// caller may take its time.
func (s *Store) All() iter.Seq[trace.Trace] {
	return func(yield func(trace.Trace) bool) {
		s.mu.RLock()
		entries := make([]*entry, 0, len(s.traces))
		for _, e := range s.traces {
			entries = append(entries, e)
		}
		s.mu.RUnlock()
		for _, e := range entries {
			s.mu.RLock()
			t := s.snapshot(e)
			s.mu.RUnlock()
			if len(t.Spans) > 0 && !yield(t) {
				return
			}
		}
	}
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

// list is a doubly linked list of entries by their last update.
type list struct {
	oldest, newest *entry
}

func (l *list) push(e *entry) {
	e.prev, e.next = l.newest, nil
	if l.newest != nil {
		l.newest.next = e
	} else {
		l.oldest = e
	}
	l.newest = e
}

func (l *list) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.oldest = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.newest = e.prev
	}
}
