package appdash

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sourcegraph.com/sourcegraph/appdash"
	"sourcegraph.com/sourcegraph/appdash/httptrace"
	"sourcegraph.com/sourcegraph/appdash/sqltrace"

	"github.com/otdemo/otdemo/pkg/trace"
)

// epoch is when the first part of each span arrives, start and end are its times.
var (
	epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	start = epoch.Add(-time.Second)
	end   = start.Add(1500 * time.Microsecond)
)

// event returns the annotations that Appdash makes of an event.
func event(tb testing.TB, e appdash.Event) []Annotation {
	tb.Helper()
	marshaled, err := appdash.MarshalEvent(e)
	if err != nil {
		tb.Fatal(err)
	}
	var as []Annotation
	for _, a := range marshaled {
		as = append(as, Annotation{a.Key, string(a.Value)})
	}
	return as
}

// whole are the annotations of a span with nothing but a name and its times.
func whole(name string) []Annotation {
	return []Annotation{
		{"Name", name},
		{"_schema:name", ""},
		{"Span.Start", start.Format(time.RFC3339Nano)},
		{"Span.End", end.Format(time.RFC3339Nano)},
		{"_schema:Timespan", ""},
	}
}

func text(key, value string) trace.Tag { return trace.Tag{Key: key, Value: trace.String(value)} }

func TestConvert(t *testing.T) {
	t.Parallel()
	id := SpanID{Trace: 1, Span: 2, Parent: 3}
	child := []trace.Reference{{Type: trace.ChildOf, TraceID: trace.TraceID{Low: 1}, SpanID: 3}}
	times := event(t, appdash.Timespan{S: start, E: end})
	server := httptrace.ServerEvent{Route: "/gettime", ServerRecv: start, ServerSend: end}
	client := httptrace.ClientEvent{ClientSend: start, ClientRecv: end}
	tests := []struct {
		name  string
		parts [][]Annotation
		want  trace.Span
	}{
		{"name, tags and a service", [][]Annotation{
			event(t, appdash.SpanName("op")),
			{{"http.status_code", "200"}, {"bytes", "\xff"}, {serviceTag, "svc"}},
			times,
		}, trace.Span{
			Operation: "op", Start: start, Duration: 1500 * time.Microsecond,
			Tags:    []trace.Tag{text("http.status_code", "200"), {Key: "bytes", Value: trace.Binary([]byte{0xff})}},
			Process: &trace.Process{Service: "svc"},
		}},
		{"logs", [][]Annotation{
			event(t, appdash.LogWithTimestamp("began", start)),
			event(t, appdash.LogWithTimestamp(`{"event":"retry","n":"2"}`, end)),
			event(t, appdash.LogWithTimestamp("", end)),
			event(t, appdash.Msg("no time")),
			times,
		}, trace.Span{
			Start: start, Duration: 1500 * time.Microsecond,
			Logs: []trace.Log{
				{Time: start, Fields: []trace.Tag{text("event", "began")}},
				{Time: end, Fields: []trace.Tag{text("event", "retry"), text("n", "2")}},
				{Time: end, Fields: []trace.Tag{text("event", "")}},
				{Time: epoch, Fields: []trace.Tag{text("event", "no time")}},
			},
		}},
		{"tags of the names that events have", [][]Annotation{
			{{"Msg", "a tag"}, {"Name", "another"}},
			event(t, appdash.SpanName("op")),
			{{"Time", "noon"}, {"Span.Start", "here"}},
			times,
		}, trace.Span{
			Operation: "op", Start: start, Duration: 1500 * time.Microsecond,
			Tags: []trace.Tag{text("Msg", "a tag"), text("Name", "another"), text("Time", "noon"), text("Span.Start", "here")},
		}},
		{"an event that is not understood", [][]Annotation{
			{{"Words", "many"}, {"_schema:own", ""}},
			times,
		}, trace.Span{
			Start: start, Duration: 1500 * time.Microsecond,
			Tags: []trace.Tag{text("Words", "many"), text("_schema:own", "")},
		}},
		{"times that are none", [][]Annotation{
			{{"Span.Start", "soon"}, {"Span.End", "late"}, {"_schema:Timespan", ""}},
		}, trace.Span{
			Start: epoch, Warnings: []string{noTimes},
			Tags: []trace.Tag{text("Span.Start", "soon"), text("Span.End", "late"), text("_schema:Timespan", "")},
		}},
		{"nothing at all", nil, trace.Span{Start: epoch, Warnings: []string{noTimes}}},
		{"SQL", [][]Annotation{event(t, sqltrace.SQLEvent{SQL: "select 1", ClientSend: start, ClientRecv: end})}, trace.Span{
			Start: start, Duration: 1500 * time.Microsecond,
			Tags: []trace.Tag{text("span.kind", "client"), text("SQL", "select 1"), text("Tag", ""), text("_schema:SQL", "")},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := tt.want
			want.TraceID, want.SpanID, want.References = trace.TraceID{Low: 1}, 2, child
			if want.Process == nil {
				want.Process = &trace.Process{Service: unknownService}
			}
			var all []Annotation
			for _, part := range tt.parts {
				all = append(all, part...)
			}
			got, timed := convert(id, all, epoch)
			if timed != (want.Warnings == nil) {
				t.Errorf("timed is %t, with warnings %q", timed, got.Warnings)
			}
			byKey := cmpopts.SortSlices(func(a, b trace.Tag) bool { return a.Key < b.Key }) // Appdash writes fields in any order
			if diff := cmp.Diff(want, got, byKey, cmp.AllowUnexported(trace.Value{})); diff != "" {
				t.Errorf("span (-want +got):\n%s", diff)
			}
		})
	}
	later := httptrace.ClientEvent{ClientSend: end, ClientRecv: end}
	if got, _ := convert(id, append(event(t, server), event(t, later)...), epoch); !got.Start.Equal(start) {
		t.Errorf("starts at %s, want where the first event does: %s", got.Start, start)
	}
	for kind, e := range map[string]appdash.Event{"server": server, "client": client} {
		got, timed := convert(id, event(t, e), epoch)
		if v, _ := got.Tag("span.kind"); !timed || v.String() != kind || !got.Start.Equal(start) || got.Duration != 1500*time.Microsecond {
			t.Errorf("%s: got %+v, want a %s span with its times", e.Schema(), got, kind)
		}
	}
}
