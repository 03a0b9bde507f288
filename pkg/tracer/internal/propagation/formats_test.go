package propagation

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// compareLinks lets cmp see into links.
var compareLinks = cmp.AllowUnexported(SpanContext{})

// lines makes headers of "key: value" lines.
func headerLines(list ...string) Headers {
	var h Headers
	for _, l := range list {
		key, value, _ := strings.Cut(l, ": ")
		h.Add(key, value)
	}
	return h
}

// written returns what the format makes of l, sorted.
func written(f Propagator, l SpanContext) []string {
	var lines []string
	f.Inject(l, func(key, value string) { lines = append(lines, key+": "+value) })
	slices.Sort(lines)
	return lines
}

// formatOf is newPropagator for HTTP, for names that are known.
func formatOf(t *testing.T, name string) Propagator {
	t.Helper()
	f, err := newPropagator(name, true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const (
	jaegerName  = config.PropagationJaeger
	w3cName     = config.PropagationW3C
	b3Name      = config.PropagationB3
	b3OneName   = config.PropagationB3Single
	appdashName = config.PropagationAppdash
)

// b3Example and w3cExample are the ids in the examples of the specifications.
var (
	b3Example = SpanContext{
		Trace: id.TraceID{High: 0x80f198ee56343ba8, Low: 0x64fe8b2a57d3eff7}, Span: 0xe457b5a2e4d86bd1, Parent: 0x05e3ac9a4f6e3b90,
		Sampled: Keep,
	}
	w3cExample = SpanContext{Trace: id.TraceID{High: 0x4bf92f3577b34da6, Low: 0xa3ce929d0e0e4736}, Span: 0x00f067aa0ba902b7, Sampled: Keep}
)

// with returns a changed copy.
func (l SpanContext) with(change func(*SpanContext)) SpanContext {
	change(&l)
	return l
}

func TestFormatReads(t *testing.T) {
	t.Parallel()
	short := SpanContext{Trace: id.TraceID{Low: 0xabc}, Span: 0xd, Sampled: Drop}
	tests := []struct {
		name, format string
		headers      Headers
		want         SpanContext
	}{
		{"example", w3cName, headerLines(
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			"tracestate: rojo=00f067aa0ba902b7", "tracestate: congo=t61rcWkgMzE",
		), w3cExample.with(func(l *SpanContext) { l.State = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE" })},
		{
			"unsampled", w3cName, headerLines("Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
			w3cExample.with(func(l *SpanContext) { l.Sampled = Drop }),
		},
		{"a later version with more fields", w3cName, headerLines(
			"traceparent: cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-brings"), w3cExample},
		{"flags of the future", w3cName, headerLines(
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff"), w3cExample},
		{"a broken tracestate is left out", w3cName, headerLines(
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate: a=1,a=2"), w3cExample},

		{"example of the single header", b3Name, headerLines(
			"b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"), b3Example},
		{"example of the headers", b3Name, headerLines(
			"X-B3-TraceId: 80f198ee56343ba864fe8b2a57d3eff7", "X-B3-ParentSpanId: 05e3ac9a4f6e3b90",
			"X-B3-SpanId: e457b5a2e4d86bd1", "X-B3-Sampled: 1"), b3Example},
		{"single reads the headers too", b3OneName, headerLines(
			"X-B3-TraceId: 80f198ee56343ba864fe8b2a57d3eff7", "X-B3-ParentSpanId: 05e3ac9a4f6e3b90",
			"X-B3-SpanId: e457b5a2e4d86bd1", "X-B3-Sampled: 1"), b3Example},
		{"the single header prevails", b3Name, headerLines("x-b3-traceid: 1", "x-b3-spanid: 1",
			"b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"), b3Example},
		{"unless it is broken", b3Name, headerLines("b3: 80f198ee", "x-b3-traceid: abc", "x-b3-spanid: d", "x-b3-sampled: 0"), short},
		{
			"no decision", b3Name, headerLines("b3: 0000000000000abc-000000000000000d"),
			short.with(func(l *SpanContext) { l.Sampled = Deferred }),
		},
		{
			"debug", b3Name, headerLines("b3: 0000000000000abc-000000000000000d-d"),
			short.with(func(l *SpanContext) { l.Sampled, l.Debug = Keep, true }),
		},
		{
			"debug flag", b3Name, headerLines("x-b3-traceid: abc", "x-b3-spanid: d", "x-b3-flags: 1"),
			short.with(func(l *SpanContext) { l.Sampled, l.Debug = Keep, true }),
		},
		{"nothing but a decision", b3Name, headerLines("b3: 0"), SpanContext{Sampled: Drop}},
		{"nothing but a decision, old", b3Name, headerLines("x-b3-sampled: true"), SpanContext{Sampled: Keep}},

		{"short ids", jaegerName, headerLines("Uber-Trace-Id: abc:d:0:0"), short},
		{"escaped", jaegerName, headerLines("uber-trace-id: abc%3Ad%3A0%3A1"), short.with(func(l *SpanContext) { l.Sampled = Keep })},
		{
			"debug", jaegerName, headerLines("uber-trace-id: abc:d:0:3"),
			short.with(func(l *SpanContext) { l.Sampled, l.Debug = Keep, true }),
		},
		{
			"flags in hexadecimal", jaegerName, headerLines("uber-trace-id: abc:d:0:b"),
			short.with(func(l *SpanContext) { l.Sampled, l.Debug = Keep, true }),
		},
		{"128 bits", jaegerName, headerLines("uber-trace-id: 80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:05e3ac9a4f6e3b90:1"), b3Example},

		{"in hexadecimal", appdashName, headerLines("Ot-Tracer-Traceid: abc", "Ot-Tracer-Spanid: d", "Ot-Tracer-Sampled: false"), short},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := formatOf(t, tt.format).Extract(tt.headers)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, compareLinks); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		w3cName: {
			"traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01", // no trace
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", // no span
			"traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", // no version
			"traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01", // upper case
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x", "traceparent: 00-4bf92f35-00f067aa-01",
			"traceparent: 00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", "traceparent: 0",
		},
		b3Name: {
			"b3: " + strings.Repeat("0123456789", 4), // zipkin-go panics
			"b3: 80f198ee56343ba864fe8b2a57d3eff7", "b3: abc-d-2", "b3: abc-0-1", "b3: 0-d-1", "b3: abc-d-1-0-0", "b3: abc-d-1-x", "b3: -",
			"x-b3-traceid: abc", "x-b3-spanid: d", "x-b3-sampled: maybe",
		},
		jaegerName: {
			"uber-trace-id: 1:2:0", "uber-trace-id: 0:2:0:1", "uber-trace-id: 1:0:0:1", "uber-trace-id: 1:2:x:1", "uber-trace-id: 1:2:0:",
			"uber-trace-id: 1:2:0:100", "uber-trace-id: " + strings.Repeat("1", 33) + ":2:0:1", "uber-trace-id: +1:2:0:1", "uber-trace-id: %",
		},
		appdashName: {"ot-tracer-traceid: 1", "ot-tracer-spanid: 1", "ot-tracer-sampled: true"},
	}
	for name, list := range tests {
		for _, line := range list {
			t.Run(name+"/"+line, func(t *testing.T) {
				t.Parallel()
				got, err := formatOf(t, name).Extract(headerLines(line))
				if !errors.Is(err, opentracing.ErrSpanContextCorrupted) {
					t.Errorf("got %+v, %v, want %v", got, err, opentracing.ErrSpanContextCorrupted)
				}
			})
		}
		if _, err := formatOf(t, name).Extract(headerLines("accept: */*", "x-b3-other: 1", "ot-other: 1")); !errors.Is(err, opentracing.ErrSpanContextNotFound) {
			t.Errorf("%s: got %v from other headers, want %v", name, err, opentracing.ErrSpanContextNotFound)
		}
	}
	twice := headerLines("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")
	if _, err := (w3cPropagator{}).Extract(twice); !errors.Is(err, opentracing.ErrSpanContextCorrupted) {
		t.Errorf("two traceparents: got %v, want %v", err, opentracing.ErrSpanContextCorrupted)
	}
}

func TestFormatWrites(t *testing.T) {
	t.Parallel()
	debug := SpanContext{Trace: id.TraceID{Low: 0xabc}, Span: 0xd, Sampled: Keep, Debug: true}
	open := SpanContext{Trace: id.TraceID{Low: 0xabc}, Span: 0xd, Parent: 1}
	loaded := b3Example.with(func(l *SpanContext) {
		l.State = "congo=t61"
		l.Baggage = map[string]string{"who": "me & ünï", "no token": "1"}
	})
	tests := []struct {
		name, format string
		context      SpanContext
		want         []string
	}{
		{"all", w3cName, loaded, []string{
			"baggage: who=me%20&%20%C3%BCn%C3%AF",
			"traceparent: 00-80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-01", "tracestate: congo=t61",
		}},
		{"64 bits are padded", w3cName, open, []string{"traceparent: 00-00000000000000000000000000000abc-000000000000000d-00"}},
		{"all", b3Name, loaded, []string{
			"x-b3-parentspanid: 05e3ac9a4f6e3b90", "x-b3-sampled: 1",
			"x-b3-spanid: e457b5a2e4d86bd1", "x-b3-traceid: 80f198ee56343ba864fe8b2a57d3eff7",
		}},
		{"debug", b3Name, debug, []string{"x-b3-flags: 1", "x-b3-spanid: 000000000000000d", "x-b3-traceid: 0000000000000abc"}},
		{"undecided", b3Name, open, []string{
			"x-b3-parentspanid: 0000000000000001", "x-b3-spanid: 000000000000000d", "x-b3-traceid: 0000000000000abc",
		}},
		{"all", b3OneName, loaded, []string{"b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"}},
		{"debug", b3OneName, debug, []string{"b3: 0000000000000abc-000000000000000d-d"}},
		{"undecided", b3OneName, open, []string{"b3: 0000000000000abc-000000000000000d"}},
		{"all", jaegerName, loaded, []string{
			"uber-trace-id: 80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:05e3ac9a4f6e3b90:1",
			"uberctx-who: me+%26+%C3%BCn%C3%AF",
		}},
		{"debug", jaegerName, debug, []string{"uber-trace-id: 0000000000000abc:000000000000000d:0000000000000000:3"}},
		{"the low half", appdashName, loaded, []string{
			"ot-baggage-who: me & ünï", "ot-tracer-sampled: true", "ot-tracer-spanid: e457b5a2e4d86bd1", "ot-tracer-traceid: 64fe8b2a57d3eff7",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, written(formatOf(t, tt.format), tt.context)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestBaggageIsRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, format string
		headers      Headers
		want         map[string]string
	}{
		{
			"example", w3cName, headerLines("baggage: userId=alice;p=1,serverNode=DF%2028", "baggage: isProduction=false"),
			map[string]string{"userId": "alice", "serverNode": "DF 28", "isProduction": "false"},
		},
		{"a broken item costs itself", w3cName, headerLines("baggage: =,a=1,b"), map[string]string{"a": "1"}},
		{"by prefix", jaegerName, headerLines("Uberctx-Who: me+%26+you", "uberctx-: none"), map[string]string{"who": "me & you"}},
		{"by hand", jaegerName, headerLines("jaeger-baggage: a=1, b = 2,c"), map[string]string{"a": "1", "b": " 2"}},
		{"by prefix", appdashName, headerLines("Ot-Baggage-Who: me & you"), map[string]string{"who": "me & you"}},
		{"none", b3Name, headerLines("baggage: a=1"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			var got SpanContext
			formatOf(t, tt.format).ExtractBaggage(tt.headers, got.AddBaggage)
			if !maps.Equal(tt.want, got.Baggage) {
				t.Errorf("got %q, want %q", got.Baggage, tt.want)
			}
		})
	}
}
