package reporter

import (
	"context"
	"fmt"
	"time"
)

// Time limits of delivering a batch.
const (
	// SendTimeout bounds one try, as jaeger-client-go's does.
	SendTimeout = 5 * time.Second
	// RetryTimeout is how long a batch is tried, long enough for a collector to
	// restart. Nothing is gained by less: the spans behind it wait in the queue.
	RetryTimeout = 30 * time.Second
	// The pauses between tries double between these.
	MinRetryGap = 100 * time.Millisecond
	MaxRetryGap = 2 * time.Second
	// ClosingTries is how often a batch is tried again once the tracer is being
	// closed.
	ClosingTries = 2
)

// SendError is why a batch was not accepted.
type SendError struct {
	Reason string
	Body   string // the start of the response
	Cause  error
	// Retryable is true if another try may succeed, after RetryAfter at the earliest.
	Retryable  bool
	RetryAfter time.Duration
}

func (e *SendError) Error() string {
	s := e.Reason
	if e.Body != "" {
		s += fmt.Sprintf(": %q", e.Body)
	}
	return s
}

func (e *SendError) Unwrap() error { return e.Cause }

// Retrier retries a batch with growing pauses, as long as that can succeed.
// It belongs to one goroutine.
type Retrier struct {
	// Ctx ends all waits; what is unsent then is given up.
	Ctx context.Context
	// Timeout is how long a batch is tried, RetryTimeout outside tests.
	Timeout time.Duration
	// Closing is closed when the tracer is about to end, which shortens retries.
	Closing <-chan struct{}
	// down is true if the last batch failed.
	down bool
}

// deliver calls try until it returns nil or an error that is not retryable.
func (r *Retrier) deliver(try func(context.Context) *SendError) *SendError {
	err := r.retry(try)
	r.down = err != nil
	return err
}

func (r *Retrier) retry(try func(context.Context) *SendError) *SendError {
	start := time.Now()
	gap := MinRetryGap
	late := 0 // failures since the tracer is being closed
	closing := r.Closing
	for {
		err := try(r.Ctx)
		if err == nil || !err.Retryable || r.Ctx.Err() != nil {
			return err
		}
		select {
		case <-r.Closing:
			if late++; r.down || late > ClosingTries {
				return err
			}
			gap, closing = min(gap, time.Duration(late)*MinRetryGap), nil
		default:
			if time.Since(start) > r.Timeout {
				return err
			}
		}
		select {
		case <-time.After(max(gap, err.RetryAfter)):
		case <-closing: // a Close that comes meanwhile ends the wait
		case <-r.Ctx.Done():
		}
		gap = min(2*gap, MaxRetryGap)
	}
}
