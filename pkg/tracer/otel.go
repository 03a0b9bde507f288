package tracer

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"go.opentelemetry.io/otel/attribute"
	bridge "go.opentelemetry.io/otel/bridge/opentracing"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// otelScope is the instrumentation scope of every span, which Jaeger shows as
// otel.scope.name.
const otelScope = "github.com/otdemo/otdemo"

// otelBackend is OpenTelemetry's SDK behind its OpenTracing bridge, and OTLP
// exporters that send what our reporter gives them. Nothing of it is global.
//
// The bridge carries less than OpenTracing promises, and is left as it is, since
// that is what an application gets that moves to it:
//
//   - FollowsFrom makes no child: the span is the root of a trace of its own, with
//     a link to the other one.
//   - span.kind counts when a span starts; set later it is lost. The error tag
//     counts when it is the boolean true, at any time, and cannot be taken back.
//     Neither stays a tag.
//   - A log is an event without a name; its fields, "event" too, are attributes.
//   - sampling.priority and jaeger-debug-id decide nothing, and a request that
//     brings only baggage brings nothing. Unsigned integers of 64 bits become text.
//   - The binary format of Inject and Extract is not there, and SetBaggageItem is
//     not safe beside another use of the same span's context.
type otelBackend struct {
	reporter    *spanReporter[sdktrace.ReadOnlySpan]
	stopSampler func()
	closing     sync.Once
}

func newOTel(cfg config.Config, opts env) (*systemTracer, error) {
	propagators, err := newPropagators(cfg.Formats(), opts.logger)
	if err := errors.Join(append(checkBasics(cfg), err)...); err != nil {
		return nil, err
	}
	counters := newSpanCounters(jaeger.NewMetrics(opts.metrics, nil))
	b := &otelBackend{}
	sampler, stopSampler, err := newOTelSampler(cfg, opts.logger)
	if err != nil {
		return nil, err
	}
	b.stopSampler = stopSampler
	if b.reporter, err = startOTLP(cfg, counters, opts); err != nil {
		stopSampler()
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(countingSampler{sdktrace.ParentBased(sampler), counters}),
		sdktrace.WithResource(otelResource(cfg, opts.logger)),
		sdktrace.WithSpanProcessor(otelProcessor{b.reporter}),
	)
	return &systemTracer{
		Tracer:  newBridge(provider.Tracer(otelScope), newOTelPropagator(propagators, sampler), opts.logger),
		service: cfg.Service,
		target:  redact.URL(cfg.CollectorURL()),
		backend: b,
	}, nil
}

// startOTLP makes the exporter and what feeds it.
func startOTLP(cfg config.Config, counters *spanCounters, opts env) (*spanReporter[sdktrace.ReadOnlySpan], error) {
	o, r := newReporterOptions[sdktrace.ReadOnlySpan](cfg, opts, counters)
	s, err := newOTLPSender(otlpOptions{url: cfg.CollectorURL(), collector: cfg.Reporter.Collector, log: opts.logger})
	if err != nil {
		o.cancel()
		return nil, err
	}
	r.timeout = s.limits.export
	o.transport = newBatcher(batchOptions[sdktrace.ReadOnlySpan]{
		sender:   s,
		log:      s.log,
		maxSpans: s.limits.batch,
		describe: func(span sdktrace.ReadOnlySpan) []any {
			return []any{"operation", span.Name(), "trace_id", span.SpanContext().TraceID().String()}
		},
	}, counters, r)
	return newSpanReporter(o), nil
}

// newBridge is the bridge's NewTracerPair, whose provider is deprecated. The
// wrapper puts the OpenTelemetry span into a context beside the OpenTracing one,
// so that code which knows only OpenTelemetry finds its parent.
func newBridge(sdk trace.Tracer, p otelpropagation.TextMapPropagator, log *slog.Logger) opentracing.Tracer {
	b := bridge.NewBridgeTracer()
	b.SetWarningHandler(func(msg string) { log.Warn("opentracing bridge", "detail", msg) })
	b.SetTextMapPropagator(p)
	b.SetOpenTelemetryTracer(bridge.NewWrapperTracer(b, sdk))
	return b
}

// otelResource describes the process, as jaeger-client-go does with its process
// tags: the SDK, the host and the program, then our configuration, which prevails.
// The SDK itself puts OTEL_RESOURCE_ATTRIBUTES below it. The command line is left
// out, since URLs in it may hold passwords.
func otelResource(cfg config.Config, log *slog.Logger) *resource.Resource {
	attributes := make([]attribute.KeyValue, 0, len(cfg.Tags)+1)
	for _, tag := range cfg.Tags {
		attributes = append(attributes, attribute.String(tag.Name, tag.Value))
	}
	attributes = append(attributes, attribute.String("service.name", cfg.Service))
	r, err := resource.New(context.Background(),
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithProcessPID(),
		resource.WithProcessExecutableName(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(attributes...),
	)
	if err != nil {
		// What was found is there all the same.
		log.Warn("the process is not fully described", "error", err)
	}
	return r
}

// otelProcessor hands finished spans to the reporter. The SDK's own batch processor
// drops spans without telling whose or when, and forgets those that end while it
// is being shut down.
type otelProcessor struct {
	reporter *spanReporter[sdktrace.ReadOnlySpan]
}

// OnStart implements sdktrace.SpanProcessor; countingSampler has counted the span.
func (otelProcessor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor.
func (p otelProcessor) OnEnd(span sdktrace.ReadOnlySpan) {
	sc := span.SpanContext()
	if !sc.IsSampled() {
		return
	}
	if p.reporter.logSpans {
		logFinished(p.reporter.log, span.Name(), sc.TraceID().String(), sc.SpanID().String(),
			span.EndTime().Sub(span.StartTime()))
	}
	p.reporter.report(span)
}

// Shutdown implements sdktrace.SpanProcessor. otelBackend.close does it, because
// a provider that is shut down does not tell of spans that finish later.
func (otelProcessor) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdktrace.SpanProcessor.
func (otelProcessor) ForceFlush(context.Context) error { return nil }

// traceID knows the bridge's contexts, whose type is not exported, by the
// OpenTelemetry context inside them.
func (b *otelBackend) traceID(sc opentracing.SpanContext) (id.TraceID, bool) {
	c, ok := sc.(interface {
		IsValid() bool
		IsSampled() bool
		TraceID() trace.TraceID
	})
	if !ok || !c.IsValid() {
		return id.TraceID{}, false
	}
	return fromOTelID(c.TraceID()), c.IsSampled()
}

func (b *otelBackend) stats() Stats { return b.reporter.stats() }

func (b *otelBackend) close(ctx context.Context) error {
	b.closing.Do(b.stopSampler)
	return b.reporter.close(ctx)
}
