package tracer

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// decision is whether a trace is kept, as far as the caller says.
type decision int

const (
	// undecided leaves it to who reads the headers.
	undecided decision = iota
	drop
	keep
)

// link is what a request carries of the span that made it, whatever the header
// format. A format that has no room for a field leaves it out.
type link struct {
	trace traceID
	// span is the caller's span, parent the span above that one, or 0.
	span, parent uint64
	sampled      decision
	// debug asks for the trace to be kept at all costs; sampled is keep then.
	debug bool
	// state is W3C's tracestate, to be passed on as it came.
	state   string
	baggage map[string]string
}

// hasSpan reports whether the link names a span. One that does not may still
// carry a sampling decision.
func (l *link) hasSpan() bool { return l.trace != traceID{} && l.span != 0 }

// addBaggage keeps the first value of each key.
func (l *link) addBaggage(key, value string) {
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

// format is one way to write a link into headers. The names of the headers are in
// lower case. Formats hold no state.
type format interface {
	// write calls set for each header of l, which names a span.
	write(l link, set func(key, value string))
	// read returns the link without its baggage. Its error is
	// ErrSpanContextNotFound when the format's headers are not there, and wraps
	// ErrSpanContextCorrupted when they make no sense.
	read(h headers) (link, error)
	// readBaggage calls add for each item. Baggage has its own headers, which may
	// be there when the others are not.
	readBaggage(h headers, add func(key, value string))
}

// formats is the list of header formats that a tracer speaks, in the order of
// the configuration. It is safe for concurrent use.
type formats struct {
	names []string
	// http and text are the same list for the two kinds of carrier: a value in an
	// HTTP header needs escaping, a value in a map does not.
	http, text []format
	log        *slog.Logger
	broken     complaint
}

// newFormats makes the formats of the list, which config.Config.Formats returns.
func newFormats(names []string, log *slog.Logger) (*formats, error) {
	f := &formats{names: names, log: log}
	for _, name := range names {
		http, err := newFormat(name, true)
		if err != nil {
			return nil, err
		}
		text, _ := newFormat(name, false)
		f.http, f.text = append(f.http, http), append(f.text, text)
	}
	return f, nil
}

func newFormat(name string, escape bool) (format, error) {
	switch name {
	case config.PropagationJaeger:
		return jaegerFormat{escape: escape}, nil
	case config.PropagationW3C:
		return w3cFormat{}, nil
	case config.PropagationB3:
		return b3Format{}, nil
	case config.PropagationB3Single:
		return b3Format{single: true}, nil
	case config.PropagationAppdash:
		return appdashFormat{escape: escape}, nil
	default:
		return nil, &hinted{
			error: fmt.Errorf("propagation must be any of jaeger, w3c, b3, b3-single, appdash, got %q", name),
			hint:  "use --propagation w3c,jaeger to be understood by most",
		}
	}
}

// of returns the formats for OpenTracing's kind of carrier.
func (f *formats) of(kind any) ([]format, error) {
	switch kind {
	case opentracing.HTTPHeaders:
		return f.http, nil
	case opentracing.TextMap:
		return f.text, nil
	default:
		return nil, opentracing.ErrUnsupportedFormat
	}
}

// inject writes l in all formats.
func (f *formats) inject(l link, kind, carrier any) error {
	list, err := f.of(kind)
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
		format.write(l, w.Set)
	}
	return nil
}

// extract reads the link that carrier holds; see read.
func (f *formats) extract(kind, carrier any) (link, error) {
	list, err := f.of(kind)
	if err != nil {
		return link{}, err
	}
	r, ok := carrier.(opentracing.TextMapReader)
	if !ok {
		return link{}, opentracing.ErrInvalidCarrier
	}
	h, err := collect(r)
	if err != nil {
		return link{}, err
	}
	return f.read(list, h)
}

// read takes the first format that names a span. When none does, it takes the
// first that at least decides about sampling, and says ErrSpanContextCorrupted
// when there was but nonsense. Baggage is taken from all formats, since some
// have none; so is the tracestate, if it belongs to the same trace. That a header
// was broken is logged, because nethttp tells nobody.
func (f *formats) read(list []format, h headers) (link, error) {
	var got link
	result := opentracing.ErrSpanContextNotFound
	for i, format := range list {
		l, err := format.read(h)
		switch {
		case errors.Is(err, opentracing.ErrSpanContextNotFound):
			continue
		case err != nil:
			if f.broken.allow() {
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
		return link{}, result
	}
	for _, format := range list {
		format.readBaggage(h, got.addBaggage)
	}
	return got, nil
}

// speaks reports whether name is in the list.
func (f *formats) speaks(name string) bool { return slices.Contains(f.names, name) }

// complaint is a throttle for many goroutines.
type complaint struct {
	mu       sync.Mutex
	throttle throttle
}

func (c *complaint) allow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.throttle.allow(time.Now())
}
