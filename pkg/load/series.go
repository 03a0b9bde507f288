package load

import (
	"slices"
	"time"
)

// maxWindows bounds the windows of a series; a long one has at least half as many.
const maxWindows = 240

// series is a run over time. Its windows are a second wide at first, and twice as wide
// each time that there would be too many, so that memory is bounded.
type series struct {
	// origin is where the first window begins; results may come in any order.
	origin time.Time
	width  time.Duration
	// last is when the last result was done, relative to the origin.
	last    time.Duration
	windows []*window
}

type window struct {
	requests, failed int64
	latencies        *latencies
}

func newSeries() *series { return &series{width: time.Second} }

// add counts a result in the window in which it was done.
func (s *series) add(r *Result) {
	if s.origin.IsZero() {
		s.origin = r.Start
	}
	done := r.Start.Add(r.Latency).Sub(s.origin)
	s.last = max(s.last, done)
	w := s.at(done)
	w.requests++
	if r.Failed() {
		w.failed++
	}
	if r.timed() {
		w.latencies.add(Millis(r.Latency))
	}
}

// at returns the window of offset. An offset before the first result counts as that of
// the first.
func (s *series) at(offset time.Duration) *window {
	offset = max(offset, 0)
	for offset/s.width >= maxWindows {
		s.halve()
	}
	i := int(offset / s.width)
	for len(s.windows) <= i {
		s.windows = append(s.windows, &window{latencies: newLatencies(oneWindow)})
	}
	return s.windows[i]
}

func (s *series) halve() {
	s.width *= 2
	merged := s.windows[:0]
	for pair := range slices.Chunk(s.windows, 2) {
		for _, other := range pair[1:] {
			pair[0].requests += other.requests
			pair[0].failed += other.failed
			pair[0].latencies.merge(other.latencies)
		}
		merged = append(merged, pair[0])
	}
	clear(s.windows[len(merged):])
	s.windows = merged
}

// report returns the windows, with their offset from the origin. The last one ends
// with the last result, but is a millisecond wide at least.
func (s *series) report() []Window {
	windows := make([]Window, len(s.windows))
	for i, w := range s.windows {
		windows[i] = Window{
			At: Millis(i) * Millis(s.width), Width: Millis(s.width),
			Requests: w.requests, Failed: w.failed,
			P50: w.latencies.percentile(50), P99: w.latencies.percentile(99),
		}
	}
	if n := len(windows); n > 0 {
		end := &windows[n-1]
		end.Width = min(end.Width, max(Millis(s.last)-end.At, Millis(time.Millisecond)))
	}
	return windows
}
