package trace

import (
	"cmp"
	"slices"
)

// Node is a span and its children, earliest first. The Parent of a root is nil.
type Node struct {
	Span     *Span
	Parent   *Node
	Children []*Node
	// Orphan marks a span whose parent is not in the trace: not finished, lost, or not
	// stored yet.
	Orphan bool
}

// Tree arranges the spans of t, which it points into, and returns those without a parent
// in the trace, earliest first. A sound trace has exactly one. Every span has one place,
// even when ids repeat or parents form a circle.
func Tree(t *Trace) []*Node {
	nodes := make([]*Node, len(t.Spans))
	byID := make(map[SpanID]*Node, len(t.Spans))
	for i := range t.Spans {
		nodes[i] = &Node{Span: &t.Spans[i]}
		if _, taken := byID[t.Spans[i].SpanID]; !taken {
			byID[t.Spans[i].SpanID] = nodes[i]
		}
	}
	slices.SortStableFunc(nodes, func(a, b *Node) int {
		return cmp.Or(a.Span.Start.Compare(b.Span.Start), cmp.Compare(b.Span.Duration, a.Span.Duration))
	})

	var roots []*Node
	for _, n := range nodes {
		id := n.Span.ParentID()
		if parent := byID[id]; parent != nil {
			n.Parent = parent
			parent.Children = append(parent.Children, n)
			continue
		}
		n.Orphan = id != 0
		roots = append(roots, n)
	}
	return breakCircles(roots, nodes)
}

// breakCircles makes a root of the earliest span that no root leads to, because
// its ancestors form a circle, until every span can be reached.
func breakCircles(roots, nodes []*Node) []*Node {
	reached := make(map[*Node]bool, len(nodes))
	var reach func(n *Node)
	reach = func(n *Node) {
		reached[n] = true
		for _, child := range n.Children {
			reach(child)
		}
	}
	for _, root := range roots {
		reach(root)
	}
	for _, n := range nodes {
		if reached[n] {
			continue
		}
		n.Parent.Children = slices.DeleteFunc(n.Parent.Children, func(child *Node) bool { return child == n })
		n.Parent = nil
		roots = append(roots, n)
		reach(n)
	}
	return roots
}
