package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/report/waterfall"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

const (
	// runTag is on the top-level span of each call, so that a run's traces can be
	// searched for.
	runTag = "otdemo.run"
	// verifyIdleTimeout ends reading back when no new span arrives: a service
	// flushes within a second, and Elasticsearch shows what it has a second later.
	verifyIdleTimeout = 10 * time.Second
	// verifyTimeout bounds reading back as a whole, also after Ctrl-C.
	verifyTimeout = 10 * time.Minute
	// loadGCPercent is GOGC during a load run, unless it is set. A run allocates
	// much and keeps little: with fewer collections a traced call costs a sixth less CPU.
	loadGCPercent = 800
)

// session holds what the calls of one command share: a tracer, a client, a reader of
// traces, and with --verify the ledger.
type session struct {
	app     *app
	run     string
	request client.Request
	opts    *callOptions
	reader  *query.Client
	tracer  *tracer.Tracer
	client  *client.Client
	ledger  *ledger.Recorder // nil without --verify
}

// newSession returns a session. Lost spans are logged to stderr as they are counted.
// With --verify it first checks that traces can be read back, so that a long run is
// not wasted.
func (a *app) newSession(ctx context.Context, cfg config.Config, request client.Request, opts *callOptions, stderr io.Writer) (*session, error) {
	reader, err := query.New(cfg.Query.URL, query.Options{})
	if err != nil {
		return nil, usageError(err)
	}
	if opts.run.Verify {
		if !cfg.MakesSpans() {
			return nil, usageError(hint.New(errors.New("--verify has nothing to account for: the tracer makes no spans"), "use --tracer jaeger"))
		}
		if err := responds(ctx, reader); err != nil {
			return nil, usageError(hint.New(fmt.Errorf("--verify cannot read traces back: %w", err),
				`set Jaeger's address with --query-url, or leave out --verify; "otdemo check-jaeger" finds the cause`))
		}
	}
	logger := a.quietLogger(stderr)
	tr, err := tracer.New(cfg, tracer.Options{Service: "otdemo-client", Logger: logger, Block: !opts.drop})
	if err != nil {
		return nil, usageError(err)
	}
	s := &session{app: a, run: rand.Text(), request: request, opts: opts, reader: reader, tracer: tr}
	s.client = client.New(tr, client.Options{Timeout: time.Duration(opts.run.Timeout), Connections: opts.run.Concurrency})
	if !opts.run.Verify {
		return s, nil
	}
	agent := net.JoinHostPort(cfg.Reporter.Agent.Host, strconv.Itoa(cfg.Reporter.Agent.Port))
	if cfg.UsesCollector() {
		agent = ""
	}
	s.ledger = ledger.Open(ctx, ledger.Options{
		Query:     reader,
		Service:   tr.Service(),
		RunTag:    s.tag(),
		TargetURL: request.URL,
		Agent:     agent,
		Formats:   cfg.Formats(),
		Patience:  verifyIdleTimeout,
		Logger:    logger,
	})
	return s, nil
}

// responds returns an error when the query API does not respond, or ctx ends.
func responds(ctx context.Context, reader *query.Client) error {
	probing, cancel := context.WithTimeout(ctx, defaultCallTimeout)
	defer cancel()
	_, err := reader.Services(probing)
	return cmp.Or(ctx.Err(), err)
}

func (s *session) tag() opentracing.Tag { return opentracing.Tag{Key: runTag, Value: s.run} }

// options returns the options of a single call, which is tagged only with --verify; a
// load run adds its own.
func (s *session) options() load.Options {
	opts := load.Options{Client: s.client, Tracer: s.tracer, Request: s.request}
	if s.ledger != nil {
		opts.Tags = []opentracing.Tag{s.tag()}
	}
	return opts
}

// close flushes the spans, prints warnings for those that were not sent, and with
// --verify reads the traces back and closes the ledger, also after Ctrl-C. The returned ledger
// is nil without --verify. After an error not all traces were read, so spans that are
// missing from it may be stored.
func (s *session) close(ctx context.Context) (tracer.Stats, *ledger.Ledger, error) {
	defer s.reader.Close()
	s.client.Close()
	s.app.closeTracer(ctx, s.tracer)
	stats := s.tracer.Stats()
	if s.ledger == nil {
		return stats, nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyTimeout)
	defer cancel()
	closed, err := s.ledger.Close(ctx, stats)
	return stats, &closed, err
}

func (a *app) callOne(ctx context.Context, cfg config.Config, request client.Request, opts *callOptions) error {
	s, err := a.newSession(ctx, cfg, request, opts, a.env.Stderr)
	if err != nil {
		return err
	}
	var call run.Call
	var failure, readErr error
	call.Result, call.Response, failure = load.Call(ctx, s.options())
	if s.ledger != nil {
		s.ledger.Add(call.Result)
	}
	call.Spans, call.Ledger, readErr = s.close(ctx)
	call.Link = s.reader.TraceURL(call.TraceID)

	asJSON := opts.output.text == "json"
	if asJSON {
		err = run.WriteCallJSON(a.env.Stdout, &call)
	} else {
		err = run.WriteCallText(a.env.Stdout, &call)
	}
	if err == nil && opts.show {
		err = a.showTrace(ctx, s.reader, &call, time.Duration(opts.run.Timeout))
	}
	if call.Ledger != nil && !asJSON {
		err = errors.Join(err, run.WriteLedger(a.env.Stdout, a.terminal(), call.Ledger))
	}
	return resultError(errors.Join(callError(failure), err), call.Ledger, readErr)
}

// showTrace reads the trace of a call back and prints it. It returns an error if the
// client's spans are not stored within timeout, and prints a warning if the server's
// are missing.
func (a *app) showTrace(ctx context.Context, reader *query.Client, call *run.Call, timeout time.Duration) error {
	if !call.Sampled {
		return hint.New(errors.New("no trace to show: the trace was not sampled"),
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
		err = hint.New(fmt.Errorf("show trace: %w", err), `run "otdemo check-jaeger" to find out where it was lost`)
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
		a.warn(plural.Of(n, "request", "requests")+" without a span of the called service: "+
			"it is not traced, or its spans are lost or late, or it does not read these headers", "")
	}
	return complete, err
}

// answered reports whether each request of t that did not fail has a span of the
// service that responded.
func answered(t trace.Trace) bool { return len(t.Unanswered()) == 0 }

// callMany makes a load run and writes its report, also after Ctrl-C.
func (a *app) callMany(ctx context.Context, cfg config.Config, request client.Request, opts *callOptions) error {
	status := terminal.NewLine(a.env.Stderr, a.env.Width, a.env.StderrTerminal && !opts.quiet)
	s, err := a.newSession(ctx, cfg, request, opts, status)
	if err != nil {
		return err
	}
	info := opts.run
	info.Run, info.Service, info.QueryURL = s.run, s.tracer.Service(), s.reader.URL()
	info.Method, info.URL, info.Start = request.Method, redact.URL(request.URL), a.env.Now()
	file, err := a.createResults(ctx, opts.results, info)
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
	var endErr error
	if file != nil {
		endErr = file.results.End(outcome) // complete, except for the ledger
	}
	stats, closed, readErr := s.close(ctx)
	status.Clear()
	report := &run.Report{Run: info, Outcome: outcome, Calls: recorder.Report(), Client: &stats, Ledger: closed}
	err = errors.Join(endErr, file.close(closed), a.writeRun(report, opts.output.text))
	if outcome.Interrupted {
		return &exitError{code: exitInterrupted, err: resultError(err, closed, readErr)}
	}
	if failed := report.Calls.Failed; failed > 0 {
		err = errors.Join(err, hint.New(fmt.Errorf("%d of %s failed", failed, plural.Of(report.Calls.Requests, "call", "calls")),
			"the report has an example of each kind of error"))
	}
	return resultError(err, closed, readErr)
}

// runLoad makes the calls, and passes each result on to the recorder, the ledger and
// the file.
func (a *app) runLoad(ctx context.Context, s *session, info *load.RunInfo, status *terminal.Line, recorder *load.Recorder, file *resultsFile) (load.Outcome, error) {
	opts := s.options()
	opts.Tags = []opentracing.Tag{s.tag()}
	opts.Requests, opts.Concurrency, opts.Rate = info.Requests, info.Concurrency, info.Rate
	opts.Duration, opts.Warmup, opts.TraceShare = time.Duration(info.Duration), time.Duration(info.Warmup), info.TraceShare
	if file != nil {
		defer file.results.KeepFlushed(ctx)()
	}
	opts.Observe = func(r load.Result) {
		recorder.Add(r)
		if s.ledger != nil {
			s.ledger.Add(r)
		}
		if file != nil {
			file.results.Add(r)
		}
	}
	if a.env.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(loadGCPercent))
	}
	start := a.env.Now()
	stop := status.Follow(func() string {
		return run.Status(info, a.env.Now().Sub(start), recorder.Snapshot(), s.tracer.Stats())
	})
	defer stop()
	return load.Run(ctx, opts)
}

// resultsFile is the file of --results; nil without that flag. Errors of adding results
// are returned by the writer's End or by close.
type resultsFile struct {
	file    *os.File
	results *load.ResultsWriter
}

// createResults creates the file at path and writes its header. It returns nil for "".
func (a *app) createResults(ctx context.Context, path string, info load.RunInfo) (*resultsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // there is none without the flag
	}
	file, err := a.env.createFile(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("--results: %w", err)
	}
	results, err := load.NewResultsWriter(file, info)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--results: %w", err), file.Close())
	}
	return &resultsFile{file: file, results: results}, nil
}

// close adds the ledger, if there is one, and closes the file.
func (f *resultsFile) close(l *ledger.Ledger) error {
	switch {
	case f == nil:
		return nil
	case l == nil:
		return f.file.Close()
	default:
		return errors.Join(f.results.Ledger(l), f.file.Close())
	}
}

// resultError joins failed with the error of the ledger. If the traces could not be
// read back, or no span of the called service was seen, the exit code is 3, unless
// there is another error.
func resultError(failed error, l *ledger.Ledger, readErr error) error {
	unknown := readErr
	if readErr == nil {
		failed, unknown = errors.Join(failed, missingError(l)), unseenError(l)
	}
	if failed == nil && unknown != nil {
		return unknownError(unknown)
	}
	return errors.Join(failed, unknown)
}

// unseenError returns an error if no span of the called service was seen, or no trace
// was sampled.
func unseenError(l *ledger.Ledger) error {
	switch {
	case l == nil || l.Unproven() == "":
		return nil
	case l.ServiceUnseen == "" && l.Traces.Sampled > 0:
		return hint.New(errors.New(l.Unproven()), "the report has an example of each kind of error; --timeout sets how long a response may take")
	case l.ServiceUnseen == "":
		return hint.New(errors.New(l.Unproven()), "sample traces: --sampler-type const --sampler-param 1, without --trace-share")
	}
	return hint.New(errors.New(l.ServiceUnseen),
		`run "otdemo check-jaeger --through URL" to find out whether it reports spans, and which headers it reads`)
}

func missingError(l *ledger.Ledger) error {
	if l == nil || l.Balanced() {
		return nil
	}
	return hint.New(fmt.Errorf("%d of %s %s missing",
		l.Spans.Missing, plural.Of(l.Spans.Made, "span", "spans"), plural.Word(l.Spans.Missing, "is", "are")),
		`run "otdemo check-jaeger" to find out why, or see docs/call.md for the meaning of each hop`)
}
