package store

import (
	"fmt"
	"math"
	"testing"

	"github.com/otdemo/otdemo/pkg/trace"
)

// A trace is found by everything that one of its spans has, whatever the type.
func TestFindsByEverything(t *testing.T) {
	t.Parallel()
	values := []trace.Value{
		trace.String(""), trace.String("text"), trace.Bool(true), trace.Int64(-7), trace.Int64(math.MinInt64),
		trace.Float64(0.1), trace.Float64(math.NaN()), trace.Binary([]byte{0xca, 0xfe}),
	}
	for _, spans := range []int{1, 3, 200} {
		t.Run(fmt.Sprint(spans, " spans"), func(t *testing.T) {
			t.Parallel()
			s := New(1 << 20)
			p := newProcess("svc")
			p.Tags = append(p.Tags, trace.Tag{Key: "", Value: trace.Int64(5)})
			for i := range spans {
				one := span(1, i, p)
				one.Operation = fmt.Sprint("op", i)
				for j, v := range values {
					one.Tags = append(one.Tags, trace.Tag{Key: fmt.Sprint("key", i, ".", j), Value: v})
				}
				one.Logs = []trace.Log{{Fields: []trace.Tag{{Key: fmt.Sprint("log", i), Value: trace.Int64(int64(i))}}}}
				s.Add([]trace.Span{one})
			}
			for i := range spans {
				q := Query{Service: "svc", Operation: fmt.Sprint("op", i), Limit: 1, Tags: map[string]string{
					"host": "h", "": "5", fmt.Sprint("log", i): fmt.Sprint(i),
				}}
				for j, v := range values {
					q.Tags[fmt.Sprint("key", i, ".", j)] = v.String()
				}
				if got := len(s.Find(q)); got != 1 {
					t.Errorf("span %d: found %d traces, want 1", i, got)
				}
			}
		})
	}
}

// A trace is found by each of its services, also while others are evicted.
func TestFindsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := New(256 << 10)
	for i := range 5000 {
		one := full(uint64(i), i, newProcess(fmt.Sprint("svc", i%3)))
		other := full(uint64(i), i, newProcess("all"))
		s.Add([]trace.Span{one, other})
	}
	kept := 0
	for _, held := range s.Recent(math.MaxInt) {
		kept++
		value, _ := held.Spans[0].Tag("http.tag.0")
		for _, service := range held.Services() {
			found := s.Find(Query{Service: service, Limit: 10, Tags: map[string]string{"http.tag.0": value.String()}})
			if len(found) != 1 || found[0].ID != held.ID {
				t.Fatalf("trace %s by its tag in %s: found %v, want itself", held.ID, service, ids(found))
			}
		}
	}
	if kept == 0 || kept == 5000 {
		t.Fatalf("%d traces are left, so nothing is tested", kept)
	}
}

// A stranger's traces with a service and a process for each span are stored and
// evicted like others, without a search through all of them for each.
func TestManyServicesInOneTrace(t *testing.T) {
	t.Parallel()
	const spans = 10_000
	s := New(1 << 30)
	for id := range uint64(2) {
		for i := range spans {
			s.Add([]trace.Span{span(id+1, i, newProcess(fmt.Sprint("svc", i)))})
		}
	}
	if got := len(s.Services()); got != spans {
		t.Errorf("got %d services, want %d", got, spans)
	}
	s.maxBytes = 0
	s.evict()
	if got := len(s.services) + len(s.processes.byHash); got != 0 {
		t.Errorf("%d services and processes are left, want 0", got)
	}
}
