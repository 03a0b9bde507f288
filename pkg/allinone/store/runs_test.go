package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/trace"
)

// someSpans returns n spans in runs of random length, of a few traces, processes and
// operations.
func someSpans(random *rand.Rand, n int) []trace.Span {
	processes := []*trace.Process{newProcess("a"), newProcess("a"), newProcess("b")}
	kinds := []string{"client", "server"}
	var spans []trace.Span
	for len(spans) < n {
		process := processes[random.IntN(len(processes))]
		id := random.Uint64N(5)
		for range 1 + random.IntN(2*addAtOnce) {
			one := span(id, random.IntN(1_000_000), process)
			one.SpanID = trace.SpanID(len(spans) + 1)
			one.Operation = fmt.Sprint("op", random.IntN(3))
			one.Duration = time.Duration(random.IntN(1_000_000))
			one.Tags = []trace.Tag{
				{Key: "span.kind", Value: trace.String(kinds[random.IntN(len(kinds))])},
				{Key: "n", Value: trace.Int64(int64(len(spans)))},
			}
			spans = append(spans, one)
		}
	}
	return spans
}

// Spans that come together are stored, counted, found and forgotten as those that
// come one by one.
func TestAddTogether(t *testing.T) {
	t.Parallel()
	const spans, maxSpans = 2000, 300 // of 5 traces, so that some are refused
	for seed := range uint64(10) {
		all := someSpans(rand.New(rand.NewPCG(seed, 0)), spans)
		together, apart := New(1<<30), New(1<<30)
		together.maxSpans, apart.maxSpans = maxSpans, maxSpans
		together.Add(all)
		for i := range all {
			apart.Add(all[i : i+1])
		}
		if diff := cmp.Diff(contents(apart, all), contents(together, all)); diff != "" {
			t.Fatalf("seed %d (-apart +together):\n%s", seed, diff)
		}
		if together.Stats().RefusedSpans == 0 {
			t.Errorf("seed %d: no span was refused", seed)
		}
		assertSums(t, together)
		together.maxBytes = 0
		together.evict()
		if got := together.Stats(); got.Bytes != 0 || len(together.services) != 0 {
			t.Errorf("seed %d: %d bytes and %d services are left of nothing", seed, got.Bytes, len(together.services))
		}
	}
}

// contents is all that can be asked of a store, which spans were added to, as text.
func contents(s *Store, spans []trace.Span) map[string]string {
	stats := s.Stats()
	stats.Bytes = 0 // the capacity of slices depends on how they grew
	all := map[string]string{
		"stats":    fmt.Sprintf("%+v", stats),
		"services": fmt.Sprint(s.Services()),
		"recent":   listing(s.Recent(10)),
	}
	for _, service := range s.Services() {
		svc := s.services[service]
		all["operations of "+service] = fmt.Sprint(s.Operations(service), svc)
		all["traces of "+service] = listing(s.Find(Query{Service: service, Limit: 10}))
	}
	for _, e := range s.traces {
		all[fmt.Sprint("entry of ", e.id)] = fmt.Sprint(e.start)
	}
	for i := 0; i < len(spans); i += 100 {
		one := &spans[i]
		q := Query{Service: one.Process.Service, Operation: one.Operation, Tags: map[string]string{"n": one.Tags[1].Value.String()}, Limit: 10}
		all[fmt.Sprint("like span ", one.SpanID)] = listing(s.Find(q))
	}
	return all
}

// listing names the spans of traces, in their order.
func listing(traces []trace.Trace) string {
	var b strings.Builder
	for i := range traces {
		fmt.Fprint(&b, traces[i].ID, traces[i].Warnings)
		for j := range traces[i].Spans {
			one := &traces[i].Spans[j]
			fmt.Fprint(&b, " ", one.SpanID, one.Process.Service, one.Operation, one.Start.UnixMicro())
		}
	}
	return b.String()
}

// A run that does not fit is stored as far as it does.
func TestRunIsCapped(t *testing.T) {
	t.Parallel()
	p := newProcess("svc")
	var run []trace.Span
	for i := range 1000 {
		run = append(run, full(1, i, p))
	}
	for name, opts := range map[string]struct {
		maxBytes int64
		maxSpans int
	}{
		"by spans": {1 << 30, 900},
		"by bytes": {256 << 10, MaxSpans},
	} {
		s := New(opts.maxBytes)
		s.maxSpans = opts.maxSpans
		s.Add([]trace.Span{full(99, 0, p)})
		s.Add(run)
		assertSums(t, s)
		st := s.Stats()
		if st.RefusedSpans == 0 || st.Spans < 2 || st.EvictedTraces != 0 {
			t.Errorf("%s: got %d spans stored, %d refused and %d traces evicted, want some, some and none",
				name, st.Spans, st.RefusedSpans, st.EvictedTraces)
		}
	}
}
