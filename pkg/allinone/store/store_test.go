package store

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

func values() cmp.Option { return cmp.AllowUnexported(trace.Value{}) }

func TestTrace(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	p := newProcess("svc")
	first, second := span(7, 0, p), span(7, 1, p)
	s.Add([]trace.Span{first, span(8, 0, p)})
	before, _ := s.Trace(trace.TraceID{Low: 7})
	s.Add([]trace.Span{second})

	got, ok := s.Trace(trace.TraceID{Low: 7})
	want := trace.Trace{ID: trace.TraceID{Low: 7}, Spans: []trace.Span{first, second}}
	if diff := cmp.Diff(want, got, values()); !ok || diff != "" {
		t.Errorf("found %v, trace (-want +got):\n%s", ok, diff)
	}
	if got := len(before.Spans); got != 1 {
		t.Errorf("the snapshot taken between has %d spans, want 1", got)
	}
	if _, ok := s.Trace(trace.TraceID{Low: 9}); ok {
		t.Error("a trace that was never added was found")
	}
}

func TestEvictsLongestUntouched(t *testing.T) {
	t.Parallel()
	const room = 20
	p := newProcess("svc")
	probe := New(1 << 30)
	probe.Add([]trace.Span{full(1, 0, p)})
	each := probe.Stats().Bytes
	s := New(room * each)

	s.Add([]trace.Span{full(1, 0, p)})
	for id := uint64(2); id <= 10; id++ {
		s.Add([]trace.Span{full(id, 0, p)})
	}
	s.Add([]trace.Span{full(1, 1, p)}) // now 2 is the oldest
	id := uint64(11)
	for ; s.Stats().EvictedTraces == 0; id++ {
		s.Add([]trace.Span{full(id, 0, p)})
	}
	if _, ok := s.Trace(trace.TraceID{Low: 2}); ok {
		t.Error("trace 2 is still there")
	}
	if got, _ := s.Trace(trace.TraceID{Low: 1}); len(got.Spans) != 2 {
		t.Errorf("trace 1 has %d spans, want 2: it was updated last", len(got.Spans))
	}
	assertSums(t, s)
}

// assertSums checks that every span added is accounted for and the bound is kept.
func assertSums(t *testing.T, s *Store) {
	t.Helper()
	st := s.Stats()
	if got := st.Spans + st.EvictedSpans + st.RefusedSpans; got != st.Added {
		t.Errorf("%d stored + %d evicted + %d refused = %d, want %d added", st.Spans, st.EvictedSpans, st.RefusedSpans, got, st.Added)
	}
	if st.Bytes > st.MaxBytes {
		t.Errorf("accounted %d bytes, want at most %d", st.Bytes, st.MaxBytes)
	}
}

func TestEvictingEverythingLeavesNothing(t *testing.T) {
	t.Parallel()
	s := New(1 << 30)
	for i := range 1000 {
		s.Add([]trace.Span{full(uint64(i%100), i, newProcess(fmt.Sprint("svc", i%7)))})
	}
	s.maxBytes = 0
	s.evict()
	want := loss.Store{MaxBytes: 0, Added: 1000, EvictedTraces: 100, EvictedSpans: 1000}
	if diff := cmp.Diff(want, s.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if got := len(s.processes.byHash) + len(s.services) + len(s.traces); got != 0 {
		t.Errorf("%d processes, services and traces are left, want 0", got)
	}
}

func TestTraceIsCapped(t *testing.T) {
	t.Parallel()
	p := newProcess("svc")
	tests := []struct {
		name     string
		maxBytes int64
		maxSpans int
	}{
		{"by spans", 1 << 30, 10},
		{"by bytes", 64 << 10, MaxSpans},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := New(tt.maxBytes)
			s.maxSpans = tt.maxSpans
			s.Add([]trace.Span{full(99, 0, p)})
			for i := range 1000 {
				s.Add([]trace.Span{full(1, i, p)})
			}
			assertSums(t, s)
			st := s.Stats()
			if st.RefusedSpans == 0 || st.EvictedTraces != 0 {
				t.Errorf("got %d spans refused and %d traces evicted, want some and none", st.RefusedSpans, st.EvictedTraces)
			}
			got, _ := s.Trace(trace.TraceID{Low: 1})
			want := fmt.Sprintf("%d more spans of this trace were not stored", st.RefusedSpans)
			if len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], want) {
				t.Errorf("got warnings %q, want one that begins %q", got.Warnings, want)
			}
		})
	}
}

func TestEqualProcessesAreKeptOnce(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	for i := range 10 {
		s.Add([]trace.Span{span(uint64(i/2), i, newProcess("svc"))})
	}
	other := newProcess("svc")
	other.Tags[0].Value = trace.Bool(true)
	s.Add([]trace.Span{span(0, 10, other)})

	first, _ := s.Trace(trace.TraceID{Low: 0})
	second, _ := s.Trace(trace.TraceID{Low: 1})
	if first.Spans[0].Process != second.Spans[1].Process {
		t.Error("equal processes of two batches are stored twice")
	}
	if first.Spans[2].Process != other {
		t.Errorf("got process %v, want the one with another tag", first.Spans[2].Process)
	}
	if got, want := len(s.processes.byHash), 2; got != want {
		t.Errorf("got %d processes, want %d", got, want)
	}
}

func TestServicesAndOperations(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	server := span(1, 0, newProcess("b"))
	server.Tags = []trace.Tag{{Key: "span.kind", Value: trace.String("server")}}
	odd := span(1, 1, newProcess("b"))
	odd.Tags = []trace.Tag{{Key: "span.kind", Value: trace.String("odd")}}
	s.Add([]trace.Span{server, odd, odd, span(2, 0, newProcess("a"))})

	if diff := cmp.Diff([]string{"a", "b"}, s.Services()); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	want := []Operation{{Name: "op", Kind: "server"}, {Name: "op", Kind: "unspecified"}}
	if diff := cmp.Diff(want, s.Operations("b")); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if got := s.Operations("c"); got != nil {
		t.Errorf("got operations %v of an unknown service, want none", got)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	p := newProcess("svc")
	s.Add([]trace.Span{span(1, 0, p), span(2, 0, p), span(3, 0, p), span(1, 1, p)})
	var got []uint64
	for _, recent := range s.Recent(2) {
		got = append(got, recent.ID.Low)
	}
	if diff := cmp.Diff([]uint64{1, 3}, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

// Readers run beside a writer that evicts; the race detector watches.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := New(100 << 10)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := uint64(0); ; i++ {
				select {
				case <-done:
					return
				default:
				}
				for _, found := range s.Find(Query{Service: "svc", Limit: 5}) {
					found.Bounds()
				}
				got, _ := s.Trace(trace.TraceID{Low: i % 50})
				got.Services()
				s.Services()
				s.Operations("svc")
				s.Recent(3)
			}
		})
	}
	deadline := time.Now().Add(200 * time.Millisecond)
	for i := 0; time.Now().Before(deadline); i++ {
		p := newProcess("svc")
		s.Add([]trace.Span{full(uint64(i%50), i, p), full(uint64(i), i, p)})
	}
	close(done)
	readers.Wait()
	assertSums(t, s)
}
