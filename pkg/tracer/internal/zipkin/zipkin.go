// Package zipkin is the tracing system Zipkin: zipkin-go behind zipkin-go-opentracing,
// with our reporter. Start at New.
package zipkin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/opentracing/opentracing-go"
	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
)

// New makes zipkin-go's tracer behind zipkin-go-opentracing, with our reporter. Client
// and server are two spans, as with every other tracer here; Zipkin's shared ones would
// give both the same id.
//
// What zipkin-go-opentracing leaves out of OpenTracing stays out: it carries no
// baggage, ignores sampling.priority, reads span.kind and the peer.* tags only
// when the span starts, and makes an annotation of each field of a log. The
// format, Zipkin v2 JSON, has names and services in lower case and strings as tag
// values, and no process: the tags of the configuration are put on every span.
func New(cfg config.Config, env reporter.Env, propagators *propagation.Propagators) (*system.Tracer, error) {
	h, err := httpsend.New(cfg.CollectorURL(), cfg.Reporter.Collector, http.Header{
		"Content-Type": {"application/json"},
		// As in zipkin-go's own reporter: no proxy on the way may trace this.
		"B3": {"0"},
	})
	if err != nil {
		return nil, err
	}
	out := reporter.StartEncoded(cfg, env, reporter.BatchOptions[[]byte]{
		Sender:       sender{h},
		Log:          env.Logger.With("url", h.URL),
		MaxSpans:     httpsend.BatchSpans,
		MaxBytes:     httpsend.BatchBytes,
		MaxSpanBytes: httpsend.SpanBytes,
	})
	tags := make(map[string]string, len(cfg.Tags))
	for _, tag := range cfg.Tags {
		tags[tag.Name] = tag.Value
	}
	// The options that we give return no errors.
	library, _ := zipkin.NewTracer(&recorder{out},
		zipkin.WithLocalEndpoint(&model.Endpoint{ServiceName: cfg.Service}),
		zipkin.WithSampler(sampling.ByTraceID(cfg.Sampler)),
		zipkin.WithSharedSpans(false),
		zipkin.WithTraceID128Bit(cfg.TraceID128Bit),
		zipkin.WithTags(tags))
	tracer := &propagation.Tracer{
		Tracer:      zipkintracer.Wrap(library),
		Propagators: propagators,
		Converter:   converter{},
		Started:     out.Counters.CountStarted,
	}
	return &system.Tracer{
		Tracer:   tracer,
		Service:  strings.ToLower(cfg.Service), // as zipkin-go writes it
		TraceID:  tracer.TraceID,
		Reporter: out,
		Stop:     func() {},
	}, nil
}

// sender implements reporter.Sender for encoded spans, of which it makes a list.
type sender struct{ *httpsend.Sender }

func (s sender) Prepare(spans [][]byte) func(context.Context) *reporter.SendError {
	return s.Post(slices.Concat([]byte("["), bytes.Join(spans, []byte(",")), []byte("]")))
}

// recorder implements reporter.Reporter of zipkin-go on our queue, because
// the losses of zipkin-go's own HTTP reporter (v0.4.3) cannot be counted from
// outside: when its backlog overflows during a request, it disposes of spans that
// it has just sent, and then forgets as many that it has not; one span that cannot
// be encoded holds up all behind it; an answer of 500 counts as delivered; Finish
// after Close waits for ever, and Close has no deadline.
type recorder struct{ out *reporter.Reporter[[]byte] }

func (r *recorder) Send(span model.SpanModel) {
	if r.out.Config.LogSpans {
		r.out.LogFinished(span.Name, span.TraceID.String(), span.ID.String(), span.Duration)
	}
	r.out.Report(json.Marshal(span))
}

// Close implements reporter.Reporter; Tracer.Close shuts ours down.
func (r *recorder) Close() error { return nil }

// converter translates to and from model.SpanContext, which has no baggage. B3
// goes this way too: a stranger can crash the reader in zipkin-go, see b3Propagator.
type converter struct{}

func (converter) FromLibrary(sc opentracing.SpanContext) (propagation.SpanContext, bool) {
	c, ok := sc.(zipkintracer.SpanContext)
	if !ok {
		return propagation.SpanContext{}, false
	}
	l := propagation.SpanContext{
		Trace: id.TraceID(c.TraceID),
		Span:  id.SpanID(c.ID),
		Debug: c.Debug,
	}
	if c.ParentID != nil {
		l.Parent = id.SpanID(*c.ParentID)
	}
	if c.Debug || c.Sampled != nil {
		l.Sampled = propagation.Decided(c.Debug || *c.Sampled)
	}
	return l, true
}

// ToLibrary returns a context without ids too: Zipkin starts a trace with the
// sampling decision in it.
func (converter) ToLibrary(l propagation.SpanContext) (opentracing.SpanContext, error) {
	c := model.SpanContext{
		TraceID: model.TraceID(l.Trace),
		ID:      model.ID(l.Span),
		Debug:   l.Debug,
	}
	if l.Parent != 0 {
		c.ParentID = new(model.ID(l.Parent))
	}
	if l.Sampled != propagation.Deferred && !l.Debug {
		c.Sampled = new(l.Sampled == propagation.Keep)
	}
	return zipkintracer.SpanContext(c), nil
}
