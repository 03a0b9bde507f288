package api

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// The warnings of Jaeger 1.62 (model/adjuster/clockskew.go).
const (
	warnDuplicate    = "duplicate span IDs; skipping clock skew adjustment"
	warnNoParent     = "invalid parent span IDs=%s; skipping clock skew adjustment"
	warnSkewDisabled = "clock skew adjustment disabled; not applying calculated delta of %v"
)

// skewNode is a span and those it caused.
type skewNode struct {
	span     *trace.Span
	host     string
	children []*skewNode
}

// warnOfSkew adds Jaeger's warnings of spans that share an id, whose parent is
// not in the trace, or whose time does not lie within their parent's although
// they ran on another host. It changes no time.
func warnOfSkew(spans []trace.Span) {
	nodes := make(map[trace.SpanID]*skewNode, len(spans))
	var inOrder []*skewNode
	for i := range spans {
		s := &spans[i]
		s.Warnings = slices.Clip(s.Warnings) // the store's array stays as it is
		if _, taken := nodes[s.SpanID]; taken {
			warn(s, warnDuplicate)
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
			warn(n.span, warnNoParent, id)
			roots = append(roots, n)
		default:
			parent.children = append(parent.children, n)
		}
	}
	for _, root := range roots {
		warnBelow(root)
	}
}

// skewStep is a span whose children are to be looked at, with the skew that it
// and its host have.
type skewStep struct {
	node  *skewNode
	host  string
	delta time.Duration
}

// warnBelow walks a tree without recursion: chains of a hundred thousand spans
// exist.
func warnBelow(root *skewNode) {
	todo := []skewStep{{node: root, host: root.host}}
	for len(todo) > 0 {
		step := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, child := range step.node.children {
			next := skewStep{node: child, host: step.host, delta: step.delta}
			if child.host != step.host || child.host == "" {
				next.host, next.delta = child.host, skew(child.span, step.node.span)
			}
			if next.delta != 0 {
				warn(child.span, warnSkewDisabled, next.delta)
			}
			todo = append(todo, next)
		}
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
	for _, tag := range s.Process.Tags {
		if tag.Key != "ip" {
			continue
		}
		switch tag.Value.Kind() {
		case trace.KindString:
			return tag.Value.String()
		case trace.KindInt64:
			return ipv4(uint32(tag.Value.Int64())).String()
		case trace.KindBinary:
			if addr, ok := netip.AddrFromSlice(tag.Value.Bytes()); ok {
				return addr.Unmap().String()
			}
		default:
		}
		return ""
	}
	return ""
}
