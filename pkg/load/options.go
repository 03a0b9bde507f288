package load

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// Tracer is an OpenTracing tracer with access to trace ids, as *tracer.Tracer: the id is
// zero when there is no trace.
type Tracer interface {
	opentracing.Tracer
	Trace(sc opentracing.SpanContext) (trace id.TraceID, sampled bool)
}

// Options configure a run. Client, Tracer and Request are required; Run also requires
// Concurrency and one of Requests and Duration.
type Options struct {
	// Client should keep as many connections as there are workers.
	Client  *client.Client
	Tracer  Tracer
	Request client.Request
	// Requests is the number of calls after the warm-up; 0 means no limit.
	Requests int64
	// Concurrency is the number of workers, each of which makes one call at a time.
	Concurrency int
	// Rate is the number of calls per second over all workers, whether or not earlier
	// ones were answered (an open model). 0 means that each worker makes its next call
	// when the last one is done (a closed model).
	Rate float64
	// Duration is that of the run after the warm-up; 0 means no limit. With Requests as
	// well, the run ends with whichever comes first.
	Duration time.Duration
	// Warmup is the time before Requests and Duration begin to count.
	Warmup time.Duration
	// TraceShare is the share of the calls that are traced, from 0 to 1 (all), spread
	// evenly and starting with the first. The spans of the others are marked as not
	// sampled, for the called service too.
	TraceShare float64
	// Tags are set on each call's top-level span.
	Tags []opentracing.Tag
	// Observe is called with each result, by one goroutine at a time and in order of
	// completion. The workers wait for it, so it should be fast. nil discards.
	Observe func(Result)
}

func (o *Options) check() error {
	var errs []error
	for _, option := range []struct {
		ok    bool
		rule  string
		given any
	}{
		{o.Requests >= 0, "requests must not be negative", o.Requests},
		{o.Concurrency >= 1, "concurrency must be at least 1", o.Concurrency},
		{o.Rate >= 0 && !math.IsInf(o.Rate, 0), "rate must be 0 or more", o.Rate},
		{o.Duration >= 0, "duration must not be negative", o.Duration},
		{o.Warmup >= 0, "warmup must not be negative", o.Warmup},
		{o.TraceShare >= 0 && o.TraceShare <= 1, "trace share must be between 0 and 1", o.TraceShare},
	} {
		if !option.ok {
			errs = append(errs, fmt.Errorf("%s, got %v", option.rule, option.given))
		}
	}
	if o.Requests == 0 && o.Duration == 0 {
		errs = append(errs, errors.New("a run needs a number of requests or a duration"))
	}
	return errors.Join(errs...)
}

// Outcome is the result of a run as a whole; those of its calls go to Options.Observe.
type Outcome struct {
	// Start and End include the warm-up and the calls in flight at the end.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Interrupted reports that the context ended before the run did.
	Interrupted bool `json:"interrupted"`
	// Sent is the number of calls that were made, warm-up included.
	Sent int64 `json:"sent"`
	// Unsent is, at a rate, the number of calls that were due before the end and not
	// sent, because no worker was free.
	Unsent int64 `json:"unsent"`
}
