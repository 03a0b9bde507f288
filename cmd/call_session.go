package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/query"
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
)

// session holds what the calls of one command share: a tracer, a client, a reader of
// traces, and with --verify the ledger.
type session struct {
	app     *app
	run     string
	request client.Request
	opts    callOptions
	reader  *query.Client
	tracer  *tracer.Tracer
	client  *client.Client
	ledger  *ledger.Recorder // nil without --verify
}

// newSession returns a session. Lost spans are logged to stderr as they are counted.
// With --verify it first checks that traces can be read back, so that a long run is
// not wasted.
func (a *app) newSession(ctx context.Context, cfg config.Config, request client.Request, opts callOptions, stderr io.Writer) (*session, error) {
	reader, err := query.New(cfg.Query.URL, query.Options{})
	if err != nil {
		return nil, usageError(err)
	}
	if opts.verify {
		if err := canVerify(ctx, cfg, reader); err != nil {
			return nil, err
		}
	}
	logger := a.quietLogger(stderr)
	tr, err := tracer.New(cfg, tracer.Options{Service: "otdemo-client", Logger: logger, Block: !opts.load.drop})
	if err != nil {
		return nil, usageError(err)
	}
	s := &session{app: a, run: rand.Text(), request: request, opts: opts, reader: reader, tracer: tr}
	s.client = client.New(tr, client.Options{Timeout: opts.timeout, Connections: opts.load.concurrency})
	if !opts.verify {
		return s, nil
	}
	s.ledger = ledger.Open(ctx, ledger.Options{
		Query:     reader,
		Service:   tr.Service(),
		RunTag:    s.tag(),
		TargetURL: request.URL,
		Agent:     agentAddr(cfg),
		Formats:   cfg.Formats(),
		Patience:  verifyIdleTimeout,
		Logger:    logger,
	})
	return s, nil
}

// canVerify returns an error when the configuration makes no spans, or the query API
// does not respond.
func canVerify(ctx context.Context, cfg config.Config, reader *query.Client) error {
	if !cfg.MakesSpans() {
		return usageError(withHint(errors.New("--verify has nothing to account for: the tracer makes no spans"), "use --tracer jaeger"))
	}
	probing, cancel := context.WithTimeout(ctx, defaultCallTimeout)
	defer cancel()
	_, err := reader.Services(probing)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return usageError(withHint(fmt.Errorf("--verify cannot read traces back: %w", err),
			`set Jaeger's address with --query-url, or leave out --verify; "otdemo check-jaeger" finds the cause`))
	default:
		return nil
	}
}

// agentAddr returns the UDP address that spans are sent to, "" if they are sent to a
// collector.
func agentAddr(cfg config.Config) string {
	if cfg.UsesCollector() {
		return ""
	}
	return net.JoinHostPort(cfg.Reporter.Agent.Host, strconv.Itoa(cfg.Reporter.Agent.Port))
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

// observe adds a call to the ledger.
func (s *session) observe(r load.Result) {
	if s.ledger != nil {
		s.ledger.Add(r)
	}
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

// resultError joins failed with the error of the ledger. If the traces could not be
// read back, or no span of the called service was seen, the exit code is 3, unless
// there is another error.
func resultError(failed error, l *ledger.Ledger, readErr error) error {
	unknown := readErr
	if readErr == nil {
		failed, unknown = errors.Join(failed, missingError(l)), unseenError(l)
	}
	if failed == nil && unknown != nil {
		return &exitError{code: exitUnknown, err: unknown}
	}
	return errors.Join(failed, unknown)
}

// unseenError returns an error if no span of the called service was seen, or no trace
// was sampled.
func unseenError(l *ledger.Ledger) error {
	switch {
	case l == nil || l.Unproven() == "":
		return nil
	case l.ServiceUnseen == "":
		return withHint(errors.New(l.Unproven()), "sample traces: --sampler-type const --sampler-param 1, without --trace-share")
	}
	return withHint(errors.New(l.ServiceUnseen),
		`run "otdemo check-jaeger --through URL" to find out whether it reports spans, and which headers it reads`)
}

// missingError returns an error if spans are missing.
func missingError(l *ledger.Ledger) error {
	if l == nil || l.Balanced() {
		return nil
	}
	return withHint(fmt.Errorf("%d of %s %s missing",
		l.Spans.Missing, plural.Of(l.Spans.Made, "span", "spans"), plural.Word(l.Spans.Missing, "is", "are")),
		`run "otdemo check-jaeger" to find out why, or see docs/call.md for the meaning of each hop`)
}
