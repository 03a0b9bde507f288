package store

import (
	"math"
	"slices"
)

// fewPlaces is up to how many services or processes of a trace are gone through one
// by one, which is faster than a map and what nearly every trace has. Beyond, each
// span would cost as much as there are: a trace of 40,000 services took 8 s.
const fewPositions = 16

// finder finds the positions and the processes of a trace that has many.
type finder struct {
	positions map[*service]int // the index in entry.positions
	processes map[*process]struct{}
}

// startsElsewhere stands for the start of a trace of many positions: it is the entry's
// then, so that an earlier span need not be written to every entry.
const startsElsewhere = math.MinInt64

// started returns the earliest start of any span of the trace.
func (t *indexEntry) started() int64 {
	if t.start == startsElsewhere {
		return t.entry.start
	}
	return t.start
}

// find returns the index of a service among e's positions.
func (e *entry) find(svc *service) (int, bool) {
	if e.many != nil {
		at, ok := e.many.positions[svc]
		return at, ok
	}
	at := slices.IndexFunc(e.positions, func(p position) bool { return p.service == svc })
	return at, at >= 0
}

// holds reports whether e keeps a process alive.
func (e *entry) holds(p *process) bool {
	if e.many != nil {
		_, ok := e.many.processes[p]
		return ok
	}
	return slices.Contains(e.processes, p)
}

// found notes what was just added to e's positions or processes, once e has many.
func (s *Store) found(e *entry, note func(*finder)) {
	switch {
	case e.many != nil:
		note(e.many)
		s.charge(e, finderBytes)
	case len(e.positions) > fewPositions || len(e.processes) > fewPositions:
		s.findMany(e)
	}
}

// findMany goes over to a finder for e.
func (s *Store) findMany(e *entry) {
	e.many = &finder{positions: make(map[*service]int), processes: make(map[*process]struct{})}
	for i, p := range e.positions {
		e.many.positions[p.service] = i
		p.service.traces[p.at].start = startsElsewhere
	}
	for _, p := range e.processes {
		e.many.processes[p] = struct{}{}
	}
	s.charge(e, finderBytes*int64(len(e.positions)+len(e.processes)))
}
