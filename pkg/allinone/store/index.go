package store

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Operation is what a service does, as its spans name it.
type Operation struct {
	Name string
	// Kind is the span's kind as in Jaeger: client, server, producer,
	// consumer, internal or unspecified.
	Kind string
}

// service is what is kept about one service name.
type service struct {
	name string
	// traces lists the traces with a span of the service, in no order.
	traces []indexEntry
	// operations counts the spans of each.
	operations map[Operation]int64
}

// indexEntry is a trace beside what excludes it from a search early, so that
// the search goes through memory in a row.
type indexEntry struct {
	entry    *entry
	position int // of the index entry among the positions of entry
	// start is the earliest start of any span, in microseconds since 1970, or
	// startsElsewhere; read started. What follows is about the spans of the service
	// only.
	start, latest int64
	longest       time.Duration
	filter        bloomFilter
}

// position is where a trace is in a service's traces.
type position struct {
	service *service
	at      int
}

// index makes e findable by spans, which were just added to it, share a process,
// and have this filter together.
func (s *Store) index(e *entry, added []trace.Span, m *bloomFilter) {
	svc := s.service(added[0].Process.Service)
	t := s.indexEntry(e, svc)
	t.filter.merge(m)
	start := e.start
	for i := range added {
		at := added[i].Start.UnixMicro()
		start = min(start, at)
		t.latest = max(t.latest, at)
		t.longest = max(t.longest, added[i].Duration)
	}
	if start < e.start {
		e.start = start
		if e.many == nil {
			for _, p := range e.positions {
				p.service.traces[p.at].start = start
			}
		}
	}
	s.count(svc, added, 1)
}

// indexEntry returns the one of e among those of a service, which it makes if it is new.
// It is valid until the next one is made.
func (s *Store) indexEntry(e *entry, svc *service) *indexEntry {
	if i, ok := e.find(svc); ok {
		return &svc.traces[e.positions[i].at]
	}
	at, i := len(svc.traces), len(e.positions)
	start := e.start
	if e.many != nil {
		start = startsElsewhere
	}
	svc.traces = append(svc.traces, indexEntry{entry: e, position: i, start: start, latest: math.MinInt64})
	e.positions = append(e.positions, position{service: svc, at: at})
	s.charge(e, positionBytes)
	s.found(e, func(f *finder) { f.positions[svc] = i })
	return &svc.traces[at]
}

// service returns the service of that name, which it makes if it is new.
func (s *Store) service(name string) *service {
	svc := s.services[name]
	if svc == nil {
		svc = &service{name: name, operations: make(map[Operation]int64)}
		s.services[name] = svc
		s.stats.Bytes += serviceBytes
	}
	return svc
}

// count adds each to the number of each span's operation. The spans are of svc.
func (s *Store) count(svc *service, spans []trace.Span, each int64) {
	var op Operation
	var n int64 // of spans in a row with that operation
	for i := range spans {
		next := operationOf(&spans[i])
		if next != op {
			s.tally(svc, op, n)
			op, n = next, 0
		}
		n += each
	}
	s.tally(svc, op, n)
}

// tally adds n to the number of an operation's spans.
func (s *Store) tally(svc *service, op Operation, n int64) {
	before := svc.operations[op]
	switch after := before + n; {
	case n == 0:
	case after == 0:
		delete(svc.operations, op)
		s.stats.Bytes -= operationBytes
	case before == 0:
		s.stats.Bytes += operationBytes
		fallthrough
	default:
		svc.operations[op] = after
	}
}

// unindex undoes index for all spans of e.
func (s *Store) unindex(e *entry) {
	for rest := e.spans; len(rest) > 0; {
		n := runLength(rest)
		s.count(s.services[rest[0].Process.Service], rest[:n], -1)
		rest = rest[n:]
	}
	for _, p := range e.positions {
		p.service.removeEntry(p.at)
		if len(p.service.traces) == 0 {
			delete(s.services, p.service.name)
			s.stats.Bytes -= serviceBytes
		}
	}
}

// removeEntry fills the gap with the last entry.
func (svc *service) removeEntry(at int) {
	last := len(svc.traces) - 1
	moved := svc.traces[last]
	svc.traces[at] = moved
	svc.traces[last] = indexEntry{}
	svc.traces = svc.traces[:last]
	if at != last {
		moved.entry.positions[moved.position].at = at
	}
}

// kindUnspecified is Jaeger's word for a span without a kind.
const kindUnspecified = "unspecified"

func operationOf(span *trace.Span) Operation {
	op := Operation{Name: span.Operation, Kind: kindUnspecified}
	if v, ok := span.Tag("span.kind"); ok {
		// Constants, so that the map's key does not keep the tag's string alive.
		for _, kind := range [...]string{"client", "server", "producer", "consumer", "internal"} {
			if v.String() == kind {
				op.Kind = kind
			}
		}
	}
	return op
}

// Services returns the names of the services that have a span stored, sorted.
func (s *Store) Services() []string {
	s.mu.RLock()
	names := make([]string, 0, len(s.services))
	for name := range s.services {
		names = append(names, name)
	}
	s.mu.RUnlock()
	slices.Sort(names)
	return names
}

// Operations returns what a service's stored spans are named, sorted.
func (s *Store) Operations(serviceName string) []Operation {
	s.mu.RLock()
	var ops []Operation
	if svc := s.services[serviceName]; svc != nil {
		ops = make([]Operation, 0, len(svc.operations))
		for op := range svc.operations {
			ops = append(ops, op)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(ops, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return ops
}
