package tracer

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// decision is whether a trace is kept, as far as the caller says.
type decision int

const (
	// deferred leaves it to who reads the headers.
	deferred decision = iota
	drop
	keep
)

// spanContext is what a request carries of the span that made it, whatever the header
// format. A format that has no room for a field leaves it out.
type spanContext struct {
	trace id.TraceID
	// span is the caller's span, parent the span above that one, or 0.
	span, parent id.SpanID
	sampled      decision
	// debug asks for the trace to be kept at all costs; sampled is keep then.
	debug bool
	// state is W3C's tracestate, to be passed on as it came.
	state   string
	baggage map[string]string
}

// hasSpan reports whether the link names a span. One that does not may still
// carry a sampling decision.
func (l *spanContext) hasSpan() bool { return !l.trace.IsZero() && l.span != 0 }

// addBaggage keeps the first value of each key.
func (l *spanContext) addBaggage(key, value string) {
	if key == "" {
		return
	}
	if _, ok := l.baggage[key]; ok {
		return
	}
	if l.baggage == nil {
		l.baggage = map[string]string{}
	}
	l.baggage[key] = value
}

// propagator is one way to write a link into headers. The names of the headers are in
// lower case. Formats hold no state.
type propagator interface {
	// inject calls set for each header of l, which names a span.
	inject(l spanContext, set func(key, value string))
	// extract returns the link without its baggage. Its error is
	// ErrSpanContextNotFound when the format's headers are not there, and wraps
	// ErrSpanContextCorrupted when they make no sense.
	extract(h headers) (spanContext, error)
	// extractBaggage calls add for each item. Baggage has its own headers, which may
	// be there when the others are not.
	extractBaggage(h headers, add func(key, value string))
}

// propagators is the list of header formats that a tracer speaks, in the order of
// the configuration. It is safe for concurrent use.
type propagators struct {
	names []string
	// http and text are the same list for the two kinds of carrier: a value in an
	// HTTP header needs escaping, a value in a map does not.
	http, text []propagator
	log        *slog.Logger
	brokenLog  lockedThrottle
}

// newPropagators makes the formats of the list, which config.Config.Formats returns.
func newPropagators(names []string, log *slog.Logger) (*propagators, error) {
	f := &propagators{names: names, log: log}
	for _, name := range names {
		http, err := newPropagator(name, true)
		if err != nil {
			return nil, err
		}
		text, _ := newPropagator(name, false)
		f.http, f.text = append(f.http, http), append(f.text, text)
	}
	return f, nil
}

func newPropagator(name string, escape bool) (propagator, error) {
	switch name {
	case config.PropagationJaeger:
		return jaegerPropagator{escape: escape}, nil
	case config.PropagationW3C:
		return w3cPropagator{}, nil
	case config.PropagationB3:
		return b3Propagator{}, nil
	case config.PropagationB3Single:
		return b3Propagator{single: true}, nil
	case config.PropagationAppdash:
		return appdashPropagator{escape: escape}, nil
	default:
		return nil, hint.New(fmt.Errorf("propagation must be any of jaeger, w3c, b3, b3-single, appdash, got %q", name),
			"use --propagation w3c,jaeger to be understood by most")
	}
}

// forCarrier returns the formats for OpenTracing's kind of carrier.
func (f *propagators) forCarrier(kind any) ([]propagator, error) {
	switch kind {
	case opentracing.HTTPHeaders:
		return f.http, nil
	case opentracing.TextMap:
		return f.text, nil
	default:
		return nil, opentracing.ErrUnsupportedFormat
	}
}

// forHTTP returns the propagators for headers of HTTP, or for maps.
func (f *propagators) forHTTP(http bool) []propagator {
	if http {
		return f.http
	}
	return f.text
}

// inject writes l in all formats.
func (f *propagators) inject(l spanContext, kind, carrier any) error {
	list, err := f.forCarrier(kind)
	if err != nil {
		return err
	}
	w, ok := carrier.(opentracing.TextMapWriter)
	if !ok {
		return opentracing.ErrInvalidCarrier
	}
	if !l.hasSpan() {
		return opentracing.ErrInvalidSpanContext
	}
	for _, format := range list {
		format.inject(l, w.Set)
	}
	return nil
}

// extract reads the link that carrier holds; see read.
func (f *propagators) extract(kind, carrier any) (spanContext, error) {
	list, err := f.forCarrier(kind)
	if err != nil {
		return spanContext{}, err
	}
	r, ok := carrier.(opentracing.TextMapReader)
	if !ok {
		return spanContext{}, opentracing.ErrInvalidCarrier
	}
	h, err := collect(r)
	if err != nil {
		return spanContext{}, err
	}
	return f.extractFrom(list, h)
}

// extractFrom takes the first format that names a span. When none does, it takes the
// first that at least decides about sampling, and says ErrSpanContextCorrupted
// when there was but nonsense. Baggage is taken from all formats, since some
// have none; so is the tracestate, if it belongs to the same trace. That a header
// was broken is logged, because nethttp tells nobody.
func (f *propagators) extractFrom(list []propagator, h headers) (spanContext, error) {
	var got spanContext
	result := opentracing.ErrSpanContextNotFound
	for i, format := range list {
		l, err := format.extract(h)
		switch {
		case errors.Is(err, opentracing.ErrSpanContextNotFound):
			continue
		case err != nil:
			if f.brokenLog.allow() {
				f.log.Warn("trace header is broken", "format", f.names[i], "reason", err)
			}
			if result != nil {
				result = opentracing.ErrSpanContextCorrupted
			}
			continue
		case !got.hasSpan() && (l.hasSpan() || result != nil):
			got, result = l, nil
		case got.trace == l.trace && got.state == "":
			got.state = l.state
		}
	}
	if result != nil {
		return spanContext{}, result
	}
	for _, format := range list {
		format.extractBaggage(h, got.addBaggage)
	}
	return got, nil
}

// supports reports whether name is in the list.
func (f *propagators) supports(name string) bool { return slices.Contains(f.names, name) }
