package compare

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// grow makes a trace of lines "service operation", a child one tab deeper than its
// parent. Each span lasts as long as what is below it.
func grow(t *testing.T, lines ...string) trace.Trace {
	t.Helper()
	tr := trace.Trace{ID: trace.TraceID{Low: 1}}
	var above []trace.SpanID
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for i, line := range lines {
		text := strings.TrimLeft(line, "\t")
		depth := len(line) - len(text)
		service, operation, _ := strings.Cut(text, " ")
		s := trace.Span{
			TraceID: tr.ID, SpanID: trace.SpanID(i + 1), Operation: operation,
			Start: start.Add(time.Duration(i) * time.Millisecond), Duration: time.Duration(100-i) * time.Millisecond,
			Process: &trace.Process{Service: service},
		}
		if depth > 0 {
			s.References = []trace.Reference{{TraceID: tr.ID, SpanID: above[depth-1]}}
		}
		above = append(above[:depth], s.SpanID)
		tr.Spans = append(tr.Spans, s)
	}
	return tr
}

// sketch writes a report's rows and differences as lines.
func sketch(r *Report) string {
	var b strings.Builder
	for _, row := range r.Rows {
		from, to := "-", "-"
		if row.From != nil {
			from = Label(row.From)
		}
		if row.To != nil {
			to = Label(row.To)
		}
		fmt.Fprintf(&b, "%s%s %s | %s\n", strings.Repeat("  ", row.Depth), row.Result(), from, to)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "%s %s: %q -> %q on %s\n", d.Change, d.ID, d.From, d.To, strings.Join(d.Spans, ", "))
	}
	return b.String()
}

func TestSpansAreMatchedByPathAndOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		from, to []string
		want     string
	}{
		{
			name: "alike",
			from: []string{"a call", "\ta get", "\t\tb serve", "\ta get"},
			to:   []string{"a call", "\ta get", "\t\tb serve", "\ta get"},
			want: `
same a call | a call
  same a get | a get
    same b serve | b serve
  same a get | a get
`,
		},
		{
			name: "lost with all that is below",
			from: []string{"a call", "\ta get", "\t\tb serve", "\ta get"},
			to:   []string{"a call", "\ta get"},
			want: `
same a call | a call
  same a get | a get
    lost b serve | -
  lost a get | -
lost span:serve: "b serve" -> "" on 
lost span:get: "a get" -> "" on 
`,
		},
		{
			name: "renamed",
			from: []string{"a call", "\ta get", "\t\tb serve"},
			to:   []string{"a call", "\ta GET", "\t\tc serve"},
			want: `
same a call | a call
  differs a get | a GET
    differs b serve | c serve
changed service:serve: "b" -> "c" on b serve
changed operation:get: "get" -> "GET" on a get
`,
		},
		{
			name: "moved",
			from: []string{"a call", "\ta get", "\t\tb serve", "\ta get"},
			to:   []string{"a call", "\ta get", "\ta get", "\t\tb serve"},
			want: `
same a call | a call
  same a get | a get
    differs b serve | b serve
  same a get | a get
changed parent:serve: "a get" -> "another a get" on b serve
`,
		},
		{
			name: "a chain broken in two",
			from: []string{"a call", "\tb serve", "\t\tb query"},
			to:   []string{"a call", "b serve", "\tb query"},
			want: `
same a call | a call
  differs b serve | b serve
    same b query | b query
changed parent:serve: "a call" -> "none" on b serve
changed reference:serve: "CHILD_OF" -> "none" on b serve
`,
		},
		{
			name: "another operation is no new name",
			from: []string{"a call", "\ta get"},
			to:   []string{"a call", "\tb put"},
			want: `
same a call | a call
  lost a get | -
  added - | b put
lost span:get: "a get" -> "" on 
added span:put: "" -> "b put" on 
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := Traces(Side{Trace: grow(t, tt.from...)}, Side{Trace: grow(t, tt.to...)}, Ignore{})
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), sketch(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// However the spans of two traces lie, each stands in exactly one row.
func FuzzEverySpanHasOneRow(f *testing.F) {
	f.Add([]byte{0, 1, 2}, []byte{0, 2, 1})
	f.Add([]byte{7, 7, 0xff}, []byte{0x10, 0x21, 0x32, 3})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		from, to := scatter(a), scatter(b)
		r := Traces(Side{Trace: from}, Side{Trace: to}, Ignore{})
		seen := make(map[*trace.Span]int)
		for _, row := range r.Rows {
			if row.From != nil {
				seen[row.From]++
			}
			if row.To != nil {
				seen[row.To]++
			}
		}
		if len(seen) != len(from.Spans)+len(to.Spans) {
			t.Errorf("%d spans have rows, want %d", len(seen), len(from.Spans)+len(to.Spans))
		}
		for s, n := range seen {
			if n != 1 {
				t.Errorf("%s has %d rows, want 1", Label(s), n)
			}
		}
		if same := Traces(Side{Trace: from}, Side{Trace: from}, Ignore{}); !same.Same() {
			t.Errorf("a trace differs from itself:\n%s", sketch(same))
		}
	})
}

// scatter makes a span a byte: its name by the low bits, its parent by the high
// ones, which may make circles.
func scatter(data []byte) trace.Trace {
	data = data[:min(len(data), 64)]
	tr := trace.Trace{ID: trace.TraceID{Low: 1}}
	for i, b := range data {
		tr.Spans = append(tr.Spans, trace.Span{
			TraceID: tr.ID, SpanID: trace.SpanID(i + 1), Operation: string(rune('a' + b&3)),
			Process:    &trace.Process{Service: string(rune('s' + b>>2&1))},
			References: []trace.Reference{{TraceID: tr.ID, SpanID: trace.SpanID(b >> 4)}},
		})
	}
	return tr
}
