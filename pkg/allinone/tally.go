package allinone

import (
	"maps"
	"slices"

	"github.com/otdemo/otdemo/pkg/loss"
)

// sample is a sample as it is remembered: its Clients stay empty until it is answered.
type sample struct {
	loss.Sample
	clients []clientTally
}

// clientTally is what was counted of one client, whose index in an answer is not
// known before that is made.
type clientTally struct {
	loss.Tally
	of *sampledClient
}

// forget moves the clients that are no longer listed to the others.
func (s *sample) forget() {
	var others loss.Tally
	s.clients = slices.DeleteFunc(s.clients, func(c clientTally) bool {
		if c.of.forgotten {
			others = others.Plus(c.Tally)
		}
		return c.of.forgotten
	})
	s.addOthers(others)
}

func (s *sample) addOthers(t loss.Tally) {
	if t == (loss.Tally{}) {
		return
	}
	if s.Others != nil {
		t = t.Plus(*s.Others)
	}
	s.Others = &t
}

// join adds a later sample to s.
func (s *sample) join(later *sample) {
	s.At = later.At
	s.Micros = loss.Saturate(s.Micros, later.Micros)
	s.Tally = s.Plus(later.Tally)
	for name, tally := range later.Listeners {
		if s.Listeners == nil {
			s.Listeners = make(map[string]loss.Tally)
		}
		s.Listeners[name] = s.Listeners[name].Plus(tally)
	}
	for _, client := range later.clients {
		i := slices.IndexFunc(s.clients, func(c clientTally) bool { return c.of == client.of })
		if i < 0 {
			s.clients = append(s.clients, client)
		} else {
			s.clients[i].Tally = s.clients[i].Plus(client.Tally)
		}
	}
	if later.Others != nil {
		s.addOthers(*later.Others)
	}
}

// answer returns a copy that shares nothing that changes. places are the clients'
// indexes in the answer.
func (s *sample) answer(places map[*sampledClient]int) loss.Sample {
	c := s.Sample
	c.Listeners = maps.Clone(s.Listeners)
	for _, client := range s.clients {
		c.Clients = append(c.Clients, loss.ClientTally{Client: places[client.of], Tally: client.Tally})
	}
	return c
}
