package load

import "time"

// maxWindows bounds the windows of a series; a long one has at least half as many.
const maxWindows = 240

// series is a run over time. Its windows are a second wide at first, and twice as wide
// each time that there would be too many, so that memory is bounded. The zero value is
// not usable; use newSeries.
type series struct {
	// origin is where the first window begins; results may come in any order.
	origin time.Time
	width  time.Duration
	// last is when the last result was done, relative to the origin.
	last    time.Duration
	windows []*window
}

// window is the results of one interval; nil is one without results.
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
		w.latencies.add(r.Latency)
	}
}

// at returns the window of offset, which it creates. An offset before the first result
// counts as that of the first.
func (s *series) at(offset time.Duration) *window {
	offset = max(offset, 0)
	for offset/s.width >= maxWindows {
		s.halve()
	}
	i := int(offset / s.width)
	for len(s.windows) <= i {
		s.windows = append(s.windows, nil)
	}
	if s.windows[i] == nil {
		s.windows[i] = &window{latencies: newLatencies(oneWindow)}
	}
	return s.windows[i]
}

// halve merges neighbours.
func (s *series) halve() {
	s.width *= 2
	merged := s.windows[:0]
	for i := 0; i < len(s.windows); i += 2 {
		w := s.windows[i]
		if i+1 < len(s.windows) {
			w = w.merge(s.windows[i+1])
		}
		merged = append(merged, w)
	}
	clear(s.windows[len(merged):])
	s.windows = merged
}

// merge adds other to w and returns the sum; either may be nil.
func (w *window) merge(other *window) *window {
	switch {
	case other == nil:
		return w
	case w == nil:
		return other
	}
	w.requests += other.requests
	w.failed += other.failed
	w.latencies.merge(other.latencies)
	return w
}

// report returns the windows, with their offset from the origin. The last one ends
// with the last result, but is a millisecond wide at least.
func (s *series) report() []Window {
	windows := make([]Window, len(s.windows))
	for i, w := range s.windows {
		windows[i] = Window{At: time.Duration(i) * s.width, Width: s.width}
		if w == nil {
			continue
		}
		windows[i].Requests, windows[i].Failed = w.requests, w.failed
		windows[i].P50, windows[i].P99 = w.latencies.percentile(50), w.latencies.percentile(99)
	}
	if n := len(windows); n > 0 {
		windows[n-1].Width = min(s.width, max(s.last-windows[n-1].At, time.Millisecond))
	}
	return windows
}
