package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Jaeger traces the requests to its API into the storage that it reads from, so polls
// must be few. These make 24 polls in 10 s, and find a span that is stored after
// 200 ms, as with Jaeger 2's default batches, after at most 300.
const (
	firstPause  = 2 * time.Millisecond
	pauseFactor = 1.5
	maxPause    = time.Second
)

// WaitError is what WaitTrace had read when its context ended.
type WaitError struct {
	ID trace.TraceID
	// Spans is the number of spans in the last answer; 0 when there was no trace.
	Spans  int
	Polls  int
	Waited time.Duration
	// Reason is ErrNotFound, ErrIncomplete, or the last poll's error.
	Reason error
	// Ended is why the wait ended: the context's error.
	Ended error
}

// Error implements error.
func (e *WaitError) Error() string {
	after := fmt.Sprintf("after %s (%s)", e.Waited.Round(time.Millisecond), plural.Of(e.Polls, "poll", "polls"))
	switch {
	case errors.Is(e.Reason, ErrNotFound):
		return fmt.Sprintf("trace %s not found %s", e.ID, after)
	case errors.Is(e.Reason, ErrIncomplete):
		return fmt.Sprintf("trace %s has %s and is incomplete %s", e.ID, plural.Of(e.Spans, "span", "spans"), after)
	default:
		return fmt.Sprintf("cannot read trace %s %s: %v", e.ID, after, e.Reason)
	}
}

// Unwrap returns both the reason and the context's error.
func (e *WaitError) Unwrap() []error { return []error{e.Reason, e.Ended} }

// WaitTrace polls for a trace until complete returns true or ctx ends. A nil complete
// accepts any trace. The pauses between polls grow; there are at most 25 within 10 s.
//
// When ctx ends first, it returns the trace as last read and a *WaitError, which is
// ErrNotFound or ErrIncomplete and the context's error. An error that polling cannot
// change (no connection, HTML, a status below 500 other than 429) is returned at once.
func (c *Client) WaitTrace(
	ctx context.Context, id trace.TraceID, complete func(trace.Trace) bool,
) (trace.Trace, error) {
	start := time.Now()
	var last trace.Trace
	var reason error
	pause := firstPause
	for polls := 1; ; polls++ {
		seen, err := c.Trace(ctx, id)
		switch {
		case err == nil && (complete == nil || complete(seen)):
			return seen, nil
		case err == nil:
			last, reason = seen, ErrIncomplete
		case ctx.Err() == nil && !isTemporary(err):
			return last, err
		case ctx.Err() == nil || reason == nil:
			// An earlier poll's reason is more useful than that the context ended.
			reason = err
		}
		if wait.For(ctx, pause) != nil {
			return last, &WaitError{
				ID: id, Spans: len(last.Spans), Polls: polls, Waited: time.Since(start),
				Reason: reason, Ended: context.Cause(ctx),
			}
		}
		pause = min(time.Duration(float64(pause)*pauseFactor), maxPause)
	}
}

// isTemporary reports whether the same request may have another answer later.
func isTemporary(err error) bool {
	if errors.Is(err, ErrNotFound) {
		return true
	}
	status, ok := errors.AsType[*StatusError](err)
	return ok && (status.Status >= http.StatusInternalServerError || status.Status == http.StatusTooManyRequests)
}
