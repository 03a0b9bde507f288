package load

import (
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Result is what one call of a run came to.
type Result struct {
	// Seq counts the calls of a run from 0, in the order they were due.
	Seq int64
	// Start is when the call was due: the scheduled time at a rate, else when a
	// worker was free for it.
	Start time.Time
	// Delay is how long after Start the request was sent.
	Delay time.Duration
	// Latency runs from Start to the end of the last body, so that a server which
	// stalls is not hidden by calls that were never sent.
	Latency time.Duration
	// Status is the HTTP status of the last answer; 0 when there was none.
	Status int
	// Hops is the number of requests sent, one more than there were redirects;
	// Answered is how many of them had an answer, whatever its status.
	Hops, Answered int
	// Bytes is the size of the last body.
	Bytes int64
	// Kind and Err say why the call failed; both are empty when it did not.
	Kind ErrorKind
	Err  string
	// TraceID is zero when the tracer makes no spans.
	TraceID trace.TraceID
	// Sampled says that the spans of this call were to be sent. SpansMade is the
	// number of spans that the client made for it, sampled or not.
	Sampled   bool
	SpansMade int
	// Warmup calls are left out of the report's latencies, but their spans count.
	Warmup bool
}

// Failed reports whether the call failed: no answer, or one of 400 or above.
func (r *Result) Failed() bool { return r.Kind != "" }

// ErrorKind says in a word why a call failed. It is part of the JSON output.
type ErrorKind string

// The kinds of errors.
const (
	Status   ErrorKind = "status"   // an answer of 400 or above
	Refused  ErrorKind = "refused"  // nothing listens there
	Reset    ErrorKind = "reset"    // the connection was cut
	Timeout  ErrorKind = "timeout"  // no answer in time
	DNS      ErrorKind = "dns"      // the host's name was not found
	TLS      ErrorKind = "tls"      // no TLS, or a certificate that is not trusted
	Canceled ErrorKind = "canceled" // the run was interrupted
	Other    ErrorKind = "other"
)
