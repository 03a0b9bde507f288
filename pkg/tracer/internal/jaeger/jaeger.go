// Package jaeger is the tracing system Jaeger: jaeger-client-go's tracer with our
// reporter, and transports over UDP and HTTP. Start at New.
package jaeger

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/rpcmetrics"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
	"github.com/otdemo/otdemo/pkg/tracer/internal/thrift"
	"github.com/otdemo/otdemo/pkg/tracer/internal/udp"
)

// backend is jaeger-client-go's tracer with our reporter and transports.
type backend struct {
	reporter *spanReporter
	sampler  jaeger.Sampler
	// stopSampler ends the sampler's requests.
	stopSampler context.CancelFunc
	closing     sync.Once
}

// New makes the tracer.
func New(cfg config.Config, opts reporter.Env) (*system.Tracer, error) {
	propagators, err := system.Check(cfg, opts)
	if err != nil {
		return nil, err
	}
	m := jaeger.NewMetrics(opts.Metrics, nil)
	counters := reporter.NewCounters(m)
	b := &backend{}
	if b.reporter, err = startReporter(cfg, counters, opts); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stopSampler = cancel
	if b.sampler, err = sampling.New(ctx, cfg, m, opts.Logger); err != nil {
		cancel()
		b.reporter.Close()
		return nil, err
	}
	options := append(tracerOptions(cfg, opts, m), propagationOptions(cfg.Service, propagators, m, b.sampler)...)
	t, _ := jaeger.NewTracer(cfg.Service, b.sampler, b.reporter, options...)
	return &system.Tracer{Tracer: t, Service: cfg.Service, Target: target(cfg), Backend: b}, nil
}

// startReporter makes the transport and the reporter above it.
func startReporter(cfg config.Config, counters *reporter.Counters, opts reporter.Env) (*spanReporter, error) {
	o, r := reporter.NewOptions[*jaeger.Span](cfg, opts, counters)
	if !cfg.UsesCollector() {
		o.Transport = udp.New(udp.Options{
			Agent:    cfg.Reporter.Agent,
			Encoder:  thrift.NewCompact(),
			Counters: counters,
			Log:      opts.Logger,
			Ctx:      r.Ctx,
		})
		return newSpanReporter(o), nil
	}
	t, err := newHTTPTransport(cfg.Reporter.Collector, counters, opts.Logger, r)
	if err != nil {
		o.Cancel()
		return nil, err
	}
	o.Transport = t
	return newSpanReporter(o), nil
}

func tracerOptions(cfg config.Config, opts reporter.Env, m *jaeger.Metrics) []jaeger.TracerOption {
	options := []jaeger.TracerOption{
		jaeger.TracerOptions.Metrics(m),
		jaeger.TracerOptions.Logger(clientLogger{opts.Logger}),
		jaeger.TracerOptions.Gen128Bit(cfg.TraceID128Bit),
		jaeger.TracerOptions.RandomNumber(newID),
	}
	for _, tag := range cfg.Tags {
		options = append(options, jaeger.TracerOptions.Tag(tag.Name, tag.Value))
	}
	if cfg.RPCMetrics && opts.Metrics != metrics.NullFactory {
		// The names are those of jaeger-client-go's own configuration.
		factory := opts.Metrics.Namespace(metrics.NSOptions{
			Name: "jaeger-rpc", Tags: map[string]string{"component": "jaeger"},
		})
		options = append(options, jaeger.TracerOptions.Observer(
			rpcmetrics.NewObserver(factory, rpcmetrics.DefaultNameNormalizer)))
	}
	return options
}

// newID returns 63 bits for an id, as jaeger-client-go does. That draws them from
// generators of math/rand, which have 2^31 seeds, makes one for each tracer and more
// when its sync.Pool has none: of 300,000 tracers made, 31 began with the ids of
// another one. This generator has 256 bits of the system's randomness.
func newID() uint64 { return uint64(rand.Int64()) }

func target(cfg config.Config) string {
	if cfg.UsesCollector() {
		return redact.URL(cfg.Reporter.Collector.Endpoint)
	}
	return udp.Target(cfg.Reporter.Agent)
}

func (b *backend) TraceID(sc opentracing.SpanContext) (id.TraceID, bool) {
	// A context that carries only baggage or a debug id is not valid, and asking
	// it whether it is sampled would panic.
	c, ok := sc.(jaeger.SpanContext)
	if !ok || !c.IsValid() {
		return id.TraceID{}, false
	}
	return id.TraceID(c.TraceID()), c.IsSampled()
}

func (b *backend) Stats() reporter.Stats {
	return b.reporter.Stats()
}

// Shutdown flushes last, so that the sampler's end is not cut off by the deadline.
func (b *backend) Shutdown(ctx context.Context) error {
	b.closing.Do(func() {
		b.stopSampler()
		b.sampler.Close()
	})
	return b.reporter.Shutdown(ctx)
}
