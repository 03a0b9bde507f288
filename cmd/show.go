package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// serverSpansTimeout is how long --show waits for the called service's spans
// once its own are there: the usual flush interval of a second, twice, and
// Jaeger's batching. A service that is not traced never has any.
const serverSpansTimeout = 2500 * time.Millisecond

// showTrace reads the trace of a call back and draws it. The call's own spans
// must be there within timeout; the server's may be missing, which is told.
func (a *app) showTrace(ctx context.Context, reader *query.Client, done called, timeout time.Duration) error {
	if !done.Sampled {
		return withHint(errors.New("there is no trace to show: the sampler did not keep it"),
			"--sampler-type const --sampler-param 1 keeps every trace")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	own := int(done.stats.Finished)
	t, err := reader.WaitTrace(ctx, done.TraceID, func(t trace.Trace) bool { return len(t.Spans) >= own })
	if err == nil && !answered(t) {
		t, err = a.waitForServer(ctx, reader, t)
	}
	if err != nil {
		err = withHint(fmt.Errorf("show trace: %w", err), `run "otdemo check-jaeger" to find out where it was lost`)
	}
	if len(t.Spans) == 0 {
		return err
	}
	fmt.Fprintln(a.env.Stdout)
	return errors.Join(err, trace.Waterfall(a.env.Stdout, &t, a.drawOptions()))
}

// waitForServer waits a little longer for the spans of the called service.
func (a *app) waitForServer(ctx context.Context, reader *query.Client, t trace.Trace) (trace.Trace, error) {
	ctx, cancel := context.WithTimeout(ctx, serverSpansTimeout)
	defer cancel()
	whole, err := reader.WaitTrace(ctx, t.ID, answered)
	if errors.Is(err, query.ErrIncomplete) {
		printLine(a.env.Stderr, "warning",
			"the called service reported no spans for some requests: it is not traced, or it has not flushed them yet")
		err = nil
	}
	if len(whole.Spans) == 0 {
		whole = t
	}
	return whole, err
}

// answered reports whether each request of t has a span of whoever answered it.
// Requests that failed have none.
func answered(t trace.Trace) bool { return len(t.Unanswered()) == 0 }
