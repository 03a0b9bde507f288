package tracer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/rpcmetrics"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// jaegerBackend is jaeger-client-go's tracer with our reporter and transports.
type jaegerBackend struct {
	reporter *jaegerReporter
	sampler  jaeger.Sampler
	// stopSampler ends the sampler's requests.
	stopSampler context.CancelFunc
	closing     sync.Once
}

func newJaeger(cfg config.Config, opts env) (*systemTracer, error) {
	propagators, err := newPropagators(cfg.Formats(), opts.logger)
	if err := errors.Join(checkJaeger(cfg), err); err != nil {
		return nil, err
	}
	m := jaeger.NewMetrics(opts.metrics, nil)
	counters := newSpanCounters(m)
	b := &jaegerBackend{}
	if b.reporter, err = startReporter(cfg, counters, opts); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stopSampler = cancel
	if b.sampler, err = newSampler(ctx, cfg, m, opts.logger); err != nil {
		cancel()
		b.reporter.Close()
		return nil, err
	}
	options := append(tracerOptions(cfg, opts, m), jaegerPropagationOptions(cfg.Service, propagators, m, b.sampler)...)
	t, _ := jaeger.NewTracer(cfg.Service, b.sampler, b.reporter, options...)
	return &systemTracer{Tracer: t, service: cfg.Service, target: jaegerTarget(cfg), backend: b}, nil
}

// checkJaeger finds what the implementation cannot work with, so that a
// configuration that was not loaded but made is no panic.
func checkJaeger(cfg config.Config) error {
	errs := checkBasics(cfg)
	if !cfg.UsesCollector() && (cfg.Reporter.Agent.Port < 1 || cfg.Reporter.Agent.Port > 65535) {
		errs = append(errs, fmt.Errorf("reporter.agent.port must be between 1 and 65535, got %d", cfg.Reporter.Agent.Port))
	}
	return errors.Join(errs...)
}

// startReporter makes the transport and the reporter above it.
func startReporter(cfg config.Config, counters *spanCounters, opts env) (*jaegerReporter, error) {
	o, r := newReporterOptions[*jaeger.Span](cfg, opts, counters)
	if !cfg.UsesCollector() {
		o.transport = newUDPTransport(udpOptions{
			agent:    cfg.Reporter.Agent,
			encoder:  newCompactEncoder(),
			counters: counters,
			log:      opts.logger,
			ctx:      r.ctx,
		})
		return newJaegerReporter(o), nil
	}
	t, err := newHTTPTransport(cfg.Reporter.Collector, counters, opts.logger, r)
	if err != nil {
		o.cancel()
		return nil, err
	}
	o.transport = t
	return newJaegerReporter(o), nil
}

func tracerOptions(cfg config.Config, opts env, m *jaeger.Metrics) []jaeger.TracerOption {
	options := []jaeger.TracerOption{
		jaeger.TracerOptions.Metrics(m),
		jaeger.TracerOptions.Logger(clientLogger{opts.logger}),
		jaeger.TracerOptions.Gen128Bit(cfg.TraceID128Bit),
		jaeger.TracerOptions.RandomNumber(newID),
	}
	for _, tag := range cfg.Tags {
		options = append(options, jaeger.TracerOptions.Tag(tag.Name, tag.Value))
	}
	if cfg.RPCMetrics && opts.metrics != metrics.NullFactory {
		// The names are those of jaeger-client-go's own configuration.
		factory := opts.metrics.Namespace(metrics.NSOptions{
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

func jaegerTarget(cfg config.Config) string {
	if cfg.UsesCollector() {
		return redact.URL(cfg.Reporter.Collector.Endpoint)
	}
	return udpTarget(cfg.Reporter.Agent)
}

func (b *jaegerBackend) traceID(sc opentracing.SpanContext) (id.TraceID, bool) {
	// A context that carries only baggage or a debug id is not valid, and asking
	// it whether it is sampled would panic.
	c, ok := sc.(jaeger.SpanContext)
	if !ok || !c.IsValid() {
		return id.TraceID{}, false
	}
	return id.TraceID(c.TraceID()), c.IsSampled()
}

func (b *jaegerBackend) stats() Stats {
	return b.reporter.stats()
}

// close flushes last, so that the sampler's end is not cut off by the deadline.
func (b *jaegerBackend) close(ctx context.Context) error {
	b.closing.Do(func() {
		b.stopSampler()
		b.sampler.Close()
	})
	return b.reporter.close(ctx)
}
