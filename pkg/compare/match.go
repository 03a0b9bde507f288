package compare

import (
	"cmp"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// pair is a span and its counterpart; one of them may be nil.
type pair struct {
	from, to *trace.Node
	depth    int
	// moved reports that their parents are not counterparts.
	moved bool
}

type matcher struct {
	pairs []pair
	// partners are of the nodes of both trees.
	partners map[*trace.Node]*trace.Node
	// names are those of each tree.
	fromNames, toNames map[name]bool
}

type name struct {
	service, operation string
}

func nameOf(n *trace.Node) name { return name{n.Span.Service(), n.Span.Operation} }

// match pairs the spans of two trees: first siblings of the same name, in their order,
// below spans that are pairs themselves; then siblings of which one has a name that only
// its own tree has, as renamed; and the remaining ones by their name alone, as moved.
func match(from, to []*trace.Node) []pair {
	m := &matcher{
		partners:  make(map[*trace.Node]*trace.Node),
		fromNames: make(map[name]bool),
		toNames:   make(map[name]bool),
	}
	collectNames(from, m.fromNames)
	collectNames(to, m.toNames)
	m.siblings(from, to, 0)
	m.join()
	for i := range m.pairs {
		p := &m.pairs[i]
		p.moved = p.from != nil && p.to != nil && m.counterpart(p.from.Parent) != p.to.Parent
	}
	return m.pairs
}

func collectNames(nodes []*trace.Node, names map[name]bool) {
	for _, n := range nodes {
		names[nameOf(n)] = true
		collectNames(n.Children, names)
	}
}

func (m *matcher) siblings(from, to []*trace.Node, depth int) {
	left := slices.Clone(to)
	take := func(fits func(to *trace.Node) bool) *trace.Node {
		i := slices.IndexFunc(left, fits)
		if i < 0 {
			return nil
		}
		n := left[i]
		left = slices.Delete(left, i, i+1)
		return n
	}
	counterparts := make([]*trace.Node, len(from))
	for i, f := range from {
		counterparts[i] = take(func(t *trace.Node) bool { return nameOf(f) == nameOf(t) })
	}
	for i, f := range from {
		if counterparts[i] == nil && !m.toNames[nameOf(f)] {
			counterparts[i] = take(func(t *trace.Node) bool { return m.renamed(f, t) })
		}
	}
	for i, f := range from {
		m.add(f, counterparts[i], depth)
	}
	for _, t := range left {
		m.add(nil, t, depth)
	}
}

// renamed reports whether t may be f under another name: it has the same
// operation or the same service and kind, and no span of f's tree has its name.
func (m *matcher) renamed(f, t *trace.Node) bool {
	if m.fromNames[nameOf(t)] {
		return false
	}
	return f.Span.Operation == t.Span.Operation ||
		f.Span.Service() == t.Span.Service() && kindOf(f.Span) == kindOf(t.Span)
}

// add adds a pair and all spans below it.
func (m *matcher) add(from, to *trace.Node, depth int) {
	m.pairs = append(m.pairs, pair{from: from, to: to, depth: depth})
	var below, belowTo []*trace.Node
	if from != nil {
		m.partners[from] = to
		below = from.Children
	}
	if to != nil {
		m.partners[to] = from
		belowTo = to.Children
	}
	m.siblings(below, belowTo, depth+1)
}

// counterpart returns the partner of n, itself when it has none, and nil for nil.
func (m *matcher) counterpart(n *trace.Node) *trace.Node { return cmp.Or(m.partners[n], n) }

// join makes pairs of the remaining spans with the same name.
func (m *matcher) join() {
	spare := make(map[name][]*pair)
	for i := range m.pairs {
		if p := &m.pairs[i]; p.from == nil {
			spare[nameOf(p.to)] = append(spare[nameOf(p.to)], p)
		}
	}
	for i := range m.pairs {
		p := &m.pairs[i]
		if p.from == nil || p.to != nil || len(spare[nameOf(p.from)]) == 0 {
			continue
		}
		other := spare[nameOf(p.from)][0]
		spare[nameOf(p.from)] = spare[nameOf(p.from)][1:]
		p.to, other.to = other.to, nil
		m.partners[p.from], m.partners[p.to] = p.to, p.from
	}
	m.pairs = slices.DeleteFunc(m.pairs, func(p pair) bool { return p.from == nil && p.to == nil })
}
