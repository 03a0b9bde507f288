package allinone

import (
	"maps"
	"math"
	"slices"
)

// Tally is what was counted within a sample: of everything, of a listener, or of a
// client. Fields that are 0 are left out of the JSON.
type Tally struct {
	// Batches and Spans arrived.
	Batches int64 `json:"batches,omitempty"`
	Spans   int64 `json:"spans,omitempty"`
	// BatchesMissing are new gaps in the numbers of a client's batches; below 0 when
	// more came late than were missed.
	BatchesMissing int64 `json:"batches_missing,omitempty"`
	// QueueFull, TooLarge and Failed are spans that clients say they lost.
	QueueFull int64 `json:"queue_full,omitempty"`
	TooLarge  int64 `json:"too_large,omitempty"`
	Failed    int64 `json:"failed,omitempty"`
	// Undecodable and KernelDrops are those of listeners.
	Undecodable int64 `json:"undecodable,omitempty"`
	KernelDrops int64 `json:"kernel_drops,omitempty"`
	// SpansEvicted and SpansRefused are the store's, in the sum of everything only.
	SpansEvicted int64 `json:"spans_evicted,omitempty"`
	SpansRefused int64 `json:"spans_refused,omitempty"`
}

// each calls do with every count of t and the same one of u.
func (t *Tally) each(u *Tally, do func(a, b int64) int64) Tally {
	return Tally{
		Batches:        do(t.Batches, u.Batches),
		Spans:          do(t.Spans, u.Spans),
		BatchesMissing: do(t.BatchesMissing, u.BatchesMissing),
		QueueFull:      do(t.QueueFull, u.QueueFull),
		TooLarge:       do(t.TooLarge, u.TooLarge),
		Failed:         do(t.Failed, u.Failed),
		Undecodable:    do(t.Undecodable, u.Undecodable),
		KernelDrops:    do(t.KernelDrops, u.KernelDrops),
		SpansEvicted:   do(t.SpansEvicted, u.SpansEvicted),
		SpansRefused:   do(t.SpansRefused, u.SpansRefused),
	}
}

func (t Tally) plus(u Tally) Tally  { return t.each(&u, saturate) }
func (t Tally) minus(u Tally) Tally { return t.each(&u, subtract) }

// since returns what a client's account has grown by. One that has fewer batches than
// then is a new account: the client had been dropped from the list meanwhile.
func (t Tally) since(then Tally) Tally {
	if t.Batches < then.Batches {
		return t
	}
	return t.minus(then)
}

// saturate adds what strangers claim without wrapping around. The smallest number
// is left out, so that each has a negative.
func saturate(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < -math.MaxInt64-b:
		return -math.MaxInt64
	default:
		return a + b
	}
}

func subtract(a, b int64) int64 { return saturate(a, -max(b, -math.MaxInt64)) }

// Sample is what was counted in the time that ends at At. Times are microseconds
// since 1970.
type Sample struct {
	At int64 `json:"at"`
	// Micros is how long that time was, and 0 if the clock was set back. It exceeds a
	// second when the process was stopped, and in samples that were joined.
	Micros int64 `json:"micros"`
	Tally
	// Listeners has those, by name, that counted something.
	Listeners map[string]Tally `json:"listeners,omitempty"`
	// Clients has those that counted something.
	Clients []ClientTally `json:"clients,omitempty"`
	// Others sums up the clients that are not listed; nil when there was nothing.
	Others *Tally `json:"others,omitempty"`
}

// ClientTally is what was counted of one client.
type ClientTally struct {
	// Client is its place in History.Clients.
	Client int `json:"client"`
	Tally
	of *sampledClient
}

// forget moves the clients that are no longer listed to the others.
func (s *Sample) forget() {
	var others Tally
	s.Clients = slices.DeleteFunc(s.Clients, func(c ClientTally) bool {
		if c.of.forgotten {
			others = others.plus(c.Tally)
		}
		return c.of.forgotten
	})
	s.addOthers(others)
}

func (s *Sample) addOthers(t Tally) {
	if t == (Tally{}) {
		return
	}
	if s.Others != nil {
		t = t.plus(*s.Others)
	}
	s.Others = &t
}

// join adds a later sample to s.
func (s *Sample) join(later *Sample) {
	s.At = later.At
	s.Micros = saturate(s.Micros, later.Micros)
	s.Tally = s.plus(later.Tally)
	for name, tally := range later.Listeners {
		if s.Listeners == nil {
			s.Listeners = make(map[string]Tally)
		}
		s.Listeners[name] = s.Listeners[name].plus(tally)
	}
	for _, client := range later.Clients {
		i := slices.IndexFunc(s.Clients, func(c ClientTally) bool { return c.of == client.of })
		if i < 0 {
			s.Clients = append(s.Clients, client)
		} else {
			s.Clients[i].Tally = s.Clients[i].plus(client.Tally)
		}
	}
	if later.Others != nil {
		s.addOthers(*later.Others)
	}
}

// clone returns a copy that shares nothing that changes.
func (s *Sample) clone() Sample {
	c := *s
	c.Listeners = maps.Clone(s.Listeners)
	c.Clients = slices.Clone(s.Clients)
	return c
}
