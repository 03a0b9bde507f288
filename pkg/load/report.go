package load

import "time"

// Report is the summary of a run's results. Calls of the warm-up are counted in Warmup
// and nowhere else. In JSON durations are milliseconds: duration_ms, mean_delay_ms.
type Report struct {
	// Start is when the first call was due, End when the last one was done.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Duration is End minus Start.
	Duration time.Duration `json:"-"`
	// Requests is the number of calls; redirects do not count. Failed is how many of
	// them did not end with a status below 400.
	Requests int64 `json:"requests"`
	Failed   int64 `json:"failed"`
	// Warmup is the number of calls before the measurement began.
	Warmup int64 `json:"warmup"`
	// Rate is Requests per second over Duration.
	Rate float64 `json:"rate"`
	// Bytes is the size of all bodies.
	Bytes int64 `json:"bytes"`
	// Latency is that of the calls that got a response or timed out. A connection that
	// was refused or reset is no measure of the server's speed.
	Latency Latency `json:"latency_ms"`
	// Histogram counts the same calls by latency; empty when there are none.
	Histogram []Bucket `json:"histogram"`
	// Status counts the calls by the status of the last response.
	Status map[int]int64 `json:"status"`
	// Errors are the failed calls by kind, the most frequent first.
	Errors []ErrorCount `json:"errors"`
	// MeanDelay and MaxDelay are how late calls were sent, because no worker was free.
	// Their latencies include it.
	MeanDelay time.Duration `json:"-"`
	MaxDelay  time.Duration `json:"-"`
	// Slowest are the ten calls of the highest latency, the slowest first.
	Slowest []Slow `json:"slowest"`
	// Series is the run over time, in windows of equal width and without gaps.
	Series []Window `json:"series"`
}

// Latency describes a distribution; all of it is 0 when Count is. Percentiles are
// exact to three significant digits and a microsecond.
type Latency struct {
	Count                         int64
	Mean, Min                     time.Duration
	P50, P90, P95, P99, P999, Max time.Duration
}

// Bucket counts the latencies from From to below To; the last one includes To.
type Bucket struct {
	From, To time.Duration
	Count    int64
}

// ErrorCount counts the calls that failed with one kind of error.
type ErrorCount struct {
	Kind  ErrorKind `json:"kind"`
	Count int64     `json:"count"`
	// Example is the error of the first one.
	Example string `json:"example"`
}

// Slow is one of the slowest calls.
type Slow struct {
	Seq            int64
	Start          time.Time
	Latency, Delay time.Duration
	Status         int
	Kind           ErrorKind
	// TraceID is that of the call, "" when the tracer makes no spans; only a sampled
	// trace is stored.
	TraceID string
	Sampled bool
}

// Window is the summary of the calls that were done in one interval of the run.
type Window struct {
	// At is the start of the window, relative to that of the first one, which is when
	// the call that was done first was due.
	At, Width        time.Duration
	Requests, Failed int64
	// P50 and P99 are latencies as in Latency, exact to two significant digits.
	P50, P99 time.Duration
}

// Snapshot is the progress of a run.
type Snapshot struct {
	// Done and Failed count calls, the warm-up's included.
	Done, Failed int64
	// Rate is the number of calls done in the last second.
	Rate float64
	// P99 is that of the latencies so far.
	P99 time.Duration
}
