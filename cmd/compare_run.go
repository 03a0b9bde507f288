package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/report/comparison"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

const (
	// quietPeriod is how long no new span may arrive until a trace without a gap
	// counts as complete: twice the flush interval of Jaeger's clients, which is a
	// second, and Jaeger's batching.
	quietPeriod = 2500 * time.Millisecond
	// demoQuietPeriod is the same for the embedded Jaeger.
	demoQuietPeriod = 200 * time.Millisecond
)

type compareRun struct {
	app     *app
	request client.Request
	opts    *compareOptions
	logger  *slog.Logger
	reader  *query.Client
	// worker is the server in this process; nil when a URL was given.
	worker *worker
	quiet  time.Duration
	// grace is the same for a trace with a gap.
	grace time.Duration
}

// compare makes both requests, reads both traces back and prints the report.
func (a *app) compare(ctx context.Context, from, to *compareSide, request client.Request, opts *compareOptions) (err error) {
	c := &compareRun{app: a, request: request, opts: opts, logger: a.quietLogger(a.env.Stderr), quiet: quietPeriod, grace: opts.grace()}
	if opts.demo {
		c.quiet = demoQuietPeriod
		backend, startErr := allinone.Start(allinone.Options{Logger: c.logger, Now: a.env.Now})
		if startErr != nil {
			return startErr
		}
		defer func() {
			ctx, cancel := closing(ctx)
			defer cancel()
			err = errors.Join(err, backend.Close(ctx))
		}()
		for _, side := range []*compareSide{from, to} {
			side.cfg.Reporter.Collector = config.Collector{}
			if err := useBackend(&side.cfg, backend.Addrs()); err != nil {
				return err
			}
		}
	}
	if c.reader, err = query.New(from.cfg.Query.URL, query.Options{}); err != nil {
		return usageError(err)
	}
	defer c.reader.Close()
	if err := responds(ctx, c.reader); err != nil {
		return unknownError(hint.New(fmt.Errorf("the traces could not be read back: %w", err),
			"set Jaeger's address with --query-url, or start an in-memory Jaeger with --demo"))
	}
	if request.URL == "" {
		c.worker = &worker{}
		own, startErr := a.startServer(ctx, c.worker, c.logger)
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, own.stop()) }()
		c.request = client.Request{Method: http.MethodGet, URL: own.url(compare.WorkPath)}
	}
	// The events of a connection come from several goroutines and differ between runs.
	c.request.NoEvents = true
	for _, side := range []*compareSide{from, to} {
		if err := c.run(ctx, side); err != nil {
			return fmt.Errorf("tracer %s: %w", side.Tracer, err)
		}
	}
	if err := c.read(ctx, from, to); err != nil {
		return err
	}
	ignore := compare.NewIgnore(opts.ignore)
	report := compare.Traces(from.Side, to.Side, ignore)
	for _, idle := range ignore.Idle(report.Differences) {
		a.warn(fmt.Sprintf("--ignore %s matches no difference", idle), "")
	}
	return errors.Join(c.write(report), compareError(report, errors.Join(lostError(from), lostError(to))))
}

func (c *compareRun) write(report *compare.Report) error {
	shown := &comparison.Comparison{Report: report, URL: c.request.URL, OwnServer: c.worker != nil, TraceURL: c.reader.TraceURL}
	if c.opts.output.text == "json" {
		return comparison.WriteJSON(c.app.env.Stdout, shown)
	}
	return comparison.WriteText(c.app.env.Stdout, c.app.terminal(), shown)
}

// run determines the traits of one side's tracer, makes the request with it and flushes
// its spans.
func (c *compareRun) run(ctx context.Context, side *compareSide) error {
	if err := c.examine(ctx, side); err != nil {
		return err
	}
	tr, err := tracer.New(side.cfg, tracer.Options{Service: "otdemo-client", Logger: c.logger})
	if err != nil {
		return usageError(err)
	}
	tracers := []*tracer.Tracer{tr}
	side.service, side.spans = tr.Service(), math.MaxInt64
	if c.worker != nil {
		cfg := side.cfg
		cfg.Service = "" // the configured name is the caller's
		served, err := tracer.New(cfg, tracer.Options{Service: "otdemo-server", Logger: c.logger})
		if err != nil {
			c.app.closeTracer(ctx, tr)
			return usageError(err)
		}
		tracers = append(tracers, served)
		handler := compare.Work(served)
		c.worker.handler.Store(&handler)
	}
	id, err := c.call(ctx, tr)
	side.own = tr.Stats().Sampled
	if c.worker != nil {
		c.worker.busy.Wait() // then the handlers have finished their spans
		side.spans = tr.Stats().Sampled + tracers[1].Stats().Sampled
	}
	for _, t := range tracers {
		c.app.closeTracer(ctx, t)
		side.lost += t.Stats().Lost()
	}
	side.Trace.ID = id
	return err
}

// examine determines the traits of a side's tracer with tracers that send nothing.
func (c *compareRun) examine(ctx context.Context, side *compareSide) error {
	var tracers [2]*tracer.Tracer
	for i, param := range []float64{1, 0} {
		cfg := side.cfg
		cfg.Sampler = config.Sampler{Type: config.SamplerConst, Param: param}
		tr, err := tracer.New(cfg, tracer.Options{Service: "otdemo-client"})
		if err != nil {
			return usageError(err)
		}
		defer c.app.closeTracer(ctx, tr)
		tracers[i] = tr
	}
	side.Traits = compare.Ask(tracers[0], tracers[1])
	return nil
}

// call makes the request below a top-level span, as otdemo call does. A status of
// 400 or above is not an error: only the traces are compared.
func (c *compareRun) call(ctx context.Context, tr *tracer.Tracer) (trace.TraceID, error) {
	caller := client.New(tr, client.Options{Timeout: c.opts.timeout})
	defer caller.Close()
	top := tr.StartSpan("call")
	defer top.Finish()
	if c.worker != nil {
		compare.Tenant(top)
	}
	id, sampled := tr.Trace(top.Context())
	_, err := caller.Do(opentracing.ContextWithSpan(ctx, top), c.request)
	var status *client.StatusError
	if err != nil && !errors.As(err, &status) {
		ext.Error.Set(top, true)
		return trace.TraceID{}, callError(err)
	}
	if !sampled {
		return trace.TraceID{}, unknownError(hint.New(errors.New("no trace to compare: the trace was not sampled"),
			"sample every trace with --sampler-type const --sampler-param 1"))
	}
	return id, nil
}

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

// worker is the handler of the server in this process, for one side at a time.
type worker struct {
	handler atomic.Pointer[http.Handler]
	busy    sync.WaitGroup
}

func (w *worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.busy.Add(1)
	defer w.busy.Done()
	(*w.handler.Load()).ServeHTTP(rw, r)
}
