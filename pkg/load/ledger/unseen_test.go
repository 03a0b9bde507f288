package ledger

import (
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/trace"
)

// A service of which nothing was seen is waited for; one whose spans are in is not.
func TestDoneWaitsForTheService(t *testing.T) {
	t.Parallel()
	unseen := entry{made: 3, answered: 1, observed: observed{client: 3}}
	seenToo := entry{made: 3, answered: 1, observed: observed{client: 3, server: 1}}
	refused := entry{made: 3, observed: observed{client: 3}}
	for _, test := range []struct {
		name            string
		entry           entry
		traced          bool
		after, patience time.Duration
		want            bool
	}{
		{"seen at once", seenToo, true, 0, time.Minute, true},
		{"unseen at once", unseen, false, 0, time.Minute, false},
		{"unseen for less than OpenTelemetry's batch delay", unseen, false, 5 * time.Second, time.Minute, false},
		{"unseen just before the end", unseen, false, ServiceGrace - 1, time.Minute, false},
		{"unseen at the end", unseen, false, ServiceGrace, time.Minute, true},
		{"unseen with less patience", unseen, false, time.Second, time.Second, true},
		{"traced by its counters and missing", unseen, true, time.Hour, 2 * time.Hour, false},
		{"no request was answered", refused, false, 0, time.Minute, true},
		{"the client's span is missing", entry{made: 3, answered: 1}, false, ServiceGrace, time.Minute, false},
	} {
		r := newReader([]entry{test.entry}, newIdentifier("client"))
		r.traced, r.patience = test.traced, test.patience
		if got := r.done(test.after); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}

// While no span of the service was seen, the first and the last traces are asked for
// again, and those between only if they lack spans of the client.
func TestPendingOfAnUnseenService(t *testing.T) {
	t.Parallel()
	entries := make([]entry, 3)
	for i := range entries {
		entries[i] = entry{start: int64(i), made: 1, answered: 1, observed: observed{client: 1}}
	}
	r := newReader(entries, newIdentifier("client"))
	for at, want := range []int{1, 0, 1} {
		if got, _ := r.pending(at, at+1); len(got) != want {
			t.Errorf("trace %d: got %d pending, want %d", at, len(got), want)
		}
	}
}

func TestSettleOfAnUnseenService(t *testing.T) {
	t.Parallel()
	const counters = "; according to its own counters it finished none"
	ends := func(n int64) *Server { return &Server{Finished: n, States: map[string]int64{"sent": n}} }
	for _, test := range []struct {
		name    string
		entry   entry
		server  *Server
		unseen  string
		missing int64
	}{
		{"seen", entry{made: 3, answered: 1, observed: observed{client: 3, server: 1}}, nil, "", 0},
		{"not seen", entry{made: 3, answered: 1, observed: observed{client: 3}}, nil, Unseen([]string{"jaeger", "w3c"}), 0},
		{"not seen, nor the client", entry{made: 3, answered: 1}, nil, Unseen([]string{"jaeger", "w3c"}), 3},
		{"its counters say none", entry{made: 3, answered: 1, observed: observed{client: 3}}, ends(0), Unseen([]string{"jaeger", "w3c"}) + counters, 0},
		{"its counters say one", entry{made: 3, answered: 1, observed: observed{client: 3}}, ends(1), "", 1},
		{"it is gone", entry{made: 3, answered: 1, observed: observed{client: 3}}, &Server{Restarted: true}, "", 1},
		{"only a span below its own", entry{made: 3, answered: 1, observed: observed{client: 3, others: 1, orphans: 1}}, nil, "", 1},
		{"never reached", entry{made: 3, observed: observed{client: 3}}, nil, "", 0},
	} {
		r := newReader([]entry{test.entry}, newIdentifier("client"))
		r.traced = test.entry.server > 0 || test.entry.others > 0 // as note found
		f := &facts{
			opts: &Options{Formats: []string{"jaeger", "w3c"}}, server: test.server, reader: r,
			before: &snapshot{}, after: &snapshot{},
		}
		f.sum(0)
		l := f.settle()
		if l.ServiceUnseen != test.unseen || l.Spans.Missing != test.missing {
			t.Errorf("%s: got %q and %d missing, want %q and %d", test.name, l.ServiceUnseen, l.Spans.Missing, test.unseen, test.missing)
		}
		if got, want := l.NoneLost(), test.unseen == "" && test.missing == 0; got != want {
			t.Errorf("%s: got none lost %t, want %t", test.name, got, want)
		}
		for _, note := range l.Notes {
			if strings.Contains(note, "makes no spans") {
				t.Errorf("%s: got the note %q, which nobody can know", test.name, note)
			}
		}
	}
}

// A request that may have arrived may have made spans, answered or not.
func TestSettleWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for kind, want := range map[load.ErrorKind]string{
		load.Refused: "", load.DNS: "", load.TLS: "",
		load.Reset: noAnswer, load.Timeout: noAnswer, load.Canceled: noAnswer, load.Other: noAnswer,
	} {
		rec := &Recorder{opts: Options{Service: "client"}}
		rec.Add(load.Result{TraceID: trace.TraceID{Low: 1}, Sampled: true, Kind: kind, Hops: 1, SpansMade: 3})
		f := &facts{reader: newReader(rec.entries, newIdentifier("client")), unanswered: rec.unanswered}
		if got := f.unseen(); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

// Of requests without a response it is unknown which spans the service made, unless its
// own counters include them.
func TestSettleOfUnanswered(t *testing.T) {
	t.Parallel()
	const want = "2 requests got no response, so the service may have made spans that are not counted"
	for _, test := range []struct {
		name   string
		server *Server
		want   string
	}{
		{"no counters", nil, want},
		{"counters of a process that is gone", &Server{Restarted: true}, want},
		{"counters", &Server{Finished: 1, States: map[string]int64{"sent": 1}}, ""},
	} {
		rec := &Recorder{opts: Options{Service: "client"}}
		for i := range 3 {
			r := load.Result{TraceID: trace.TraceID{Low: uint64(i) + 1}, Sampled: true, Hops: 1, SpansMade: 3, Kind: load.Timeout}
			if i == 0 {
				r.Kind, r.Answered = "", 1
			}
			rec.Add(r)
		}
		for i := range rec.entries {
			rec.entries[i].observed = observed{client: 3, server: rec.entries[i].answered}
		}
		reader := newReader(rec.entries, newIdentifier("client"))
		reader.traced = true
		f := &facts{opts: &Options{}, server: test.server, reader: reader, unanswered: rec.unanswered, before: &snapshot{}, after: &snapshot{}}
		f.sum(0)
		l := f.settle()
		if got := l.Unproven(); got != test.want || l.NoneLost() != (test.want == "") {
			t.Errorf("%s: got %q and none lost %t, want %q", test.name, got, l.NoneLost(), test.want)
		}
	}
}

// A span of the service that is not the answer itself proves that the service is
// traced, so that its answer's span is missing.
func TestNoteFindsTheServiceTraced(t *testing.T) {
	t.Parallel()
	id := trace.TraceID{Low: 1}
	own := trace.Span{TraceID: id, SpanID: 1, Process: &trace.Process{Service: "client"}}
	inner := trace.Span{
		TraceID: id, SpanID: 3, Process: &trace.Process{Service: "shop"},
		References: []trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: 2}},
	}
	for _, test := range []struct {
		name  string
		spans []trace.Span
		want  bool
	}{
		{"the client alone", []trace.Span{own}, false},
		{"a span below the answer", []trace.Span{own, inner}, true},
	} {
		r := newReader([]entry{{id: id, made: 1, answered: 1}}, newIdentifier("client"))
		r.record([]trace.Trace{{ID: id, Spans: test.spans}})
		if r.traced != test.want {
			t.Errorf("%s: got traced %t, want %t", test.name, r.traced, test.want)
		}
	}
}
