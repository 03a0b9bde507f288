package load

import "time"

// RunInfo is what was run, so that a results file can be understood without the command
// line that made it.
type RunInfo struct {
	// Run is the value of the tag on the run's top-level spans, Service is their service,
	// and QueryURL is where they can be read back.
	Run      string `json:"run"`
	Service  string `json:"service"`
	QueryURL string `json:"query_url"`
	// Start is that of the run, to the nanosecond, since results are relative to it.
	Start  time.Time `json:"start"`
	Method string    `json:"method"`
	// URL must not have user info.
	URL string `json:"url"`

	// The others are as in Options, and client.Options.
	Requests    int64   `json:"requests"`
	Concurrency int     `json:"concurrency"`
	Rate        float64 `json:"rate"`
	TraceShare  float64 `json:"trace_share"`
	// Verify reports that a ledger follows the results.
	Verify   bool   `json:"verify"`
	Duration Millis `json:"duration_ms"`
	Warmup   Millis `json:"warmup_ms"`
	Timeout  Millis `json:"timeout_ms"`
}
