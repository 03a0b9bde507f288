package allinone

import (
	"cmp"
	"maps"
	"slices"

	"github.com/otdemo/otdemo/pkg/loss"
)

// tallies are counts by the name of a listener, or the id of a client.
type tallies map[string]loss.Tally

// others is in the place of an id for the clients that are not listed.
const others = ""

// since returns what was counted since then, without what counted nothing.
func (t tallies) since(then tallies) tallies {
	grown := make(tallies)
	for name, tally := range t {
		if more := tally.Since(then[name]); more != (loss.Tally{}) {
			grown[name] = more
		}
	}
	return grown
}

func (t tallies) add(more tallies) {
	for name, tally := range more {
		t[name] = t[name].Plus(tally)
	}
}

// sample is a sample as it is remembered.
type sample struct {
	at, micros         int64
	all                loss.Tally
	listeners, clients tallies
}

func (s *sample) join(later *sample) {
	s.at = later.at
	s.micros = loss.Saturate(s.micros, later.micros)
	s.all = s.all.Plus(later.all)
	s.listeners.add(later.listeners)
	s.clients.add(later.clients)
}

// fold moves the clients that are not listed to the others.
func (s *sample) fold(listed map[string]int) {
	for id, tally := range s.clients {
		if _, ok := listed[id]; !ok && id != others {
			s.clients.add(tallies{others: tally})
			delete(s.clients, id)
		}
	}
}

// answer returns a copy that shares nothing that changes. listed has the clients'
// indexes in the answer.
func (s *sample) answer(listed map[string]int) loss.Sample {
	out := loss.Sample{At: s.at, Micros: s.micros, Tally: s.all, Listeners: maps.Clone(s.listeners)}
	for id, tally := range s.clients {
		if id == others {
			out.Others = &tally
		} else {
			out.Clients = append(out.Clients, loss.ClientTally{Client: listed[id], Tally: tally})
		}
	}
	slices.SortFunc(out.Clients, func(a, b loss.ClientTally) int { return cmp.Compare(a.Client, b.Client) })
	return out
}
