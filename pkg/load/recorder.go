package load

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

const maxSlowest = 10 // in Report.Slowest

// Recorder summarizes results, in bounded memory. Its methods may be called from any
// goroutine.
type Recorder struct {
	mu     sync.Mutex
	failed int64 // with the warm-up, unlike the rest
	recent recent

	report    Report // times and plain counters
	errors    map[ErrorKind]*ErrorCount
	latencies *latencies
	delays    time.Duration
	slowest   []Result // the slowest first
	series    *series
}

// NewRecorder returns a recorder that has no results yet.
func NewRecorder() *Recorder {
	return &Recorder{
		report:    Report{Status: make(map[int]int64)},
		errors:    make(map[ErrorKind]*ErrorCount),
		latencies: newLatencies(wholeRun),
		series:    newSeries(),
	}
}

// Add counts a result.
func (c *Recorder) Add(r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := r.Start.Add(r.Latency)
	if r.Failed() {
		c.failed++
	}
	c.recent.add(end)
	if r.Warmup {
		c.report.Warmup++
		return
	}
	if c.report.Start.IsZero() || r.Start.Before(c.report.Start) {
		c.report.Start = r.Start
	}
	if end.After(c.report.End) {
		c.report.End = end
	}
	c.count(&r)
	c.series.add(&r)
	if r.timed() {
		c.latencies.add(Millis(r.Latency))
		c.rank(&r)
	}
}

// timed reports whether the latency is a measure of the server's speed: a connection
// that was refused or reset, or a canceled call, did not wait for a response.
func (r *Result) timed() bool {
	return r.Kind == "" || r.Kind == Status || r.Kind == Timeout
}

func (c *Recorder) count(r *Result) {
	c.report.Requests++
	c.report.Bytes += r.Bytes
	c.report.MaxDelay = max(c.report.MaxDelay, Millis(r.Delay))
	c.delays += r.Delay
	if r.Status != 0 {
		c.report.Status[r.Status]++
	}
	if !r.Failed() {
		return
	}
	c.report.Failed++
	e := c.errors[r.Kind]
	if e == nil {
		e = &ErrorCount{Kind: r.Kind, Example: r.Err}
		c.errors[r.Kind] = e
	}
	e.Count++
}

// rank adds r to the slowest if it is one of them so far.
func (c *Recorder) rank(r *Result) {
	n := len(c.slowest)
	if n == maxSlowest && r.Latency <= c.slowest[n-1].Latency {
		return
	}
	c.slowest = append(c.slowest, *r)
	slices.SortStableFunc(c.slowest, func(a, b Result) int { return cmp.Compare(b.Latency, a.Latency) })
	c.slowest = c.slowest[:min(len(c.slowest), maxSlowest)]
}

// Report returns the summary of the results so far.
func (c *Recorder) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	duration := report.End.Sub(report.Start)
	report.Duration = Millis(duration)
	if duration > 0 {
		report.Rate = float64(report.Requests) / duration.Seconds()
	}
	if report.Requests > 0 {
		report.MeanDelay = Millis(c.delays) / Millis(report.Requests)
	}
	report.Latency = c.latencies.summary()
	report.Histogram = c.latencies.buckets()
	report.Status = maps.Clone(c.report.Status)
	// Lists are never nil, which JSON would have as null.
	report.Errors = make([]ErrorCount, 0, len(c.errors))
	for _, e := range c.errors {
		report.Errors = append(report.Errors, *e)
	}
	slices.SortFunc(report.Errors, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind))
	})
	report.Slowest = make([]Slow, len(c.slowest))
	for i := range c.slowest {
		report.Slowest[i] = newSlow(&c.slowest[i])
	}
	report.Series = c.series.report()
	return report
}

func newSlow(r *Result) Slow {
	s := Slow{
		Seq:     r.Seq,
		Start:   r.Start,
		Latency: Millis(r.Latency),
		Delay:   Millis(r.Delay),
		Status:  r.Status,
		Kind:    r.Kind,
		Sampled: r.Sampled,
	}
	if !r.TraceID.IsZero() {
		s.TraceID = r.TraceID.String()
	}
	return s
}

// Snapshot returns the current progress. It lasts some ten microseconds, during which
// Add waits.
func (c *Recorder) Snapshot() Snapshot {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return Snapshot{
		Done:   c.report.Requests + c.report.Warmup,
		Failed: c.failed,
		Rate:   c.recent.rate(now),
		P99:    c.latencies.percentile(99),
	}
}
