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
	// Kind is the span's kind as Jaeger tells it: client, server, producer,
	// consumer, internal or unspecified.
	Kind string
}

// service is what is kept about one service name.
type service struct {
	name string
	// slots lists the traces with a span of the service, in no order.
	slots []slot
	// operations counts the spans of each.
	operations map[Operation]int64
}

// slot is a trace beside what tells a search early that it cannot match, so that
// the search goes through memory in a row.
type slot struct {
	entry *entry
	place int // of the slot among the entry's places
	// start is the earliest start of any span, in microseconds since 1970. What
	// follows tells of the spans of the service only.
	start, latest int64
	longest       time.Duration
	marks         marks
}

// widen makes the slot tell of one span more.
func (s *slot) widen(span *trace.Span, m *marks) {
	s.latest = max(s.latest, span.Start.UnixMicro())
	s.longest = max(s.longest, span.Duration)
	s.marks.merge(m)
}

// place says where a trace stands in a service's slots.
type place struct {
	service *service
	at      int
}

// index makes e findable by a span, with its marks, that was just added to it.
func (s *Store) index(e *entry, span *trace.Span, m *marks) {
	svc := s.service(span.Process.Service)
	at := slices.IndexFunc(e.places, func(p place) bool { return p.service == svc })
	if at < 0 {
		at = len(e.places)
		e.places = append(e.places, place{service: svc, at: len(svc.slots)})
		svc.slots = append(svc.slots, slot{entry: e, place: at, start: e.start, latest: math.MinInt64})
		s.charge(e, placeBytes)
	}
	svc.slots[e.places[at].at].widen(span, m)
	op := operationOf(span)
	if svc.operations[op] == 0 {
		s.stats.Bytes += operationBytes
	}
	svc.operations[op]++

	if start := span.Start.UnixMicro(); start < e.start {
		e.start = start
		for _, p := range e.places {
			p.service.slots[p.at].start = start
		}
	}
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

// unindex undoes index for all spans of e.
func (s *Store) unindex(e *entry) {
	for i := range e.spans {
		svc := s.services[e.spans[i].Process.Service]
		op := operationOf(&e.spans[i])
		svc.operations[op]--
		if svc.operations[op] == 0 {
			delete(svc.operations, op)
			s.stats.Bytes -= operationBytes
		}
	}
	for _, p := range e.places {
		p.service.removeSlot(p.at)
		if len(p.service.slots) == 0 {
			delete(s.services, p.service.name)
			s.stats.Bytes -= serviceBytes
		}
	}
}

// removeSlot fills the gap with the last slot.
func (svc *service) removeSlot(at int) {
	last := len(svc.slots) - 1
	moved := svc.slots[last]
	svc.slots[at] = moved
	svc.slots[last] = slot{}
	svc.slots = svc.slots[:last]
	if at != last {
		moved.entry.places[moved.place].at = at
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
