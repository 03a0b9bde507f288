// Package otel is the tracing system OpenTelemetry: its SDK behind its OpenTracing
// bridge, with our reporter and its OTLP exporters. Start at New.
package otel

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"github.com/opentracing/opentracing-go"
	otelapi "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	bridge "go.opentelemetry.io/otel/bridge/opentracing"
	otelpropagation "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
)

// scope is the instrumentation scope of every span, which Jaeger shows as
// otel.scope.name.
const scope = "github.com/otdemo/otdemo"

// New makes a tracer of OpenTelemetry's SDK behind its OpenTracing bridge, with OTLP
// exporters below our reporter. Nothing of it is global.
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
func New(cfg config.Config, env reporter.Env, propagators *propagation.Propagators) (*system.Tracer, error) {
	sampler, stopSampler, err := newSampler(cfg, env.Logger)
	if err != nil {
		return nil, err
	}
	r, err := startReporter(cfg, env)
	if err != nil {
		stopSampler()
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(countingSampler{sdktrace.ParentBased(sampler), r.Counters}),
		sdktrace.WithResource(newResource(cfg, env.Logger)),
		sdktrace.WithSpanProcessor(processor{r}),
	)
	return &system.Tracer{
		Tracer:   newBridge(provider.Tracer(scope), newPropagator(propagators, sampler), env.Logger),
		Service:  cfg.Service,
		TraceID:  traceID,
		Reporter: r,
		Stop:     sync.OnceFunc(stopSampler),
	}, nil
}

func startReporter(cfg config.Config, env reporter.Env) (*reporter.Reporter[sdktrace.ReadOnlySpan], error) {
	s, err := newSender(cfg, env.Logger)
	if err != nil {
		return nil, err
	}
	r := reporter.New[sdktrace.ReadOnlySpan](cfg.Reporter, env)
	r.Retrier.Timeout = s.limits.export
	r.Start(reporter.NewBatcher(reporter.BatchOptions[sdktrace.ReadOnlySpan]{
		Sender:   s,
		Log:      s.log,
		MaxSpans: s.limits.batch,
		Describe: func(span sdktrace.ReadOnlySpan) []any {
			return []any{"operation", span.Name(), "trace_id", span.SpanContext().TraceID().String()}
		},
	}, r.Counters, r.Retrier))
	return r, nil
}

// newBridge is the bridge's NewTracerPair, whose provider is deprecated. The
// wrapper puts the OpenTelemetry span into a context beside the OpenTracing one,
// so that code which uses only OpenTelemetry finds its parent.
func newBridge(sdk trace.Tracer, p otelpropagation.TextMapPropagator, log *slog.Logger) opentracing.Tracer {
	b := bridge.NewBridgeTracer()
	b.SetWarningHandler(func(msg string) { log.Warn("opentracing bridge", "detail", msg) })
	b.SetTextMapPropagator(p)
	b.SetOpenTelemetryTracer(bridge.NewWrapperTracer(b, sdk))
	return b
}

// newResource describes the process, as jaeger-client-go does with its process
// tags: the SDK, the host and the program, then our configuration, which prevails.
// The SDK itself puts OTEL_RESOURCE_ATTRIBUTES below it. The command line is left
// out, since URLs in it may hold passwords.
func newResource(cfg config.Config, log *slog.Logger) *resource.Resource {
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

// processor passes finished spans to the reporter. The SDK's own batch processor
// drops spans without counting them by cause, and loses those that end while it is
// being shut down.
type processor struct {
	*reporter.Reporter[sdktrace.ReadOnlySpan]
}

// OnStart does nothing: countingSampler has counted the span.
func (processor) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (p processor) OnEnd(span sdktrace.ReadOnlySpan) {
	sc := span.SpanContext()
	if !sc.IsSampled() {
		return
	}
	if p.Config.LogSpans {
		p.LogFinished(span.Name(), sc.TraceID().String(), sc.SpanID().String(),
			span.EndTime().Sub(span.StartTime()))
	}
	p.Enqueue(span)
}

// Shutdown does nothing: system.Tracer shuts the reporter down, because a provider that
// is shut down does not report spans that finish later.
func (processor) Shutdown(context.Context) error { return nil }

func (processor) ForceFlush(context.Context) error { return nil }

// traceID recognizes the bridge's contexts, whose type is not exported, by the
// OpenTelemetry context inside them.
func traceID(sc opentracing.SpanContext) (id.TraceID, bool) {
	c, ok := sc.(interface {
		IsValid() bool
		IsSampled() bool
		TraceID() trace.TraceID
	})
	if !ok || !c.IsValid() {
		return id.TraceID{}, false
	}
	return propagation.FromOTelID(c.TraceID()), c.IsSampled()
}

// logSDK has the SDK's own log and errors go to log, in the place of stderr. Both are
// global in OpenTelemetry: the latest tracer's log has them.
func logSDK(log *slog.Logger) {
	otelapi.SetLogger(logr.New(sdkLog{log}))
	otelapi.SetErrorHandler(otelapi.ErrorHandlerFunc(func(err error) {
		log.Warn("OpenTelemetry's SDK reports an error", "error", err)
	}))
}

// sdkLog is a logr.LogSink for errors, as the SDK's own is. It leaves out what package
// config and otlpTLS report, and what the SDK quotes of headers, which carry tokens.
type sdkLog struct{ log *slog.Logger }

func (sdkLog) Init(logr.RuntimeInfo) {}

func (sdkLog) Enabled(level int) bool { return level == 0 }

func (s sdkLog) Info(_ int, msg string, _ ...any) { s.log.Info("OpenTelemetry's SDK", "detail", msg) }

func (s sdkLog) Error(err error, msg string, keysAndValues ...any) {
	switch {
	case msg == "parse duration", strings.Contains(msg, " tls "):
		return
	case strings.Contains(msg, "header"):
		keysAndValues, err = nil, nil
	}
	line := []any{"detail", msg}
	if err != nil {
		line = append(line, "error", err)
	}
	s.log.Warn("OpenTelemetry's SDK reports an error", append(line, keysAndValues...)...)
}

func (s sdkLog) WithValues(keysAndValues ...any) logr.LogSink {
	return sdkLog{s.log.With(keysAndValues...)}
}

func (s sdkLog) WithName(string) logr.LogSink { return s }
