package tracer

import (
	"fmt"
	"io"
	"log"

	basictracer "github.com/opentracing/basictracer-go"
	"sourcegraph.com/sourcegraph/appdash"
	appdashtracer "sourcegraph.com/sourcegraph/appdash/opentracing"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
)

// appdashServiceTag is the tag that names the service, for which Appdash has no
// field. It and the tags of the configuration are put on every span, unless the
// span has a tag of that name.
const appdashServiceTag = "service"

// appdashBackend is Appdash's tracer, which is basictracer with Appdash's
// recorder. Its trace ids have 64 bits.
type appdashBackend struct {
	*encodedReporter
	*propagatingTracer
}

func newAppdash(cfg config.Config, opts env) (*systemTracer, error) {
	sampler, propagators, err := checkTraceSampled(cfg, opts)
	if err != nil {
		return nil, err
	}
	out, err := newEncodedReporter(cfg, opts, func() (batchOptions[[]byte], error) { return appdashBatches(cfg, opts) })
	if err != nil {
		return nil, err
	}
	// What appdashtracer.NewTracerWithOptions does, but for the recorder.
	options := basictracer.DefaultOptions()
	options.ShouldSample = sampler
	options.Recorder = &appdashRecorder{
		out:  out,
		tags: append([]config.Tag{{Name: appdashServiceTag, Value: cfg.Service}}, cfg.Tags...),
	}
	tracer := &propagatingTracer{
		Tracer:      basictracer.NewWithOptions(options),
		propagators: propagators,
		converter:   &appdashConverter{decide: sampler, log: opts.logger},
		started:     out.counters.countStarted,
	}
	return &systemTracer{
		Tracer:  tracer,
		service: cfg.Service,
		target:  redact.URL(cfg.CollectorURL()),
		backend: appdashBackend{out, tracer},
	}, nil
}

// appdashRecorder implements basictracer.SpanRecorder. What a span is to Appdash
// Appdash's own recorder says, but in one packet instead of one for each tag, so
// that no span arrives in part.
type appdashRecorder struct {
	out  *encodedReporter
	tags []config.Tag
}

// RecordSpan implements basictracer.SpanRecorder.
func (r *appdashRecorder) RecordSpan(span basictracer.RawSpan) {
	if !span.Context.Sampled {
		return
	}
	if r.out.logSpans {
		logFinished(r.out.log, span.Operation, appdash.ID(span.Context.TraceID).String(),
			appdash.ID(span.Context.SpanID).String(), span.Duration)
	}
	r.out.reportEncoded(r.encode(span))
}

// encode returns an error when the code of the application panics, which runs
// here: lazy log fields, and tags that print themselves.
func (r *appdashRecorder) encode(span basictracer.RawSpan) (packet []byte, err error) {
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
	return appendAppdashPacket(nil, all.span, all.list), nil
}

// annotations implements appdash.Collector for one span.
type annotations struct {
	span appdash.SpanID
	list []appdash.Annotation
}

// Collect implements appdash.Collector.
func (a *annotations) Collect(span appdash.SpanID, list ...appdash.Annotation) error {
	a.span = span
	a.list = append(a.list, list...)
	return nil
}
