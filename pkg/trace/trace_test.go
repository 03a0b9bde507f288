package trace

import (
	"strings"
	"testing"
	"time"
)

func TestTree(t *testing.T) {
	t.Parallel()
	id := TraceID{Low: 1}
	span := func(own, parent SpanID) Span {
		s := Span{TraceID: id, SpanID: own, Start: t0.Add(time.Duration(own))}
		if parent != 0 {
			s.References = []Reference{{Type: ChildOf, TraceID: id, SpanID: parent}}
		}
		return s
	}
	tests := map[string]struct {
		spans   []Span
		want    string
		orphans int
	}{
		"a chain":          {spans: []Span{span(3, 2), span(2, 1), span(1, 0)}, want: "1(2(3))"},
		"siblings by time": {spans: []Span{span(1, 0), span(3, 1), span(2, 1)}, want: "1(2 3)"},
		"an orphan":        {spans: []Span{span(1, 0), span(3, 9)}, want: "1 3", orphans: 1},
		"its own parent":   {spans: []Span{span(1, 1), span(2, 1)}, want: "1(2)"},
		"a circle":         {spans: []Span{span(1, 3), span(2, 1), span(3, 2)}, want: "1(2(3))"},
		"the same id":      {spans: []Span{span(1, 0), span(1, 0), span(2, 1)}, want: "1(2) 1"},
		"nothing":          {want: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roots := Tree(&Trace{ID: id, Spans: tt.spans})
			if got := shape(roots); got != tt.want {
				t.Errorf("tree is %s, want %s", got, tt.want)
			}
			orphans := 0
			for _, root := range roots {
				if root.Orphan {
					orphans++
				}
				if root.Parent != nil {
					t.Errorf("root %s has a parent", root.Span.SpanID)
				}
			}
			if orphans != tt.orphans {
				t.Errorf("%d orphans, want %d", orphans, tt.orphans)
			}
		})
	}
}

func shape(nodes []*Node) string {
	var parts []string
	for _, n := range nodes {
		s := strings.TrimLeft(n.Span.SpanID.String(), "0")
		if len(n.Children) > 0 {
			s += "(" + shape(n.Children) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestParentIDPrefersChildOf(t *testing.T) {
	t.Parallel()
	own, other := TraceID{Low: 1}, TraceID{Low: 2}
	s := Span{TraceID: own, References: []Reference{
		{Type: ChildOf, TraceID: other, SpanID: 7},
		{Type: FollowsFrom, TraceID: own, SpanID: 8},
		{Type: ChildOf, TraceID: own, SpanID: 9},
	}}
	if got := s.ParentID(); got != 9 {
		t.Errorf("parent is %s, want 9", got)
	}
	s.References = s.References[:2]
	if got := s.ParentID(); got != 8 {
		t.Errorf("parent is %s, want 8, the span it follows", got)
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		0:                         "0us",
		999 * time.Microsecond:    "999us",
		1234 * time.Microsecond:   "1.23ms",
		45678 * time.Microsecond:  "45.7ms",
		123456 * time.Microsecond: "123ms",
		7890 * time.Millisecond:   "7.89s",
		725 * time.Second:         "12m5s",
		-3 * time.Microsecond:     "-3us",
		999999 * time.Microsecond: "1000ms",
		59900 * time.Millisecond:  "59.9s",
		time.Hour + time.Second/3: "1h0m0s",
	}
	for in, want := range tests {
		if got := FormatDuration(in); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestSpanFailed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tags []Tag
		want bool
	}{
		{"no tag", nil, false},
		{"true", []Tag{{Key: "error", Value: Bool(true)}}, true},
		{"text", []Tag{{Key: "error", Value: String("true")}}, true},
		{"false", []Tag{{Key: "error", Value: Bool(false)}}, false},
		{"beside its text", []Tag{{Key: "error", Value: String("card declined")}, {Key: "error", Value: Bool(true)}}, true},
	}
	for _, tt := range tests {
		span := Span{Tags: tt.tags}
		if got := span.Failed(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
