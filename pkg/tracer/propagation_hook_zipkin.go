package tracer

import (
	"github.com/opentracing/opentracing-go"
	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go/model"
)

// zipkinSpeaker teaches zipkin-go-opentracing's tracer the formats f. It does so
// for B3 too, whose reader in zipkin-go a stranger can crash; see b3Format.
func zipkinSpeaker(tracer opentracing.Tracer, f *formats) opentracing.Tracer {
	return &speaker{Tracer: tracer, formats: f, own: zipkinContexts{}}
}

// zipkinContexts translates to and from model.SpanContext, which has no baggage.
type zipkinContexts struct{}

func (zipkinContexts) link(sc opentracing.SpanContext) (link, bool) {
	c, ok := sc.(zipkintracer.SpanContext)
	if !ok {
		return link{}, false
	}
	l := link{
		trace: traceID{c.TraceID.High, c.TraceID.Low},
		span:  uint64(c.ID),
		debug: c.Debug,
	}
	if c.ParentID != nil {
		l.parent = uint64(*c.ParentID)
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

// context returns a context without ids too: Zipkin starts a trace with the
// sampling decision in it.
func (zipkinContexts) context(l link) (opentracing.SpanContext, error) {
	c := model.SpanContext{
		TraceID: model.TraceID{High: l.trace.high, Low: l.trace.low},
		ID:      model.ID(l.span),
		Debug:   l.debug,
	}
	if l.parent != 0 {
		parent := model.ID(l.parent)
		c.ParentID = &parent
	}
	if l.sampled != undecided && !l.debug {
		kept := l.sampled == keep
		c.Sampled = &kept
	}
	return zipkintracer.SpanContext(c), nil
}
