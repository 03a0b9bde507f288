package tracer

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
var compareLinks = cmp.AllowUnexported(spanContext{})

// lines makes headers of "key: value" lines.
func headerLines(list ...string) headers {
	var h headers
	for _, l := range list {
		key, value, _ := strings.Cut(l, ": ")
		h.add(key, value)
	}
	return h
}

// written returns what the format makes of l, sorted.
func written(f propagator, l spanContext) []string {
	var lines []string
	f.inject(l, func(key, value string) { lines = append(lines, key+": "+value) })
	slices.Sort(lines)
	return lines
}

// formatOf is newFormat for HTTP, for names that are known.
func formatOf(t *testing.T, name string) propagator {
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
	b3Example = spanContext{
		trace: id.TraceID{High: 0x80f198ee56343ba8, Low: 0x64fe8b2a57d3eff7}, span: 0xe457b5a2e4d86bd1, parent: 0x05e3ac9a4f6e3b90,
		sampled: keep,
	}
	w3cExample = spanContext{trace: id.TraceID{High: 0x4bf92f3577b34da6, Low: 0xa3ce929d0e0e4736}, span: 0x00f067aa0ba902b7, sampled: keep}
)

// with returns a changed copy.
func (l spanContext) with(change func(*spanContext)) spanContext {
	change(&l)
	return l
}

func TestFormatReads(t *testing.T) {
	t.Parallel()
	short := spanContext{trace: id.TraceID{Low: 0xabc}, span: 0xd, sampled: drop}
	tests := []struct {
		name, format string
		headers      headers
		want         spanContext
	}{
		{"example", w3cName, headerLines(
			"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			"tracestate: rojo=00f067aa0ba902b7", "tracestate: congo=t61rcWkgMzE",
		), w3cExample.with(func(l *spanContext) { l.state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE" })},
		{
			"unsampled", w3cName, headerLines("Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
			w3cExample.with(func(l *spanContext) { l.sampled = drop }),
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
			short.with(func(l *spanContext) { l.sampled = deferred }),
		},
		{
			"debug", b3Name, headerLines("b3: 0000000000000abc-000000000000000d-d"),
			short.with(func(l *spanContext) { l.sampled, l.debug = keep, true }),
		},
		{
			"debug flag", b3Name, headerLines("x-b3-traceid: abc", "x-b3-spanid: d", "x-b3-flags: 1"),
			short.with(func(l *spanContext) { l.sampled, l.debug = keep, true }),
		},
		{"nothing but a decision", b3Name, headerLines("b3: 0"), spanContext{sampled: drop}},
		{"nothing but a decision, old", b3Name, headerLines("x-b3-sampled: true"), spanContext{sampled: keep}},

		{"short ids", jaegerName, headerLines("Uber-Trace-Id: abc:d:0:0"), short},
		{"escaped", jaegerName, headerLines("uber-trace-id: abc%3Ad%3A0%3A1"), short.with(func(l *spanContext) { l.sampled = keep })},
		{
			"debug", jaegerName, headerLines("uber-trace-id: abc:d:0:3"),
			short.with(func(l *spanContext) { l.sampled, l.debug = keep, true }),
		},
		{
			"flags in hexadecimal", jaegerName, headerLines("uber-trace-id: abc:d:0:b"),
			short.with(func(l *spanContext) { l.sampled, l.debug = keep, true }),
		},
		{"128 bits", jaegerName, headerLines("uber-trace-id: 80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:05e3ac9a4f6e3b90:1"), b3Example},

		{"in hexadecimal", appdashName, headerLines("Ot-Tracer-Traceid: abc", "Ot-Tracer-Spanid: d", "Ot-Tracer-Sampled: false"), short},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := formatOf(t, tt.format).extract(tt.headers)
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
				got, err := formatOf(t, name).extract(headerLines(line))
				if !errors.Is(err, opentracing.ErrSpanContextCorrupted) {
					t.Errorf("got %+v, %v, want %v", got, err, opentracing.ErrSpanContextCorrupted)
				}
			})
		}
		if _, err := formatOf(t, name).extract(headerLines("accept: */*", "x-b3-other: 1", "ot-other: 1")); !errors.Is(err, opentracing.ErrSpanContextNotFound) {
			t.Errorf("%s: got %v from other headers, want %v", name, err, opentracing.ErrSpanContextNotFound)
		}
	}
	twice := headerLines("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")
	if _, err := (w3cPropagator{}).extract(twice); !errors.Is(err, opentracing.ErrSpanContextCorrupted) {
		t.Errorf("two traceparents: got %v, want %v", err, opentracing.ErrSpanContextCorrupted)
	}
}

func TestFormatWrites(t *testing.T) {
	t.Parallel()
	debug := spanContext{trace: id.TraceID{Low: 0xabc}, span: 0xd, sampled: keep, debug: true}
	open := spanContext{trace: id.TraceID{Low: 0xabc}, span: 0xd, parent: 1}
	loaded := b3Example.with(func(l *spanContext) {
		l.state = "congo=t61"
		l.baggage = map[string]string{"who": "me & ünï", "no token": "1"}
	})
	tests := []struct {
		name, format string
		link         spanContext
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
			if d := cmp.Diff(tt.want, written(formatOf(t, tt.format), tt.link)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestBaggageIsRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, format string
		headers      headers
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
			var got spanContext
			formatOf(t, tt.format).extractBaggage(tt.headers, got.addBaggage)
			if !maps.Equal(tt.want, got.baggage) {
				t.Errorf("got %q, want %q", got.baggage, tt.want)
			}
		})
	}
}
