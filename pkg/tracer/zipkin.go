package tracer

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/config"
)

// zipkinBackend is zipkin-go behind zipkin-go-opentracing, with our reporter.
//
// What zipkin-go-opentracing leaves out of OpenTracing stays out: it carries no
// baggage, ignores sampling.priority, reads span.kind and the peer.* tags only
// when the span starts, and makes an annotation of each field of a log. The
// format, Zipkin v2 JSON, has names and services in lower case and strings as tag
// values, and no process: the tags of the configuration are put on every span.
type zipkinBackend struct {
	*encodedReporter
	*propagatingTracer
}

// newZipkin makes the tracer. Client and server are two spans, as with every
// other tracer here; Zipkin's shared ones would give both the same id.
func newZipkin(cfg config.Config, opts env) (*systemTracer, error) {
	sampler, propagators, err := checkTraceSampled(cfg, opts)
	if err != nil {
		return nil, err
	}
	out, err := newEncodedReporter(cfg, opts, func() (batchOptions[[]byte], error) { return zipkinBatches(cfg, opts) })
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(cfg.Tags))
	for _, tag := range cfg.Tags {
		tags[tag.Name] = tag.Value
	}
	// The options that we give return no errors.
	library, _ := zipkin.NewTracer(&zipkinReporter{out},
		zipkin.WithLocalEndpoint(&model.Endpoint{ServiceName: cfg.Service}),
		zipkin.WithSampler(sampler),
		zipkin.WithSharedSpans(false),
		zipkin.WithTraceID128Bit(cfg.TraceID128Bit),
		zipkin.WithTags(tags))
	tracer := &propagatingTracer{
		Tracer:      zipkintracer.Wrap(library),
		propagators: propagators,
		converter:   zipkinConverter{},
		started:     out.counters.countStarted,
	}
	return &systemTracer{
		Tracer:  tracer,
		service: strings.ToLower(cfg.Service), // as zipkin-go writes it
		target:  redact.URL(cfg.CollectorURL()),
		backend: zipkinBackend{out, tracer},
	}, nil
}

// zipkinBatches posts to Zipkin's API, in batches with the bounds that Jaeger's
// collector is given.
func zipkinBatches(cfg config.Config, opts env) (batchOptions[[]byte], error) {
	p, err := newHTTPSender(cfg.CollectorURL(), cfg.Reporter.Collector, http.Header{
		"Content-Type": {"application/json"},
		// As zipkin-go's own reporter says: no proxy on the way may trace this.
		"B3": {"0"},
	})
	if err != nil {
		return batchOptions[[]byte]{}, err
	}
	return batchOptions[[]byte]{
		sender:       zipkinSender{p},
		log:          opts.logger.With("url", p.url),
		maxSpans:     httpBatchSpans,
		maxBytes:     httpBatchBytes,
		maxSpanBytes: httpSpanBytes,
	}, nil
}

// zipkinSender implements sender.
type zipkinSender struct{ *httpSender }

func (s zipkinSender) prepare(spans [][]byte) func(context.Context) *sendError {
	return s.post(jsonList(spans))
}

// jsonList makes a list of encoded values.
func jsonList(values [][]byte) []byte {
	size := len("[]")
	for _, v := range values {
		size += len(v) + len(",")
	}
	list := append(make([]byte, 0, size), '[')
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, v...)
	}
	return append(list, ']')
}

// zipkinReporter implements reporter.Reporter of zipkin-go on our queue, because
// the books of zipkin-go's own HTTP reporter (v0.4.3) cannot be kept from
// outside: when its backlog overflows during a request, it disposes of spans that
// it has just sent, and then forgets as many that it has not; one span that cannot
// be encoded holds up all behind it; an answer of 500 counts as delivered; Finish
// after Close waits for ever, and Close has no deadline.
type zipkinReporter struct{ out *encodedReporter }

// Send implements reporter.Reporter.
func (r *zipkinReporter) Send(span model.SpanModel) {
	if r.out.logSpans {
		logFinished(r.out.log, span.Name, span.TraceID.String(), span.ID.String(), span.Duration)
	}
	r.out.reportEncoded(json.Marshal(span))
}

// Close implements reporter.Reporter; Tracer.Close closes the encodedReporter.
func (r *zipkinReporter) Close() error { return nil }
