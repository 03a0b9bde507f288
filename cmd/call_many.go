package cmd

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// loadGCPercent is GOGC during a load run, unless it is set. A run allocates
// much and keeps little: with fewer collections a traced call costs a sixth less CPU.
const loadGCPercent = 800

// callMany makes a load run and writes its report, also after Ctrl-C.
func (a *app) callMany(ctx context.Context, cfg config.Config, request client.Request, opts callOptions) error {
	status := terminal.NewLine(a.env.Stderr, a.env.Width, a.env.StderrTerminal && !opts.load.quiet)
	s, err := a.newSession(ctx, cfg, request, opts, status)
	if err != nil {
		return err
	}
	info := s.runInfo()
	file, err := a.createResults(ctx, opts.load.results, info)
	if err != nil {
		_, _, _ = s.close(ctx) // nothing was sent yet
		return usageError(err)
	}
	recorder := load.NewRecorder()
	outcome, err := a.runLoad(ctx, s, &info, status, recorder, file)
	if err != nil {
		_, _, _ = s.close(ctx) // nothing was sent
		return usageError(errors.Join(err, file.close(nil)))
	}

	status.Show("flushing spans and reading traces back")
	endErr := file.end(outcome)
	stats, closed, readErr := s.close(ctx)
	status.Clear()
	report := &run.Report{Run: info, Outcome: outcome, Calls: recorder.Report(), Client: &stats, Ledger: closed}
	err = errors.Join(endErr, file.close(closed), a.writeRun(report, opts.output.String()))
	if outcome.Interrupted {
		return &exitError{code: exitInterrupted, err: resultError(err, closed, readErr)}
	}
	return resultError(errors.Join(err, failedError(&report.Calls)), closed, readErr)
}

// runLoad makes the calls, and passes each result on to the recorder, the ledger and
// the file.
func (a *app) runLoad(ctx context.Context, s *session, info *load.RunInfo, status *terminal.Line, recorder *load.Recorder, file *resultsFile) (load.Outcome, error) {
	opts := s.options()
	opts.Tags = []opentracing.Tag{s.tag()}
	f := &s.opts.load
	opts.Requests, opts.Concurrency, opts.Rate = f.requests, f.concurrency, f.rate
	opts.Duration, opts.Warmup, opts.TraceShare = f.duration, f.warmup, f.share
	opts.Observe = func(r load.Result) {
		recorder.Add(r)
		s.observe(r)
		file.write(r)
	}
	if !a.env.has("GOGC") {
		defer debug.SetGCPercent(debug.SetGCPercent(loadGCPercent))
	}
	start := a.env.Now()
	stop := status.Follow(func() string {
		return run.Status(info, a.env.Now().Sub(start), recorder.Snapshot(), s.tracer.Stats())
	})
	defer stop()
	defer file.keepFlushed(ctx)()
	return load.Run(ctx, opts)
}

// failedError returns an error if calls of the run failed.
func failedError(r *load.Report) error {
	if r.Failed == 0 {
		return nil
	}
	return withHint(fmt.Errorf("%d of %s failed", r.Failed, plural.Of(r.Requests, "call", "calls")), "the report has an example of each kind of error")
}

// runInfo describes the run that starts now.
func (s *session) runInfo() load.RunInfo {
	f := &s.opts.load
	return load.RunInfo{
		Run:         s.run,
		Service:     s.tracer.Service(),
		QueryURL:    s.reader.URL(),
		Start:       s.app.env.Now(),
		Method:      s.request.Method,
		URL:         redact.URL(s.request.URL),
		Requests:    f.requests,
		Concurrency: f.concurrency,
		Rate:        f.rate,
		Duration:    load.Millis(f.duration),
		Warmup:      load.Millis(f.warmup),
		Timeout:     load.Millis(s.opts.timeout),
		TraceShare:  f.share,
		Verify:      s.opts.verify,
	}
}
