package load

import (
	"encoding/json"
	"time"
)

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
	Requests    int64         `json:"requests"`
	Concurrency int           `json:"concurrency"`
	Rate        float64       `json:"rate"`
	Duration    time.Duration `json:"-"`
	Warmup      time.Duration `json:"-"`
	Timeout     time.Duration `json:"-"`
	TraceShare  float64       `json:"trace_share"`
	// Verify reports that a ledger follows the results.
	Verify bool `json:"verify"`
}

// runInfoJSON is RunInfo in JSON: its durations are milliseconds.
type runInfoJSON struct {
	plainRunInfo
	DurationMS millis `json:"duration_ms"`
	WarmupMS   millis `json:"warmup_ms"`
	TimeoutMS  millis `json:"timeout_ms"`
}

// plainRunInfo is RunInfo without its methods.
type plainRunInfo RunInfo

// MarshalJSON implements json.Marshaler.
func (i RunInfo) MarshalJSON() ([]byte, error) {
	return json.Marshal(i.toJSON())
}

func (i RunInfo) toJSON() runInfoJSON {
	return runInfoJSON{plainRunInfo(i), toMillis(i.Duration), toMillis(i.Warmup), toMillis(i.Timeout)}
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *RunInfo) UnmarshalJSON(data []byte) error {
	var in runInfoJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*i = RunInfo(in.plainRunInfo)
	i.Duration, i.Warmup, i.Timeout = in.DurationMS.duration(), in.WarmupMS.duration(), in.TimeoutMS.duration()
	return nil
}
