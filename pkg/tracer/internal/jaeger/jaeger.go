// Package jaeger is the tracing system Jaeger: jaeger-client-go's tracer with our
// reporter, and transports over UDP and HTTP. Start at New.
package jaeger

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/rpcmetrics"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
	"github.com/otdemo/otdemo/pkg/tracer/internal/udp"
)

// New makes jaeger-client-go's tracer with our reporter and transports.
func New(cfg config.Config, env reporter.Env, propagators *propagation.Propagators) (*system.Tracer, error) {
	r := reporter.New[*jaeger.Span](cfg.Reporter, env)
	m := r.Counters.Metrics
	ctx, cancel := context.WithCancel(context.Background())
	sampler, err := sampling.New(ctx, cfg, m, env.Logger)
	if err != nil {
		cancel()
		return nil, err
	}
	stop := sync.OnceFunc(func() {
		cancel()
		sampler.Close()
	})
	transport, err := newTransport(cfg, r)
	if err != nil {
		stop()
		return nil, err
	}
	r.Start(transport)
	options := append(tracerOptions(cfg, env, m), propagationOptions(cfg.Service, propagators, m, sampler)...)
	t, _ := jaeger.NewTracer(cfg.Service, sampler, spanReporter{r}, options...)
	return &system.Tracer{
		Tracer:   t,
		Service:  cfg.Service,
		TraceID:  traceID,
		Reporter: r,
		Stop:     stop,
	}, nil
}

func newTransport(cfg config.Config, r *reporter.Reporter[*jaeger.Span]) (reporter.Transport[*jaeger.Span], error) {
	if cfg.UsesCollector() {
		return newHTTPTransport(cfg.Reporter.Collector, r.Counters, r.Logger, r.Retrier)
	}
	return udp.New(udp.Options{
		Agent:    cfg.Reporter.Agent,
		Counters: r.Counters,
		Log:      r.Logger,
		Ctx:      r.Retrier.Ctx,
	}), nil
}

func tracerOptions(cfg config.Config, env reporter.Env, m *jaeger.Metrics) []jaeger.TracerOption {
	options := []jaeger.TracerOption{
		jaeger.TracerOptions.Metrics(m),
		jaeger.TracerOptions.Logger(clientLogger{env.Logger}),
		jaeger.TracerOptions.Gen128Bit(cfg.TraceID128Bit),
		jaeger.TracerOptions.RandomNumber(newID),
	}
	for _, tag := range cfg.Tags {
		options = append(options, jaeger.TracerOptions.Tag(tag.Name, tag.Value))
	}
	if cfg.RPCMetrics && env.Metrics != metrics.NullFactory {
		// The names are those of jaeger-client-go's own configuration.
		factory := env.Metrics.Namespace(metrics.NSOptions{
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

func traceID(sc opentracing.SpanContext) (id.TraceID, bool) {
	// A context that carries only baggage or a debug id is not valid, and asking
	// it whether it is sampled would panic.
	c, ok := sc.(jaeger.SpanContext)
	if !ok || !c.IsValid() {
		return id.TraceID{}, false
	}
	return id.TraceID(c.TraceID()), c.IsSampled()
}

// spanReporter implements jaeger.Reporter.
type spanReporter struct {
	*reporter.Reporter[*jaeger.Span]
}

// Report enqueues the span, or counts it as lost. The span needs no Retain: our tracers
// do not pool spans.
func (r spanReporter) Report(span *jaeger.Span) {
	if r.Config.LogSpans {
		sc := span.SpanContext()
		r.LogFinished(span.OperationName(), sc.TraceID().String(), sc.SpanID().String(), span.Duration())
	}
	r.Enqueue(span)
}

// Close does nothing: system.Tracer shuts the reporter down.
func (spanReporter) Close() {}

// clientLogger writes jaeger-client-go's messages to slog. Its texts vary, so
// they go into an attribute.
type clientLogger struct{ log *slog.Logger }

func (l clientLogger) Error(msg string) {
	l.log.Error("jaeger client", "detail", msg)
}

func (l clientLogger) Infof(format string, args ...any) {
	l.log.Info("jaeger client", "detail", fmt.Sprintf(format, args...))
}

// Debugf implements log.DebugLogger of jaeger-client-go, which would otherwise
// announce that it has no such method.
func (l clientLogger) Debugf(format string, args ...any) {
	l.log.Debug("jaeger client", "detail", fmt.Sprintf(format, args...))
}
