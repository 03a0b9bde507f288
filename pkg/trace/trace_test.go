package trace

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/internal/golden"
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
			tree := NewTree(&Trace{ID: id, Spans: tt.spans})
			if got := shape(tree.Roots); got != tt.want {
				t.Errorf("tree is %s, want %s", got, tt.want)
			}
			orphans := 0
			for _, root := range tree.Roots {
				if root.Orphan {
					orphans++
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

func TestWaterfall(t *testing.T) {
	t.Parallel()
	broken := sample()
	broken.Spans[2].References[0].SpanID = 0x99
	broken.Spans[2].Operation = "evil\x1b[2J\nname"
	broken.Spans[2].Warnings = []string{"clock skew"}
	broken.Warnings = []string{"trace is odd"}
	long := sample()
	long.Spans[2].Operation = strings.Repeat("long ", 30)
	tests := map[string]struct {
		trace Trace
		opts  DrawOptions
	}{
		"call":   {trace: sample(), opts: DrawOptions{}},
		"ascii":  {trace: sample(), opts: DrawOptions{Width: 80, ASCII: true}},
		"color":  {trace: sample(), opts: DrawOptions{Width: 80, Color: true}},
		"broken": {trace: broken, opts: DrawOptions{Width: 80}},
		"narrow": {trace: long, opts: DrawOptions{Width: 60, MaxSpans: 4}},
		"empty":  {trace: Trace{ID: TraceID{Low: 1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			if err := Waterfall(&buf, &tt.trace, tt.opts); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", "waterfall-"+name+".txt"), buf.String())
		})
	}
}

// A chain is as deep as it is long. Drawn with an indentation a level, this one
// would take 15 GB.
func TestWaterfallOfALongChain(t *testing.T) {
	t.Parallel()
	const n = 100_000
	tr := Trace{ID: TraceID{Low: 1}, Spans: make([]Span, n)}
	for i := range tr.Spans {
		s := Span{TraceID: tr.ID, SpanID: SpanID(i + 1), Start: t0, Duration: time.Second}
		if i > 0 {
			s.References = []Reference{{TraceID: tr.ID, SpanID: SpanID(i)}}
		}
		tr.Spans[i] = s
	}
	var all, some bytes.Buffer
	if err := Waterfall(&all, &tr, DrawOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(all.Bytes(), []byte("\n")); got != n+1 || all.Len() > n*1000 {
		t.Errorf("%d lines of %d bytes, want %d lines of less than 1000 bytes each", got, all.Len(), n+1)
	}
	if err := Waterfall(&some, &tr, DrawOptions{MaxSpans: 10}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(some.String(), "\n"); got != 12 || !strings.HasSuffix(some.String(), "(99990 spans not shown)\n") {
		t.Errorf("%d lines, want the head, 10 spans and what is not shown:\n%s", got, some.String())
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
