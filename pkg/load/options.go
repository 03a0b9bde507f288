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

// Tracer is an OpenTracing tracer that returns the ids of its traces, as
// *tracer.Tracer does: the id is zero when there is no trace.
type Tracer interface {
	opentracing.Tracer
	Trace(sc opentracing.SpanContext) (trace id.TraceID, sampled bool)
}

// Options say what a run does. Client, Tracer and Request are always needed, and
// Run needs Concurrency and one of Requests and Duration too.
type Options struct {
	// Client should keep as many connections as there are workers.
	Client  *client.Client
	Tracer  Tracer
	Request client.Request
	// Requests is the number of calls after the warm-up; 0 means no limit.
	Requests int64
	// Concurrency is the number of workers, each of which makes one call at a time.
	Concurrency int
	// Rate is the number of calls a second over all workers, whether or not those
	// before were answered (an open model). 0 means that each worker makes its next
	// call when the last one is done (a closed model).
	Rate float64
	// Duration ends the run that long after the warm-up; 0 means no limit. With
	// Requests as well, whichever comes first.
	Duration time.Duration
	// Warmup comes before Requests and Duration begin to count.
	Warmup time.Duration
	// TraceShare is how many of the calls are traced, from 0 to 1 (all), spread
	// evenly and starting with the first. The spans of the others are marked not to
	// be sampled, which holds for the called service too.
	TraceShare float64
	// Tags are set on each call's top-level span.
	Tags []opentracing.Tag
	// Observe is given each result, by one goroutine at a time and in order of
	// completion. The workers wait for it, so it should be quick. nil discards.
	Observe func(Result)
}

// check returns all that Run cannot work with.
func (o *Options) check() error {
	var errs []error
	if o.Requests < 0 {
		errs = append(errs, fmt.Errorf("requests must not be negative, got %d", o.Requests))
	}
	if o.Concurrency < 1 {
		errs = append(errs, fmt.Errorf("concurrency must be at least 1, got %d", o.Concurrency))
	}
	if o.Rate < 0 || math.IsNaN(o.Rate) || math.IsInf(o.Rate, 0) {
		errs = append(errs, fmt.Errorf("rate must be 0 or more, got %v", o.Rate))
	}
	if o.Duration < 0 {
		errs = append(errs, fmt.Errorf("duration must not be negative, got %v", o.Duration))
	}
	if o.Warmup < 0 {
		errs = append(errs, fmt.Errorf("warmup must not be negative, got %v", o.Warmup))
	}
	if !(o.TraceShare >= 0 && o.TraceShare <= 1) {
		errs = append(errs, fmt.Errorf("trace share must be between 0 and 1, got %v", o.TraceShare))
	}
	if o.Requests == 0 && o.Duration == 0 {
		errs = append(errs, errors.New("a run needs a number of requests or a duration"))
	}
	return errors.Join(errs...)
}

// Outcome says how a run went as a whole; its results went to Options.Observe.
type Outcome struct {
	// Start and End include the warm-up and the calls in flight at the end.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Interrupted says that the context ended before the run did.
	Interrupted bool `json:"interrupted"`
	// Sent is the number of calls that were made, warm-up included.
	Sent int64 `json:"sent"`
	// Unsent is, at a rate, the number of calls that were due before the end and
	// found no free worker until then.
	Unsent int64 `json:"unsent"`
}
