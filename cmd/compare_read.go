package cmd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// read reads both traces back, at the same time.
func (c *comparison) read(ctx context.Context, sides ...*compareSide) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.timeout)
	defer cancel()
	errs := make([]error, len(sides))
	var reading sync.WaitGroup
	for i, side := range sides {
		reading.Go(func() { errs[i] = c.readSide(ctx, side) })
	}
	reading.Wait()
	return errors.Join(errs...)
}

// readSide waits until the trace has all spans that were made, or has had no new
// one for a while: how many the called service makes is not known, and some
// tracers begin a new trace in the midst of one.
func (c *comparison) readSide(ctx context.Context, side *compareSide) error {
	seen, since := 0, time.Time{}
	t, err := c.reader.WaitTrace(ctx, side.Trace.ID, func(t trace.Trace) bool {
		now := c.app.env.Now()
		if len(t.Spans) != seen {
			seen, since = len(t.Spans), now
		}
		return int64(seen) >= side.spans || now.Sub(since) >= c.quiet
	})
	switch {
	case err == nil || errors.Is(err, query.ErrIncomplete):
		side.Trace = t
		return nil
	case errors.Is(err, query.ErrNotFound):
		return withHint(fmt.Errorf("the trace of tracer %s did not arrive: %w", side.Tracer, err),
			fmt.Sprintf("run \"otdemo check-jaeger --tracer %s\" to find out where it was lost", side.Tracer))
	default:
		return &exitError{code: exitUnknown, err: fmt.Errorf("the trace of tracer %s could not be read back: %w", side.Tracer, err)}
	}
}

// lostError is nil when all spans of a side went out.
func lostError(side *compareSide) error {
	if side.lost == 0 {
		return nil
	}
	return withHint(fmt.Errorf("tracer %s lost %d spans on the way, which the comparison misses", side.Tracer, side.lost),
		fmt.Sprintf("run \"otdemo check-jaeger --tracer %s\" to find out where", side.Tracer))
}

// differError is nil when nothing differs but what is ignored. The report has said
// everything.
func differError(r *compare.Report) error {
	if r.Same() {
		return nil
	}
	return &exitError{code: exitNo}
}
