package api

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

type skewNode struct {
	span     *trace.Span
	host     string
	delta    time.Duration // the skew that it has, with its host
	children []*skewNode
}

// warnOfSkew adds Jaeger's warnings of spans that share an id, whose parent is
// not in the trace, or whose time does not lie within their parent's although
// they ran on another host (model/adjuster/clockskew.go in 1.62). It changes no time.
func warnOfSkew(spans []trace.Span) {
	nodes := make(map[trace.SpanID]*skewNode, len(spans))
	var inOrder []*skewNode
	for i := range spans {
		s := &spans[i]
		s.Warnings = slices.Clip(s.Warnings) // the store's array stays as it is
		if _, taken := nodes[s.SpanID]; taken {
			warn(s, "duplicate span IDs; skipping clock skew adjustment")
			continue
		}
		n := &skewNode{span: s, host: hostOf(s)}
		nodes[s.SpanID] = n
		inOrder = append(inOrder, n)
	}
	var roots []*skewNode
	for _, n := range inOrder {
		id := n.span.ParentID()
		parent := nodes[id]
		switch {
		case id == 0:
			roots = append(roots, n)
		case parent == nil:
			warn(n.span, "invalid parent span IDs=%s; skipping clock skew adjustment", id)
			roots = append(roots, n)
		default:
			parent.children = append(parent.children, n)
		}
	}
	warnBelow(roots)
}

// warnBelow walks the trees without recursion: chains of a hundred thousand spans
// exist.
func warnBelow(todo []*skewNode) {
	for len(todo) > 0 {
		parent := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, child := range parent.children {
			child.delta = parent.delta
			if child.host != parent.host || child.host == "" {
				child.delta = skew(child.span, parent.span)
			}
			if child.delta != 0 {
				warn(child.span, "clock skew adjustment disabled; not applying calculated delta of %v", child.delta)
			}
		}
		todo = append(todo, parent.children...)
	}
}

// skew returns by how much a child's clock must be set forward for the child to
// lie within its parent: in the middle, as the way there and back takes equally
// long; or, for one that lasts longer than its parent, to start with it.
func skew(child, parent *trace.Span) time.Duration {
	start := child.Start.Sub(parent.Start)
	if child.Duration > parent.Duration {
		return max(0, -start)
	}
	if start >= 0 && start+child.Duration <= parent.Duration {
		return 0
	}
	return (parent.Duration-child.Duration)/2 - start
}

func warn(s *trace.Span, format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// hostOf returns the address of the host that made the span, by the process tag
// ip in any of the forms that clients use.
func hostOf(s *trace.Span) string {
	if s.Process == nil {
		return ""
	}
	i := slices.IndexFunc(s.Process.Tags, func(tag trace.Tag) bool { return tag.Key == "ip" })
	if i < 0 {
		return ""
	}
	switch v := s.Process.Tags[i].Value; v.Kind() {
	case trace.KindString:
		return v.String()
	case trace.KindInt64:
		return ipv4(uint32(v.Int64())).String()
	case trace.KindBinary:
		if addr, ok := netip.AddrFromSlice(v.Bytes()); ok {
			return addr.Unmap().String()
		}
	default:
	}
	return ""
}
