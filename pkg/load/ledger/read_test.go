package ledger

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// newSearch returns a reader of traces that started at these times, in microseconds,
// from a Jaeger that finds up to ten of them at once.
func newSearch(t *testing.T, starts []int64) *reader {
	t.Helper()
	var entries []entry
	for i := range starts {
		entries = append(entries, entry{id: trace.TraceID{Low: uint64(i + 1)}, made: 1})
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := func(name string) int64 {
			n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return n
		}
		from, to, limit := number("start"), number("end"), number("limit")
		var found []trace.Trace
		for i, start := range starts {
			if start >= from && start <= to && len(found) < int(limit) {
				id := trace.TraceID{Low: uint64(i + 1)}
				found = append(found, trace.Trace{ID: id, Spans: []trace.Span{
					{TraceID: id, SpanID: 1, Process: &trace.Process{Service: "client"}},
				}})
			}
		}
		if err := trace.EncodeTraces(w, found, nil); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	client, err := query.New(srv.URL, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	r := newReader(entries, newIdentifier("client"))
	r.query, r.search = client, query.SearchOptions{Service: "client", Limit: 10, Outline: true}
	return r
}

// complete counts the traces that were read.
func (r *reader) complete() int {
	n := 0
	for i := range r.entries {
		if r.entries[i].complete(false) {
			n++
		}
	}
	return n
}

func TestSearchIsSplitUntilAnswersAreWhole(t *testing.T) {
	t.Parallel()
	var starts []int64
	for i := range int64(100) {
		starts = append(starts, i*i) // close together at first
	}
	r := newSearch(t, starts)
	whole, err := r.bySearch(t.Context(), 0, 99*99)
	if got := r.complete(); got != 100 || !whole || err != nil {
		t.Errorf("got %d traces, whole %t, %v, want all 100", got, whole, err)
	}
}

func TestSearchThatCannotBeSplit(t *testing.T) {
	t.Parallel()
	starts := make([]int64, 30)
	starts[29] = 5
	r := newSearch(t, starts)
	whole, err := r.bySearch(t.Context(), -1000, 1000)
	if got := r.complete(); got != 11 || whole || err != nil {
		t.Errorf("got %d traces, whole %t, %v, want the one, and ten of the 29 that began together", got, whole, err)
	}
}

func TestCheaperWayToRead(t *testing.T) {
	t.Parallel()
	slow, fast := cost{took: time.Second, traces: 100}, cost{took: time.Second, traces: 200}
	for _, test := range []struct {
		prices costs
		want   bool
	}{
		{costs{}, false},
		{costs{search: fast}, true}, // nobody knows what ids cost
		{costs{search: fast, byID: slow}, false},
		{costs{search: slow, byID: fast}, true},
	} {
		if got := test.prices.preferIDs(); got != test.want {
			t.Errorf("%+v: got %t, want %t", test.prices, got, test.want)
		}
	}
}
