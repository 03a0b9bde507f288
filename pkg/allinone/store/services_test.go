package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// manyServices returns spans of one trace, each of a service of its own, the last
// one the earliest.
func manyServices(n int) []trace.Span {
	spans := make([]trace.Span, n)
	for i := range spans {
		spans[i] = span(1, n-i, newProcess(fmt.Sprint("svc", i)))
	}
	return spans
}

// fill returns the shortest of some times that it took to store spans.
func fill(spans []trace.Span) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range 3 {
		s := New(1 << 30)
		began := time.Now()
		s.Add(spans)
		best = min(best, time.Since(began))
	}
	return best
}

// 32 times the services of one trace take some 32 times as long, with cache misses 100 to 170, not 2600 as when each
// span went through all of them. The bound leaves room for a busy machine. Not
// parallel: it compares times.
func TestManyServicesInOneTraceTakeLinearTime(t *testing.T) {
	const few, times, most = 1250, 32, 700
	short, long := fill(manyServices(few)), fill(manyServices(times*few))
	ratio := float64(long) / float64(short)
	t.Logf("%d services %v, %d services %v: ratio %.1f", few, short, times*few, long, ratio)
	if ratio > most {
		t.Errorf("%d services took %v, %d took %v: %.1f times as long, want at most %d", few, short, times*few, long, ratio, most)
	}
}

// A trace of many services is found by each of them, and nothing is left of it.
func TestTraceOfManyServicesIsFound(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 20; n++ {
		s := New(1 << 30)
		spans := manyServices(n)
		for i := range spans {
			s.Add(spans[i : i+1])
		}
		s.Add(spans) // all are known by now
		s.Add([]trace.Span{span(2, 0, newProcess("svc0"))})
		earliest := epoch().Add(time.Microsecond)
		for i := range n {
			q := Query{Service: fmt.Sprint("svc", i), Limit: 9, Start: earliest, End: epoch().Add(time.Hour)}
			if got := s.Find(q); len(got) != 1 || len(got[0].Spans) != 2*n {
				t.Fatalf("%d services: found %d traces of svc%d, want one of %d spans", n, len(got), i, 2*n)
			}
		}
		// Nothing of it began before.
		if got := s.Find(Query{Service: "svc1", Limit: 9, End: epoch()}); len(got) != 0 {
			t.Errorf("%d services: found %d traces that begin later", n, len(got))
		}
		if e := s.traces[trace.TraceID{Low: 1}]; e.start != earliest.UnixMicro() {
			t.Errorf("%d services: the trace starts at %d, want %d", n, e.start, earliest.UnixMicro())
		}
		assertSums(t, s)
		s.maxBytes = 1
		s.mu.Lock()
		s.evict()
		s.mu.Unlock()
		if stats := s.Stats(); stats.Bytes != 0 || len(s.services) != 0 {
			t.Errorf("%d services: %d bytes and %d services are left after eviction", n, stats.Bytes, len(s.services))
		}
	}
}
