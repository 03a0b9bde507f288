package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

func ids(traces []trace.Trace) []uint64 {
	out := []uint64{}
	for i := range traces {
		out = append(out, traces[i].ID.Low)
	}
	return out
}

func TestFind(t *testing.T) {
	t.Parallel()
	svc := newProcess("svc")
	slow := span(1, 0, svc)
	slow.Duration = time.Second
	slow.Tags = []trace.Tag{{Key: "code", Value: trace.Int64(500)}, {Key: "error", Value: trace.Bool(true)}}
	logged := span(2, 10, svc)
	logged.Operation = "other"
	logged.Logs = []trace.Log{{Fields: []trace.Tag{{Key: "event", Value: trace.String("boom")}}}}
	// The first trace has a span of another service too, which is later.
	foreign := span(1, 30, newProcess("else"))
	foreign.Operation = "foreign"
	newest := span(3, 20, svc)
	s := New(1 << 20)
	s.Add([]trace.Span{slow, logged, foreign, newest})

	at := func(n int) time.Time { return epoch().Add(time.Duration(n) * time.Microsecond) }
	tests := []struct {
		name  string
		query Query
		want  []uint64
	}{
		{"all, newest first", Query{}, []uint64{3, 2, 1}},
		{"limit takes the newest", Query{Limit: 2}, []uint64{3, 2}},
		{"operation", Query{Operation: "other"}, []uint64{2}},
		{"operation of another service's span", Query{Operation: "foreign"}, []uint64{}},
		{"unknown service", Query{Service: "nope"}, []uint64{}},
		{"service of one span", Query{Service: "else"}, []uint64{1}},
		{"min duration", Query{MinDuration: time.Second}, []uint64{1}},
		{"max duration", Query{MaxDuration: time.Second - 1}, []uint64{3, 2}},
		{"start is included", Query{Start: at(10)}, []uint64{3, 2}},
		{"end is included", Query{End: at(10)}, []uint64{2, 1}},
		{"window", Query{Start: at(1), End: at(19)}, []uint64{2}},
		{"int tag as text", Query{Tags: map[string]string{"code": "500"}}, []uint64{1}},
		{"bool tag as text", Query{Tags: map[string]string{"error": "true"}}, []uint64{1}},
		{"all tags at once", Query{Tags: map[string]string{"error": "true", "code": "1"}}, []uint64{}},
		{"process tag", Query{Tags: map[string]string{"host": "h"}}, []uint64{3, 2, 1}},
		{"log field", Query{Tags: map[string]string{"event": "boom"}}, []uint64{2}},
		{"conditions on one span", Query{Operation: "other", MinDuration: time.Second}, []uint64{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.query.Service == "" {
				tt.query.Service = "svc"
			}
			if tt.query.Limit == 0 {
				tt.query.Limit = 100
			}
			if diff := cmp.Diff(tt.want, ids(s.Find(tt.query))); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

// The order is by the earliest span, also when that one comes last and when
// evictions have shuffled the index.
func TestFindOrder(t *testing.T) {
	t.Parallel()
	s := New(200 << 10)
	p := newProcess("svc")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 5000 {
		s.Add([]trace.Span{span(uint64(random.IntN(2000)), random.IntN(1e6), p)})
		if i%10 == 0 {
			s.Add([]trace.Span{span(uint64(i), random.IntN(1e6), newProcess(fmt.Sprint("svc", i%3)))})
		}
	}
	if s.Stats().EvictedTraces == 0 {
		t.Fatal("nothing was evicted, so nothing is tested")
	}
	found := s.Find(Query{Service: "svc", Limit: 1 << 20})
	for i := 1; i < len(found); i++ {
		before, _ := found[i-1].Bounds()
		start, _ := found[i].Bounds()
		if start.After(before) {
			t.Fatalf("trace %d of %d starts %v after the one before it", i, len(found), start.Sub(before))
		}
	}
	want := 0
	for _, recent := range s.Recent(1 << 20) {
		for i := range recent.Spans {
			if recent.Spans[i].Service() == "svc" {
				want++
				break
			}
		}
	}
	if got := len(found); got != want {
		t.Errorf("found %d traces, want %d", got, want)
	}
}

func BenchmarkFind(b *testing.B) {
	s := New(1 << 30)
	p := newProcess("svc")
	for i := range 100_000 {
		s.Add([]trace.Span{full(uint64(i), i, p)})
	}
	queries := map[string]Query{
		"20 of 100k traces":        {Service: "svc", Limit: 20},
		"a tag that no trace has":  {Service: "svc", Limit: 20, Tags: map[string]string{"nope": "1"}},
		"a duration that none has": {Service: "svc", Limit: 20, MinDuration: time.Hour},
		"an operation of one in 5": {Service: "svc", Limit: 20, Operation: "HTTP GET: /route/5"},
	}
	for name, q := range queries {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.Find(q)
			}
		})
	}
}
