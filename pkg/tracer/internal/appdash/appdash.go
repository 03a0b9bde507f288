// Package appdash is the tracing system Appdash: basictracer, with a recorder that
// counts and a sender that knows what arrived. Start at New.
package appdash

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"sync"

	"github.com/opentracing/basictracer-go"
	"github.com/opentracing/opentracing-go"
	"sourcegraph.com/sourcegraph/appdash"
	appdashtracer "sourcegraph.com/sourcegraph/appdash/opentracing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
)

// serviceTag is the tag that names the service, for which Appdash has no
// field. It and the tags of the configuration are put on every span, unless the
// span has a tag of that name.
const serviceTag = "service"

// New makes Appdash's tracer, which is basictracer, with a recorder of ours. Its trace
// ids have 64 bits.
func New(cfg config.Config, env reporter.Env, propagators *propagation.Propagators) (*system.Tracer, error) {
	address, err := collectorAddress(cfg)
	if err != nil {
		return nil, err
	}
	out := reporter.StartEncoded(cfg, env, reporter.BatchOptions[[]byte]{
		Sender:       sender(address),
		Log:          env.Logger.With("address", address),
		MaxSpans:     batchSpans,
		MaxBytes:     batchBytes,
		MaxSpanBytes: spanBytes,
	})
	// What appdashtracer.NewTracerWithOptions does, but for the recorder.
	sampler := sampling.ByTraceID(cfg.Sampler)
	options := basictracer.DefaultOptions()
	options.ShouldSample = sampler
	options.Recorder = &recorder{
		out:  out,
		tags: append([]config.Tag{{Name: serviceTag, Value: cfg.Service}}, cfg.Tags...),
	}
	tracer := &propagation.Tracer{
		Tracer:      basictracer.NewWithOptions(options),
		Propagators: propagators,
		Converter:   &converter{decide: sampler, log: env.Logger},
		Started:     out.Counters.CountStarted,
	}
	return &system.Tracer{
		Tracer:   tracer,
		Service:  cfg.Service,
		TraceID:  tracer.TraceID,
		Reporter: out,
		Stop:     func() {},
	}, nil
}

// recorder implements basictracer.SpanRecorder. It encodes a span with Appdash's own
// recorder, but in one packet instead of one for each tag, so that no span arrives in
// part.
type recorder struct {
	out  *reporter.Reporter[[]byte]
	tags []config.Tag
}

func (r *recorder) RecordSpan(span basictracer.RawSpan) {
	if !span.Context.Sampled {
		return
	}
	if r.out.Config.LogSpans {
		r.out.LogFinished(span.Operation, appdash.ID(span.Context.TraceID).String(),
			appdash.ID(span.Context.SpanID).String(), span.Duration)
	}
	r.out.Report(r.encode(span))
}

// encode returns an error when the code of the application panics, which runs
// here: lazy log fields, and tags that print themselves.
func (r *recorder) encode(span basictracer.RawSpan) (packet []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a field of span %q panicked: %v", span.Operation, p)
		}
	}()
	var all annotations
	for _, tag := range r.tags {
		if _, taken := span.Tags[tag.Name]; !taken {
			all.list = append(all.list, appdash.Annotation{Key: tag.Name, Value: []byte(tag.Value)})
		}
	}
	appdashtracer.NewRecorder(&all, appdashtracer.Options{
		Logger: log.New(io.Discard, "", 0), // of errors that annotations has none of
	}).RecordSpan(span)
	return appendPacket(nil, all.span, all.list), nil
}

// annotations implements appdash.Collector for one span.
type annotations struct {
	span appdash.SpanID
	list []appdash.Annotation
}

func (a *annotations) Collect(span appdash.SpanID, list ...appdash.Annotation) error {
	a.span = span
	a.list = append(a.list, list...)
	return nil
}

// converter translates to and from basictracer.SpanContext, which has 64
// bits for the trace id, no parent and no debug flag. decide is the tracer's sampler,
// for callers that leave the decision to us.
type converter struct {
	decide func(trace uint64) bool
	log    *slog.Logger
	cut    sync.Once
}

func (*converter) FromLibrary(sc opentracing.SpanContext) (propagation.SpanContext, bool) {
	c, ok := sc.(basictracer.SpanContext)
	if !ok {
		return propagation.SpanContext{}, false
	}
	return propagation.SpanContext{
		Trace:   id.TraceID{Low: c.TraceID},
		Span:    id.SpanID(c.SpanID),
		Sampled: propagation.Decided(c.Sampled),
		Baggage: c.Baggage,
	}, true
}

func (a *converter) ToLibrary(l propagation.SpanContext) (opentracing.SpanContext, error) {
	if !l.HasSpan() || l.Trace.Low == 0 {
		return nil, opentracing.ErrSpanContextNotFound
	}
	if l.Trace.High != 0 {
		a.cut.Do(func() {
			a.log.Warn("appdash keeps 64 bits of a trace id: this trace and those to come have another id there",
				"trace_id", l.Trace, "appdash_trace_id", id.SpanID(l.Trace.Low))
		})
	}
	return basictracer.SpanContext{
		TraceID: l.Trace.Low,
		SpanID:  uint64(l.Span),
		Sampled: l.Sampled == propagation.Keep || l.Sampled == propagation.Deferred && a.decide(l.Trace.Low),
		Baggage: maps.Clone(l.Baggage),
	}, nil
}
