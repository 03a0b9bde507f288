// Package tracer makes the OpenTracing tracer of a configuration, sends its finished
// spans, and counts what becomes of each: no span is lost silently. Start at New;
// Tracer.Close flushes, and Tracer.Stats returns the counts at any time.
package tracer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/appdash"
	"github.com/otdemo/otdemo/pkg/tracer/internal/jaeger"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
	"github.com/otdemo/otdemo/pkg/tracer/internal/udp"
	"github.com/otdemo/otdemo/pkg/tracer/internal/zipkin"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Options are what a tracer needs from its process besides the configuration.
// The zero value works if the configuration names a service.
type Options struct {
	// Service is the service name when the configuration has none.
	Service string
	// Logger logs losses and their end, and the spans themselves with
	// reporter.log_spans; nil discards.
	Logger *slog.Logger
	// Metrics counts jaeger-client-go's tracer metrics and, if configured, RPC
	// metrics of server spans; nil keeps none.
	Metrics metrics.Factory
	// Block makes Finish wait while the reporter's queue is full, in place of
	// dropping the span. It is for programs that make load, which then slow down to
	// the rate at which spans are sent. When nothing at all has been sent for ten
	// seconds Finish drops again, until something is.
	Block bool
}

// Stats are the counts of a tracer's spans.
type Stats = reporter.Stats

// CloseError is returned by Close when its context ended before all spans were
// delivered.
type CloseError = reporter.CloseError

// Strategy is the response of a strategy server: how a service is to sample.
type Strategy = sampling.Strategy

// ParseStrategy reads the JSON response of a strategy server. It rejects what
// jaeger-client-go would ignore, clamp or crash on.
func ParseStrategy(body []byte) (Strategy, error) { return sampling.ParseStrategy(body) }

// Tracer is an OpenTracing tracer that can be flushed and counts its spans.
// All its methods may be called from any goroutine.
type Tracer struct {
	opentracing.Tracer
	system          *system.Tracer // nil when no spans are made
	service, target string
}

// New makes the tracer that cfg names. With the remote sampler it waits for the
// first answer of the strategy server, for at most StrategyTimeout; nothing
// else in it blocks. An agent that is not there, or whose name does not
// resolve, is no error: its spans are kept, tried again and counted. The caller
// must Close the tracer.
func New(cfg config.Config, opts Options) (*Tracer, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Metrics == nil {
		opts.Metrics = metrics.NullFactory
	}
	if cfg.Service == "" {
		cfg.Service = opts.Service
	}
	cfg.Service = otel.ValidText(cfg.Service) // as every backend shows it
	if !cfg.MakesSpans() {
		return &Tracer{Tracer: opentracing.NoopTracer{}, service: cfg.Service}, nil
	}
	start, ok := systems()[cfg.Tracer]
	if !ok {
		names := kind.Names()
		last := len(names) - 1
		return nil, hint.New(fmt.Errorf("tracer must be %s or %s, got %q", strings.Join(names[:last], ", "), names[last], cfg.Tracer),
			"use --tracer jaeger")
	}
	target := udp.Target(cfg.Reporter.Agent)
	if cfg.UsesCollector() {
		target = redact.URL(cfg.CollectorURL())
	}
	env := reporter.Env{Logger: opts.Logger, Metrics: opts.Metrics, Block: opts.Block}
	propagators, err := system.Check(cfg, env)
	if err != nil {
		return nil, err
	}
	s, err := start(cfg, env, propagators)
	if err != nil {
		return nil, err
	}
	return &Tracer{Tracer: s.Tracer, system: s, service: s.Service, target: target}, nil
}

// start makes a tracing system of a configuration that was checked.
type start func(config.Config, reporter.Env, *propagation.Propagators) (*system.Tracer, error)

// systems returns how each tracing system that makes spans is started, by its name.
func systems() map[string]start {
	return map[string]start{
		kind.Jaeger:  jaeger.New,
		kind.Zipkin:  zipkin.New,
		kind.Appdash: appdash.New,
		kind.OTel:    otel.New,
	}
}

// Service returns the service name on the spans.
func (t *Tracer) Service() string { return t.service }

// Target returns where the spans go, such as "udp localhost:6831" or
// "http://localhost:14268/api/traces", without user info; "" means nowhere.
func (t *Tracer) Target() string { return t.target }

// TraceID returns the trace id of sc in hexadecimal, as Jaeger prints it, and
// whether the trace is sampled. The id is "" when sc belongs to another tracer
// or to no trace.
func (t *Tracer) TraceID(sc opentracing.SpanContext) (id string, sampled bool) {
	trace, sampled := t.Trace(sc)
	if trace.IsZero() {
		return "", sampled
	}
	return trace.String(), sampled
}

// Trace is TraceID for programs: the id is zero where that returns "".
func (t *Tracer) Trace(sc opentracing.SpanContext) (trace id.TraceID, sampled bool) {
	if t.system == nil {
		return id.TraceID{}, false
	}
	return t.system.TraceID(sc)
}

// Stats returns a snapshot of the counts. It never blocks, and works after Close
// too. Between two snapshots spans move; see Stats for what then holds.
func (t *Tracer) Stats() reporter.Stats {
	if t.system == nil {
		return reporter.Stats{}
	}
	return t.system.Reporter.Stats()
}

// Close delivers the spans finished before the call and releases everything the
// tracer holds. When ctx ends first it gives up at once, counts the rest as
// failed or refused and returns a *CloseError. It does not wait for an agent
// whose port stays closed: such spans are counted refused and Close returns
// nil, so read Stats afterwards. Further calls wait for the first one or their
// own ctx and return nil.
func (t *Tracer) Close(ctx context.Context) error {
	if t.system == nil {
		return nil
	}
	t.system.Stop()
	return t.system.Reporter.Shutdown(ctx)
}
