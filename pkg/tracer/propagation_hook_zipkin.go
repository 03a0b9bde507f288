package tracer

import (
	"github.com/opentracing/opentracing-go"
	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go/model"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// zipkinConverter translates to and from model.SpanContext, which has no baggage. B3
// goes this way too: a stranger can crash the reader in zipkin-go, see b3Propagator.
type zipkinConverter struct{}

func (zipkinConverter) fromLibrary(sc opentracing.SpanContext) (spanContext, bool) {
	c, ok := sc.(zipkintracer.SpanContext)
	if !ok {
		return spanContext{}, false
	}
	l := spanContext{
		trace: id.TraceID(c.TraceID),
		span:  id.SpanID(c.ID),
		debug: c.Debug,
	}
	if c.ParentID != nil {
		l.parent = id.SpanID(*c.ParentID)
	}
	switch {
	case c.Debug:
		l.sampled = keep
	case c.Sampled == nil:
	case *c.Sampled:
		l.sampled = keep
	default:
		l.sampled = drop
	}
	return l, true
}

// toLibrary returns a context without ids too: Zipkin starts a trace with the
// sampling decision in it.
func (zipkinConverter) toLibrary(l spanContext) (opentracing.SpanContext, error) {
	c := model.SpanContext{
		TraceID: model.TraceID(l.trace),
		ID:      model.ID(l.span),
		Debug:   l.debug,
	}
	if l.parent != 0 {
		parent := model.ID(l.parent)
		c.ParentID = &parent
	}
	if l.sampled != deferred && !l.debug {
		kept := l.sampled == keep
		c.Sampled = &kept
	}
	return zipkintracer.SpanContext(c), nil
}
