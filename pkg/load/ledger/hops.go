package ledger

import "slices"

// hops attributes missing spans to the hops where they may have been lost. It never
// attributes more than are missing, so the sum over the hops is right whatever the
// counters are.
type hops struct {
	list []Hop
	left int64
}

// attribute counts up to n of the missing spans as lost at a hop.
func (h *hops) attribute(name HopName, n int64, certain bool, evidence ...string) {
	n = max(0, min(n, h.left))
	if n == 0 {
		return
	}
	h.left -= n
	i := slices.IndexFunc(h.list, func(known Hop) bool { return known.Name == name })
	if i < 0 {
		i = len(h.list)
		h.list = append(h.list, Hop{Name: name, Certain: true})
	}
	known := &h.list[i]
	known.Lost += n
	known.Certain = known.Certain && certain
	for _, e := range evidence {
		if !slices.Contains(known.Evidence, e) {
			known.Evidence = append(known.Evidence, e)
		}
	}
}

// sorted returns the hops in the order that spans pass them.
func (h *hops) sorted() []Hop {
	places := []HopName{
		ClientQueue, ClientSend, ServerQueue, ServerSend, ServerGone, Network, Backend, NetworkOrBackend,
	}
	list := append([]Hop{}, h.list...) // in JSON a list, and not null
	slices.SortFunc(list, func(a, b Hop) int { return slices.Index(places, a.Name) - slices.Index(places, b.Name) })
	return list
}
