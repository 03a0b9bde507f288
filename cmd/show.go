package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/report/waterfall"
	"github.com/otdemo/otdemo/pkg/trace"
)

// showTrace reads the trace of a call back and prints it. It returns an error if the
// client's spans are not stored within timeout, and prints a warning if the server's
// are missing.
func (a *app) showTrace(ctx context.Context, reader *query.Client, call *run.Call, timeout time.Duration) error {
	if !call.Sampled {
		return withHint(errors.New("no trace to show: the trace was not sampled"),
			"sample every trace with --sampler-type const --sampler-param 1")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	own := int(call.Spans.Finished)
	t, err := reader.WaitTrace(ctx, call.TraceID, func(t trace.Trace) bool { return len(t.Spans) >= own })
	if err == nil && !answered(t) {
		grace := ledger.ServiceGrace
		if call.Ledger != nil {
			grace = 0 // --verify has waited already
		}
		t, err = a.waitForServer(ctx, reader, t, grace)
	}
	if err != nil {
		err = withHint(fmt.Errorf("show trace: %w", err), `run "otdemo check-jaeger" to find out where it was lost`)
	}
	if len(t.Spans) == 0 {
		return err
	}
	fmt.Fprintln(a.env.Stdout)
	return errors.Join(err, waterfall.Write(a.env.Stdout, a.terminal(), &t))
}

// waitForServer waits up to grace for the spans of the called service, and prints a
// warning if there are none.
func (a *app) waitForServer(ctx context.Context, reader *query.Client, t trace.Trace, grace time.Duration) (trace.Trace, error) {
	start := a.env.Now()
	complete, err := reader.WaitTrace(ctx, t.ID, func(t trace.Trace) bool {
		return answered(t) || a.env.Now().Sub(start) >= grace
	})
	if len(complete.Spans) == 0 {
		complete = t
	}
	if errors.Is(err, query.ErrIncomplete) {
		err = nil // --timeout is shorter
	}
	if n := len(complete.Unanswered()); err == nil && n > 0 {
		printLine(a.env.Stderr, "warning", plural.Of(n, "request", "requests")+" without a span of the called service: "+
			"it is not traced, or its spans are lost or late, or it does not read these headers")
	}
	return complete, err
}

// answered reports whether each request of t that did not fail has a span of the
// service that responded.
func answered(t trace.Trace) bool { return len(t.Unanswered()) == 0 }
