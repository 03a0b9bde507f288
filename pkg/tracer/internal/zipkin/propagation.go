package zipkin

import (
	"github.com/opentracing/opentracing-go"
	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go/model"

	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
)

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
	switch {
	case c.Debug:
		l.Sampled = propagation.Keep
	case c.Sampled == nil:
	case *c.Sampled:
		l.Sampled = propagation.Keep
	default:
		l.Sampled = propagation.Drop
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
		parent := model.ID(l.Parent)
		c.ParentID = &parent
	}
	if l.Sampled != propagation.Deferred && !l.Debug {
		kept := l.Sampled == propagation.Keep
		c.Sampled = &kept
	}
	return zipkintracer.SpanContext(c), nil
}
