package load

import (
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Result is the outcome of one call of a run. Its JSON is that of a results file, which
// has the times as milliseconds; see resultJSON.
type Result struct {
	// Seq counts the calls of a run from 0, in the order they were due.
	Seq int64 `json:"seq"`
	// Start is when the call was due: the scheduled time at a rate, else when a
	// worker was free for it.
	Start time.Time `json:"-"`
	// Delay is how long after Start the request was sent.
	Delay time.Duration `json:"-"`
	// Latency is from Start to the end of the last body, so that calls which were sent
	// late do not hide a server that stalls.
	Latency time.Duration `json:"-"`
	// Status is the HTTP status of the last response; 0 when there was none.
	Status int `json:"status"`
	// Hops is the number of requests sent, one more than there were redirects;
	// Answered is how many of them got a response, whatever its status.
	Hops     int `json:"hops"`
	Answered int `json:"answered"`
	// Bytes is the size of the last body.
	Bytes int64 `json:"bytes"`
	// Kind and Err are why the call failed; both are empty when it did not.
	Kind ErrorKind `json:"kind"`
	Err  string    `json:"error"`
	// TraceID is zero when the tracer makes no spans.
	TraceID trace.TraceID `json:"trace_id"`
	// Sampled reports that this call's trace was sampled. SpansMade is the number of spans
	// that the client made for it, sampled or not.
	Sampled   bool `json:"sampled"`
	SpansMade int  `json:"spans"`
	// Warmup calls are left out of the report's latencies, but their spans count.
	Warmup bool `json:"warmup"`
}

// Failed reports whether the call failed: no response, or a status of 400 or above.
func (r *Result) Failed() bool { return r.Kind != "" }

// ErrorKind classifies why a call failed. It is part of the JSON output.
type ErrorKind string

// The kinds of errors.
const (
	Status   ErrorKind = "status"   // a status of 400 or above
	Refused  ErrorKind = "refused"  // the port is closed
	Reset    ErrorKind = "reset"    // the connection was closed early
	Timeout  ErrorKind = "timeout"  // no response in time
	DNS      ErrorKind = "dns"      // the host name was not found
	TLS      ErrorKind = "tls"      // no TLS, or an untrusted certificate
	Canceled ErrorKind = "canceled" // the run was interrupted
	Other    ErrorKind = "other"
)
