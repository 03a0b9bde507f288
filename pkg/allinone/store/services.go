package store

import (
	"cmp"
	"maps"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Operation is what a service does, as its spans name it.
type Operation struct {
	Name string
	// Kind is the span's kind as in Jaeger: client, server, producer,
	// consumer, internal or unspecified.
	Kind string
}

// service counts the stored spans of a service by operation.
type service map[Operation]int64

// count adds each to the number of each span's operation. The spans are of one service,
// which is stored as long as it has an operation.
func (s *Store) count(run []trace.Span, each int64) {
	name := run[0].Process.Service
	svc := s.services[name]
	if svc == nil {
		svc = make(service)
		s.services[name] = svc
		s.stats.Bytes += serviceBytes
	}
	before := len(svc)
	var op Operation
	var n int64 // of spans in a row with that operation
	for i := range run {
		if next := operationOf(&run[i]); next != op {
			svc.add(op, n)
			op, n = next, 0
		}
		n += each
	}
	svc.add(op, n)
	s.stats.Bytes += int64(len(svc)-before) * operationBytes
	if len(svc) == 0 {
		delete(s.services, name)
		s.stats.Bytes -= serviceBytes
	}
}

func (svc service) add(op Operation, n int64) {
	if n == 0 {
		return
	}
	svc[op] += n
	if svc[op] == 0 {
		delete(svc, op)
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
	names := slices.AppendSeq([]string{}, maps.Keys(s.services))
	s.mu.RUnlock()
	slices.Sort(names)
	return names
}

// Operations returns what a service's stored spans are named, sorted.
func (s *Store) Operations(serviceName string) []Operation {
	s.mu.RLock()
	var ops []Operation
	if svc := s.services[serviceName]; svc != nil {
		ops = slices.Collect(maps.Keys(svc))
	}
	s.mu.RUnlock()
	slices.SortFunc(ops, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return ops
}
