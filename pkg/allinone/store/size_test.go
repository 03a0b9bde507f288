package store

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/trace"
)

// heapBytes returns the bytes of live objects.
func heapBytes() int64 {
	runtime.GC()
	runtime.GC() // the first one may only have begun to sweep
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The bound is worth something only if the accounted bytes are those of the
// process. Not parallel: other tests allocate.
func TestAccountingMatchesHeap(t *testing.T) {
	const tolerance = 0.2
	tests := []struct {
		name string
		fill func(s *Store)
	}{
		{"one small span a trace", func(s *Store) {
			for i := range 20_000 {
				s.Add([]trace.Span{span(uint64(i), i, newProcess("svc"))})
			}
		}},
		{"five full spans a trace", func(s *Store) {
			for i := range 8000 {
				s.Add([]trace.Span{full(uint64(i/5), i, newProcess("svc"))})
			}
		}},
		{"one large trace", func(s *Store) {
			for i := range 8000 {
				s.Add([]trace.Span{full(1, i, newProcess("svc"))})
			}
		}},
		{"200 spans a trace, in batches of 300", func(s *Store) {
			p := newProcess("svc")
			var batch []trace.Span
			for i := range 30_000 {
				batch = append(batch, span(uint64(i/200), i, p))
				if len(batch) == 300 {
					s.Add(batch)
					batch = batch[:0]
				}
			}
		}},
		{"a process for each span", func(s *Store) {
			for i := range 5000 {
				s.Add([]trace.Span{span(uint64(i), i, newProcess(fmt.Sprint("svc", i)))})
			}
		}},
		{"a process for each span of one trace", func(s *Store) {
			for i := range 5000 {
				s.Add([]trace.Span{span(1, i, newProcess(fmt.Sprint("svc", i)))})
			}
		}},
		{"an operation for each span", func(s *Store) {
			p := newProcess("svc")
			for i := range 8000 {
				named := span(uint64(i), i, p)
				named.Operation = fmt.Sprint("GET /user/", i)
				s.Add([]trace.Span{named})
			}
		}},
		{"large values", func(s *Store) {
			for i := range 1000 {
				big := span(uint64(i), i, newProcess("svc"))
				big.Tags = []trace.Tag{{Key: "sql", Value: trace.String(strings.Repeat("x", 10_000+i))}}
				s.Add([]trace.Span{big})
			}
		}},
		{"evicting all the time", func(s *Store) {
			s.maxBytes = 8 << 20
			for i := range 20_000 {
				s.Add([]trace.Span{full(uint64(i/3), i, newProcess("svc"))})
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := heapBytes()
			s := New(1 << 30)
			tt.fill(s)
			grown := heapBytes() - before
			accounted := s.Stats().Bytes
			runtime.KeepAlive(s)
			ratio := float64(accounted) / float64(grown)
			t.Logf("accounted %d, heap grew by %d: %.2f", accounted, grown, ratio)
			if ratio < 1-tolerance || ratio > 1+tolerance {
				t.Errorf("accounted %d bytes, the heap grew by %d: ratio %.2f, want 1 within %.0f%%", accounted, grown, ratio, 100*tolerance)
			}
			assertSums(t, s)
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	s := New(64 << 20)
	p := newProcess("svc")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Add([]trace.Span{span(uint64(i/5), i, p)})
	}
}
