// Package tracer makes the one OpenTracing tracer that the configuration asks
// for, gets its finished spans out of the process, and accounts for each of
// them: no span is lost silently. Start at New; Tracer.Close flushes, and
// Tracer.Stats says at any time where the spans are.
package tracer

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
)

// Options are what a tracer needs from its process besides the configuration.
// The zero value works if the configuration names a service.
type Options struct {
	// Service is the service name when the configuration has none.
	Service string
	// Logger takes losses and their end, and the spans themselves if the
	// configuration asks for that; nil discards.
	Logger *slog.Logger
	// Metrics takes jaeger-client-go's tracer metrics and, if configured, RPC
	// metrics of server spans; nil keeps none.
	Metrics metrics.Factory
	// Block makes Finish wait while the reporter's queue is full, in place of
	// dropping the span. It is for programs that make load, which then slows down
	// to what the way to the backend takes. When nothing at all has been sent for
	// ten seconds Finish drops again, until something is.
	Block bool
}

// Tracer is an OpenTracing tracer that can be flushed and asked for its books.
// All its methods may be called from any goroutine.
type Tracer struct {
	opentracing.Tracer
	service string
	target  string
	backend backend
}

// backend is what a tracing system needs beyond OpenTracing's interface. Each
// implementation has its own file.
type backend interface {
	// traceID returns "" for a context that another tracer made.
	traceID(sc opentracing.SpanContext) (id string, sampled bool)
	stats() Stats
	// close is Tracer.Close.
	close(ctx context.Context) error
}

// New makes the tracer that cfg names. With the remote sampler it waits for the
// first answer of the strategy server, for at most strategyTimeout; nothing
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
	cfg.Service = validText(cfg.Service) // as every backend shows it
	if cfg.Disabled {
		return newNoop(cfg), nil
	}
	switch cfg.Tracer {
	case "jaeger":
		return newJaeger(cfg, opts)
	case config.TracerOTel:
		return newOTel(cfg, opts)
	case config.TracerZipkin:
		return newZipkin(cfg, opts)
	case config.TracerAppdash:
		return newAppdash(cfg, opts)
	case "noop":
		return newNoop(cfg), nil
	default:
		return nil, &hinted{
			error: fmt.Errorf("tracer must be jaeger, zipkin, appdash, otel or noop, got %q", cfg.Tracer),
			hint:  "use --tracer jaeger",
		}
	}
}

// Service returns the service name on the spans.
func (t *Tracer) Service() string { return t.service }

// Target says where the spans go, such as "udp localhost:6831" or
// "http://localhost:14268/api/traces", without user info; "" means nowhere.
func (t *Tracer) Target() string { return t.target }

// TraceID returns the trace id of sc in hexadecimal, as Jaeger prints it, and
// whether the trace is sampled. The id is "" when sc belongs to another tracer
// or to no trace.
func (t *Tracer) TraceID(sc opentracing.SpanContext) (id string, sampled bool) {
	return t.backend.traceID(libraryContext(sc))
}

// Stats returns a snapshot of the books. It never blocks, and works after Close
// too. Between two snapshots spans move; see Stats for what then holds.
func (t *Tracer) Stats() Stats { return t.backend.stats() }

// Close delivers the spans finished before the call and releases everything the
// tracer holds. When ctx ends first it gives up at once, counts the rest as
// failed or refused and returns a *CloseError. It does not wait for an agent
// whose port stays closed: such spans are counted refused and Close returns
// nil, so read Stats afterwards. Further calls wait for the first one or their
// own ctx and return nil.
func (t *Tracer) Close(ctx context.Context) error { return t.backend.close(ctx) }
