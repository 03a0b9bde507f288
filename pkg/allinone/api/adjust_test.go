package api

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// onHost returns a process on a host with that address.
func onHost(ip string) *trace.Process {
	return &trace.Process{Service: "svc", Tags: []trace.Tag{{Key: "ip", Value: trace.String(ip)}}}
}

// at returns a span of trace 1 that starts and lasts so many milliseconds.
func at(id, parent trace.SpanID, start, length int, p *trace.Process) trace.Span {
	s := trace.Span{
		TraceID: trace.TraceID{Low: 1}, SpanID: id, Process: p,
		Start:    epoch().Add(time.Duration(start) * time.Millisecond),
		Duration: time.Duration(length) * time.Millisecond,
	}
	if parent != 0 {
		s.References = []trace.Reference{{TraceID: s.TraceID, SpanID: parent}}
	}
	return s
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	a, b := onHost("10.0.0.1"), onHost("10.0.0.2")
	nowhere := &trace.Process{Service: "svc"}
	tests := []struct {
		name  string
		spans []trace.Span
		want  [][]string
	}{
		{"sound", []trace.Span{at(1, 0, 0, 10, a), at(2, 1, 1, 5, b)}, [][]string{nil, nil}},
		{
			"orphan",
			[]trace.Span{at(2, 0xab, 0, 1, a)},
			[][]string{{"invalid parent span IDs=00000000000000ab; skipping clock skew adjustment"}},
		},
		{
			"duplicate",
			[]trace.Span{at(1, 0, 0, 1, a), at(1, 0, 5, 1, a)},
			[][]string{nil, {"duplicate span IDs; skipping clock skew adjustment"}},
		},
		{
			"child before its parent on another host, and a grandchild there",
			[]trace.Span{at(1, 0, 0, 10, a), at(2, 1, -5, 4, b), at(3, 2, -4, 1, b)},
			[][]string{
				nil,
				{"clock skew adjustment disabled; not applying calculated delta of 8ms"},
				{"clock skew adjustment disabled; not applying calculated delta of 8ms"},
			},
		},
		{"the same host cannot be skewed", []trace.Span{at(1, 0, 0, 10, a), at(2, 1, -5, 4, a)}, [][]string{nil, nil}},
		{
			"an unknown host can",
			[]trace.Span{at(1, 0, 0, 10, nowhere), at(2, 1, 9, 4, nowhere)},
			[][]string{nil, {"clock skew adjustment disabled; not applying calculated delta of -6ms"}},
		},
		{
			"longer than its parent: start with it",
			[]trace.Span{at(1, 0, 0, 1, a), at(2, 1, -3, 50, b), at(3, 1, 3, 50, b)},
			[][]string{nil, {"clock skew adjustment disabled; not applying calculated delta of 3ms"}, nil},
		},
		{"a circle ends", []trace.Span{at(1, 2, 0, 1, a), at(2, 1, 0, 1, b)}, [][]string{nil, nil}},
		{
			"reference to no trace",
			[]trace.Span{{TraceID: trace.TraceID{Low: 1}, SpanID: 1, References: []trace.Reference{{SpanID: 5}}}},
			[][]string{{"Invalid span reference removed {TraceID:0000000000000000 SpanID:0000000000000005 RefType:CHILD_OF}"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			adjusted := trace.Trace{Spans: tt.spans}
			adjust(&adjusted)
			got := make([][]string, len(adjusted.Spans))
			for i := range adjusted.Spans {
				if s := adjusted.Spans[i]; len(s.Warnings) > 0 {
					got[i] = s.Warnings
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdjustSortsWithoutTouchingTheStore(t *testing.T) {
	t.Parallel()
	ip := trace.Int64(10<<24 | 1)
	p := &trace.Process{Service: "svc", Tags: []trace.Tag{{Key: "z", Value: trace.Bool(true)}, {Key: "ip", Value: ip}}}
	own, other := trace.TraceID{Low: 1}, trace.TraceID{Low: 2}
	odd := func() trace.Span {
		return trace.Span{
			TraceID: own, SpanID: 3, Process: p,
			Tags: []trace.Tag{
				{Key: "b", Value: trace.String("x")},
				{Key: "a", Value: trace.Int64(10)},
				{Key: "a", Value: trace.Int64(9)},
				{Key: "a", Value: trace.String("s")},
			},
			Logs: []trace.Log{{Fields: []trace.Tag{
				{Key: "c", Value: trace.Bool(true)}, {Key: "event", Value: trace.String("e")}, {Key: "a", Value: trace.Bool(true)},
			}}},
			References: []trace.Reference{
				{Type: trace.ChildOf, TraceID: other, SpanID: 1},
				{Type: trace.FollowsFrom, TraceID: own, SpanID: 2},
				{Type: trace.ChildOf, TraceID: own, SpanID: 1},
			},
		}
	}
	original := []trace.Span{odd()}
	adjusted := trace.Trace{Spans: original}
	adjust(&adjusted)

	want := odd()
	want.Process = &trace.Process{Service: "svc", Tags: []trace.Tag{{Key: "ip", Value: trace.String("10.0.0.1")}, {Key: "z", Value: trace.Bool(true)}}}
	want.Tags = []trace.Tag{
		{Key: "a", Value: trace.String("s")},
		{Key: "a", Value: trace.Int64(9)},
		{Key: "a", Value: trace.Int64(10)},
		{Key: "b", Value: trace.String("x")},
	}
	want.Logs[0].Fields = []trace.Tag{
		{Key: "event", Value: trace.String("e")}, {Key: "a", Value: trace.Bool(true)}, {Key: "c", Value: trace.Bool(true)},
	}
	want.References[0], want.References[2] = want.References[2], want.References[0]
	want.Warnings = []string{"invalid parent span IDs=0000000000000001; skipping clock skew adjustment"}

	opt := cmp.AllowUnexported(trace.Value{})
	if diff := cmp.Diff(want, adjusted.Spans[0], opt); diff != "" {
		t.Errorf("adjusted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]trace.Span{odd()}, original, opt); diff != "" {
		t.Errorf("the store's span was changed (-before +after):\n%s", diff)
	}
}

// kindOf returns the tag that says on which side of a call a span is.
func kindOf(kind string) []trace.Tag {
	return []trace.Tag{{Key: "span.kind", Value: trace.String(kind)}}
}

// Zipkin's client and server share a span's id; Jaeger gives the server's half one
// of its own, below the client's, and what the server called comes along.
func TestSharedSpansAreSplit(t *testing.T) {
	t.Parallel()
	p := onHost("10.0.0.1")
	client, server, below := at(7, 3, 0, 10, p), at(7, 3, 1, 8, p), at(8, 7, 2, 1, p)
	root, taken := at(3, 0, 0, 20, p), at(1, 3, 5, 1, p)
	client.Tags, server.Tags = kindOf("client"), kindOf("server")
	original := []trace.Span{root, taken, client, server, below}
	adjusted := trace.Trace{Spans: slices.Clone(original)}
	adjust(&adjusted)

	type line struct{ ID, Parent trace.SpanID }
	var got []line
	for i := range adjusted.Spans {
		got = append(got, line{adjusted.Spans[i].SpanID, adjusted.Spans[i].ParentID()})
		if warnings := adjusted.Spans[i].Warnings; len(warnings) > 0 {
			t.Errorf("span %d: got warnings %q, want none", i, warnings)
		}
	}
	want := []line{{3, 0}, {1, 3}, {7, 3}, {2, 7}, {8, 2}} // 2 is the first id that is free
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans and their parents (-want +got):\n%s", diff)
	}
	if got := original[4].ParentID(); got != 7 {
		t.Errorf("the store's span was changed: its parent is %d, want 7", got)
	}
}

func TestSharedIDsOfTheSameSideStay(t *testing.T) {
	t.Parallel()
	p := onHost("10.0.0.1")
	first, second := at(7, 0, 0, 10, p), at(7, 0, 1, 8, p)
	first.Tags, second.Tags = kindOf("server"), kindOf("server")
	spans := []trace.Span{first, second}
	splitShared(spans)
	if spans[0].SpanID != 7 || spans[1].SpanID != 7 {
		t.Errorf("got ids %s and %s, want both as they were", spans[0].SpanID, spans[1].SpanID)
	}
}

func TestLibraryTagsMoveToTheProcess(t *testing.T) {
	t.Parallel()
	p := onHost("10.0.0.1")
	plain, library := at(1, 0, 0, 1, p), at(2, 1, 0, 1, p)
	library.Tags = []trace.Tag{
		{Key: "telemetry.sdk.name", Value: trace.String("opentelemetry")},
		{Key: "a", Value: trace.Bool(true)},
		{Key: "telemetry.distro.version", Value: trace.String("1")},
	}
	adjusted := trace.Trace{Spans: []trace.Span{plain, library}}
	adjust(&adjusted)
	wantTags := []trace.Tag{{Key: "a", Value: trace.Bool(true)}}
	wantProcess := []trace.Tag{
		p.Tags[0],
		{Key: "telemetry.distro.version", Value: trace.String("1")},
		{Key: "telemetry.sdk.name", Value: trace.String("opentelemetry")},
	}
	opt := cmp.AllowUnexported(trace.Value{})
	if diff := cmp.Diff(wantTags, adjusted.Spans[1].Tags, opt); diff != "" {
		t.Errorf("tags of the span (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantProcess, adjusted.Spans[1].Process.Tags, opt); diff != "" {
		t.Errorf("tags of its process (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(onHost("10.0.0.1"), adjusted.Spans[0].Process, opt); diff != "" {
		t.Errorf("process of the other span (-want +got):\n%s", diff)
	}
}

// Of equal spans the first stays, and the first repetition for its warning.
func TestEqualSpansAreDropped(t *testing.T) {
	t.Parallel()
	p := onHost("10.0.0.1")
	one := at(1, 0, 0, 1, p)
	one.Tags = kindOf("client")
	other := at(1, 0, 0, 1, p)
	other.Logs = []trace.Log{{Time: epoch()}}
	adjusted := trace.Trace{Spans: []trace.Span{one, one, at(2, 1, 0, 1, p), one, other, one, other}}
	adjust(&adjusted)
	var got []int
	for i := range adjusted.Spans {
		got = append(got, len(adjusted.Spans[i].Tags)*10+len(adjusted.Spans[i].Logs)+100*len(adjusted.Spans[i].Warnings))
	}
	if diff := cmp.Diff([]int{10, 110, 0, 101}, got); diff != "" {
		t.Errorf("spans left, by warnings, tags and logs (-want +got):\n%s", diff)
	}
}
