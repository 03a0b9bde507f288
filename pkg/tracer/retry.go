package tracer

import (
	"context"
	"fmt"
	"time"
)

// Time limits of delivering a batch.
const (
	// sendTimeout bounds one try, as jaeger-client-go's does.
	sendTimeout = 5 * time.Second
	// retryTimeout is how long a batch is tried, long enough for a collector to
	// restart. Nothing is gained by less: the spans behind it wait in the queue.
	retryTimeout = 30 * time.Second
	// The pauses between tries double between these.
	minRetryGap = 100 * time.Millisecond
	maxRetryGap = 2 * time.Second
	// closingTries is how often a batch is tried again once the tracer is being
	// closed.
	closingTries = 2
)

// sendError says why a batch was not accepted.
type sendError struct {
	reason string
	body   string // the start of the answer
	cause  error
	// retryable says that another try may pass, after at least the pause.
	retryable  bool
	retryAfter time.Duration
}

func (e *sendError) Error() string {
	s := e.reason
	if e.body != "" {
		s += fmt.Sprintf(": %q", e.body)
	}
	return s
}

func (e *sendError) Unwrap() error { return e.cause }

// retrier tries a batch again, with growing pauses, as long as that has a point.
// It belongs to one goroutine.
type retrier struct {
	// ctx ends all waits; what is unsent then is given up.
	ctx context.Context
	// timeout is how long a batch is tried, retryTimeout outside tests.
	timeout time.Duration
	// closing is closed when the tracer is about to end, which shortens retries.
	closing <-chan struct{}
	// down says that the last batch failed.
	down bool
}

// deliver calls try until it returns nil or an error that will stay.
func (r *retrier) deliver(try func(context.Context) *sendError) error {
	err := r.retry(try)
	r.down = err != nil
	if err == nil {
		return nil // no *sendError that is nil in an error that is not
	}
	return err
}

func (r *retrier) retry(try func(context.Context) *sendError) *sendError {
	start := time.Now()
	gap := minRetryGap
	late := 0 // failures since the tracer is being closed
	for {
		err := try(r.ctx)
		if err == nil || !err.retryable || r.ctx.Err() != nil {
			return err
		}
		if r.isClosing() {
			if late++; r.down || late > closingTries {
				return err
			}
			gap = min(gap, time.Duration(late)*minRetryGap)
		} else if time.Since(start) > r.timeout {
			return err
		}
		r.wait(max(gap, err.retryAfter))
		gap = min(2*gap, maxRetryGap)
	}
}

func (r *retrier) isClosing() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}

// wait waits. A Close that comes meanwhile ends the wait.
func (r *retrier) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	closing := r.closing
	if r.isClosing() {
		closing = nil
	}
	select {
	case <-timer.C:
	case <-closing:
	case <-r.ctx.Done():
	}
}
