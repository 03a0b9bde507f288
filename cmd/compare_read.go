package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// read reads both traces back concurrently.
func (c *compareRun) read(ctx context.Context, sides ...*compareSide) error {
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

// readSide waits until the trace has all spans that were made, or until no new span has
// arrived for c.quiet: the number of spans that the called service makes is unknown, and
// some tracers begin a new trace in the middle of one. While the trace has a gap, it
// waits for c.grace instead.
func (c *compareRun) readSide(ctx context.Context, side *compareSide) error {
	seen, since := 0, time.Time{}
	t, err := c.reader.WaitTrace(ctx, side.Trace.ID, func(t trace.Trace) bool {
		now := c.app.env.Now()
		if len(t.Spans) != seen {
			seen, since = len(t.Spans), now
		}
		quiet := c.quiet
		if !side.complete(&t) {
			quiet = c.grace
		}
		return int64(seen) >= side.spans || now.Sub(since) >= quiet
	})
	switch {
	case err == nil || errors.Is(err, query.ErrIncomplete):
		side.Trace, side.Unseen = t, !side.seen(&t)
		return nil
	case errors.Is(err, query.ErrNotFound):
		return hint.New(fmt.Errorf("the trace of tracer %s did not arrive: %w", side.Tracer, err),
			fmt.Sprintf("run \"otdemo check-jaeger --tracer %s\" to find out where it was lost", side.Tracer))
	default:
		return unknownError(fmt.Errorf("the trace of tracer %s could not be read back: %w", side.Tracer, err))
	}
}

// lostError returns an error if spans of a side were not sent.
func lostError(side *compareSide) error {
	if side.lost == 0 {
		return nil
	}
	return hint.New(fmt.Errorf("tracer %s lost %s, so the comparison is incomplete", side.Tracer, plural.Of(side.lost, "span", "spans")),
		fmt.Sprintf("run \"otdemo check-jaeger --tracer %s\" to find out where", side.Tracer))
}

// seen reports whether t has a span of a service other than the caller.
func (s *compareSide) seen(t *trace.Trace) bool {
	return int64(len(t.Spans)) > s.own || slices.ContainsFunc(t.Spans, func(span trace.Span) bool {
		kind, _ := span.Tag("span.kind")
		name := span.Service()
		return kind.String() == "server" || name != "" && !strings.EqualFold(name, s.service) // Zipkin's are in lower case
	})
}

// complete reports whether t has no gap: it has a span of the called service, a server
// span for each request, and the parent of each span.
func (s *compareSide) complete(t *trace.Trace) bool {
	ids := make(map[trace.SpanID]bool, len(t.Spans))
	for i := range t.Spans {
		ids[t.Spans[i].SpanID] = true
	}
	orphan := func(span trace.Span) bool { return span.ParentID() != 0 && !ids[span.ParentID()] }
	return s.seen(t) && answered(*t) && !slices.ContainsFunc(t.Spans, orphan)
}

// compareError returns nil if all differences are ignored and the called service was
// seen on both sides. lost is the error of spans that were not sent.
func compareError(r *compare.Report, lost error) error {
	unseen := error(nil)
	if text := r.Unseen(); text != "" {
		unseen = hint.New(errors.New(text),
			`with --propagation jaeger,w3c,b3 both sides send all of these headers; "otdemo check-jaeger --through URL" finds out whether the service reports spans`)
	}
	switch {
	case lost != nil:
		return errors.Join(lost, unseen)
	case unseen != nil:
		return unknownError(unseen)
	case r.Same():
		return nil
	default:
		return &exitError{code: exitFailed} // the report has all of it
	}
}
