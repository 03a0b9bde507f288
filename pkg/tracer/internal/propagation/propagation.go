// Package propagation carries span contexts in the headers of requests, in the formats
// of the configuration. Start at New; Tracer adds the formats to a library that has
// only its own.
package propagation

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/kind"
)

// Decision is whether a trace is sampled, as the caller decided.
type Decision int

// The decisions. Deferred leaves it to the callee.
const (
	Deferred Decision = iota
	Drop
	Keep
)

// Decided returns Keep or Drop.
func Decided(sampled bool) Decision {
	if sampled {
		return Keep
	}
	return Drop
}

// SpanContext is what a request carries of the span that made it, whatever the header
// format. A format that has no room for a field leaves it out.
type SpanContext struct {
	Trace id.TraceID
	// Span is the caller's span, parent the span above that one, or 0.
	Span, Parent id.SpanID
	Sampled      Decision
	// Debug requests that the trace is kept in any case; Sampled is Keep then.
	Debug bool
	// State is W3C's tracestate, to be passed on as it came.
	State   string
	Baggage map[string]string
}

// HasSpan reports whether the context names a span. One that does not may still
// carry a sampling decision.
func (l *SpanContext) HasSpan() bool { return !l.Trace.IsZero() && l.Span != 0 }

// setIDs sets the ids of a span and of its parent, which may be 0. It reports whether
// they are valid.
func (l *SpanContext) setIDs(trace, span, parent string) bool {
	var err [3]error
	l.Trace, err[0] = id.ParseTraceID(trace)
	l.Span, err[1] = id.ParseSpanID(span)
	l.Parent, err[2] = id.ParseSpanID(parent)
	return err == [3]error{} && l.HasSpan()
}

// AddBaggage keeps the first value of each key.
func (l *SpanContext) AddBaggage(key, value string) {
	if key == "" {
		return
	}
	if _, ok := l.Baggage[key]; ok {
		return
	}
	if l.Baggage == nil {
		l.Baggage = map[string]string{}
	}
	l.Baggage[key] = value
}

// Propagator is one way to write a span context into headers. The names of the headers are in
// lower case. Formats hold no state.
type Propagator interface {
	// Inject calls set for each header of l, which names a span.
	Inject(l SpanContext, set func(key, value string))
	// Extract returns the span context without its baggage. Its error is
	// ErrSpanContextNotFound when the format's headers are not there, and wraps
	// ErrSpanContextCorrupted when they make no sense.
	Extract(h Headers) (SpanContext, error)
	// ExtractBaggage calls add for each item. Baggage has its own headers, which may
	// be there when the others are not.
	ExtractBaggage(h Headers, add func(key, value string))
}

// Propagators are the propagation formats that a tracer uses, in the order of
// the configuration. It is safe for concurrent use.
type Propagators struct {
	Names []string
	// http and text are the same list for the two kinds of carrier: a value in an
	// HTTP header needs escaping, a value in a map does not.
	http, text []Propagator
	log        *slog.Logger
	brokenLog  reporter.Throttle
}

// New makes the formats of the list, which config.Config.Formats returns.
func New(names []string, log *slog.Logger) (*Propagators, error) {
	f := &Propagators{Names: names, log: log}
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

// newPropagator makes a format for carriers whose values need escaping, as those of HTTP,
// or for others.
func newPropagator(name string, escape bool) (Propagator, error) {
	p := map[string]Propagator{
		kind.FormatJaeger:   jaegerPropagator{escape: escape},
		kind.FormatW3C:      w3cPropagator{},
		kind.FormatB3:       b3Propagator{},
		kind.FormatB3Single: b3Propagator{single: true},
		kind.FormatAppdash:  appdashPropagator{escape: escape},
	}[name]
	if p == nil {
		return nil, hint.New(fmt.Errorf("propagation must be any of %s, got %q", strings.Join(kind.Formats(), ", "), name),
			"use --propagation w3c,jaeger to be understood by most")
	}
	return p, nil
}

// For returns the propagators for a kind of carrier of OpenTracing.
func (f *Propagators) For(kind any) ([]Propagator, error) {
	switch kind {
	case opentracing.HTTPHeaders:
		return f.http, nil
	case opentracing.TextMap:
		return f.text, nil
	default:
		return nil, opentracing.ErrUnsupportedFormat
	}
}

// Inject writes l in all formats.
func (f *Propagators) Inject(l SpanContext, kind, carrier any) error {
	list, err := f.For(kind)
	if err != nil {
		return err
	}
	w, ok := carrier.(opentracing.TextMapWriter)
	if !ok {
		return opentracing.ErrInvalidCarrier
	}
	if !l.HasSpan() {
		return opentracing.ErrInvalidSpanContext
	}
	for _, format := range list {
		format.Inject(l, w.Set)
	}
	return nil
}

// Extract reads the span context that carrier holds; see ExtractFrom.
func (f *Propagators) Extract(kind, carrier any) (SpanContext, error) {
	list, err := f.For(kind)
	if err != nil {
		return SpanContext{}, err
	}
	r, ok := carrier.(opentracing.TextMapReader)
	if !ok {
		return SpanContext{}, opentracing.ErrInvalidCarrier
	}
	h, err := collect(r)
	if err != nil {
		return SpanContext{}, err
	}
	return f.ExtractFrom(list, h)
}

// ExtractFrom returns the first context that names a span. If there is none, it returns the
// first that at least has a sampling decision, and ErrSpanContextCorrupted
// if all headers were broken. Baggage is merged from all formats, since some
// have none; so is the tracestate, if it belongs to the same trace. That a header
// was broken is logged, because nethttp ignores it.
func (f *Propagators) ExtractFrom(list []Propagator, h Headers) (SpanContext, error) {
	var got SpanContext
	result := opentracing.ErrSpanContextNotFound
	for i, format := range list {
		l, err := format.Extract(h)
		switch {
		case errors.Is(err, opentracing.ErrSpanContextNotFound):
			continue
		case err != nil:
			if f.brokenLog.Allow() {
				f.log.Warn("trace header is broken", "format", f.Names[i], "reason", err)
			}
			if result != nil {
				result = opentracing.ErrSpanContextCorrupted
			}
			continue
		case !got.HasSpan() && (l.HasSpan() || result != nil):
			got, result = l, nil
		case got.Trace == l.Trace && got.State == "":
			got.State = l.State
		}
	}
	if result != nil {
		return SpanContext{}, result
	}
	for _, format := range list {
		format.ExtractBaggage(h, got.AddBaggage)
	}
	return got, nil
}

// Supports reports whether name is in the list.
func (f *Propagators) Supports(name string) bool { return slices.Contains(f.Names, name) }
