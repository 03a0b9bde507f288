package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
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

// compareRun holds what the two requests share.
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

// write writes the report to stdout.
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

// worker is the handler of the server in this process, for one side at a time.
type worker struct {
	handler atomic.Pointer[http.Handler]
	busy    sync.WaitGroup
}

// ServeHTTP calls the handler of the current side.
func (w *worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.busy.Add(1)
	defer w.busy.Done()
	(*w.handler.Load()).ServeHTTP(rw, r)
}
