package load

import (
	"encoding/json"
	"time"
)

// Report is the summary of a run's results. Calls of the warm-up are counted in Warmup
// and nowhere else. Its JSON is part of schema_version 1.
type Report struct {
	// Start is when the first call was due, End when the last one was done.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
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
	// Slowest are the ten calls of the highest latency, the slowest first.
	Slowest []Slow `json:"slowest"`
	// Series is the run over time, in windows of equal width and without gaps.
	Series []Window `json:"series"`
	// Duration is End minus Start.
	Duration Millis `json:"duration_ms"`
	// MeanDelay and MaxDelay are how late calls were sent, because no worker was free.
	// Their latencies include it.
	MeanDelay Millis `json:"mean_delay_ms"`
	MaxDelay  Millis `json:"max_delay_ms"`
}

// MarshalJSON implements json.Marshaler. It escapes HTML in the errors that servers
// caused, whatever the encoder is set to.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return json.Marshal(plain(r))
}

// Latency describes a distribution; all of it is 0 when Count is. Percentiles are
// exact to three significant digits and a microsecond.
type Latency struct {
	Count int64  `json:"count"`
	Mean  Millis `json:"mean"`
	Min   Millis `json:"min"`
	P50   Millis `json:"p50"`
	P90   Millis `json:"p90"`
	P95   Millis `json:"p95"`
	P99   Millis `json:"p99"`
	P999  Millis `json:"p999"`
	Max   Millis `json:"max"`
}

// Bucket counts the latencies from From to below To; the last one includes To.
type Bucket struct {
	From  Millis `json:"from_ms"`
	To    Millis `json:"to_ms"`
	Count int64  `json:"count"`
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
	Seq     int64     `json:"seq"`
	Start   time.Time `json:"start"`
	Latency Millis    `json:"latency_ms"`
	Delay   Millis    `json:"delay_ms"`
	Status  int       `json:"status"`
	Kind    ErrorKind `json:"kind,omitempty"`
	// TraceID is that of the call, "" when the tracer makes no spans; only a sampled
	// trace is stored.
	TraceID string `json:"trace_id,omitempty"`
	Sampled bool   `json:"sampled"`
}

// Window is the summary of the calls that were done in one interval of the run.
type Window struct {
	// At is the start of the window, relative to that of the first one, which is when
	// the call that was done first was due.
	At       Millis `json:"at_ms"`
	Width    Millis `json:"width_ms"`
	Requests int64  `json:"requests"`
	Failed   int64  `json:"failed"`
	// P50 and P99 are latencies as in Latency, exact to two significant digits.
	P50 Millis `json:"p50_ms"`
	P99 Millis `json:"p99_ms"`
}

// Snapshot is the progress of a run.
type Snapshot struct {
	// Done and Failed count calls, the warm-up's included.
	Done, Failed int64
	// Rate is the number of calls done in the last second.
	Rate float64
	// P99 is that of the latencies so far.
	P99 Millis
}
