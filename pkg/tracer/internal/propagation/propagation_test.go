package propagation_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// speakers are the tracers that carry a context.
func speakers() []string {
	return []string{config.TracerJaeger, config.TracerZipkin, config.TracerAppdash, config.TracerOTel}
}

// speakConfig is for tracers whose spans need not arrive.
func speakConfig(tracer string, formats ...string) config.Config {
	cfg := testkit.UDPConfig(6831)
	cfg.Tracer, cfg.Propagation = tracer, formats
	return cfg
}

// headersOf makes an HTTP carrier of "key: value" lines.
func headersOf(list ...string) opentracing.HTTPHeadersCarrier {
	h := http.Header{}
	for _, l := range list {
		key, value, _ := strings.Cut(l, ": ")
		h.Add(key, value)
	}
	return opentracing.HTTPHeadersCarrier(h)
}

// childFrom starts a span of what the carrier holds.
func childFrom(t *testing.T, tr *tracer.Tracer, kind, carrier any) opentracing.Span {
	t.Helper()
	sc, err := tr.Extract(kind, carrier)
	if err != nil {
		t.Fatal(err)
	}
	return tr.StartSpan("child", opentracing.ChildOf(sc))
}

// injected returns what the span's own tracer injects, as nethttp does it, in
// lower case.
func injected(t *testing.T, span opentracing.Span) map[string]string {
	t.Helper()
	h := http.Header{}
	if err := span.Tracer().Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(h)); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key := range h {
		got[strings.ToLower(key)] = h.Get(key)
	}
	return got
}

// TestFirstValidFormatIsTaken has carriers with several formats, of which each
// names another trace.
func TestFirstValidFormatIsTaken(t *testing.T) {
	t.Parallel()
	const (
		w3c    = "traceparent: 00-0000000000000000000000000000000a-00000000000000a1-01"
		b3     = "b3: 000000000000000b-00000000000000b1-1"
		uber   = "uber-trace-id: c:c1:0:1"
		ot1    = "ot-tracer-traceid: d"
		ot2    = "ot-tracer-spanid: d1"
		ot3    = "ot-tracer-sampled: true"
		broken = "traceparent: 00-broken"
	)
	all := []string{w3c, b3, uber, ot1, ot2, ot3}
	tests := []struct {
		name    string
		formats []string
		headers []string
		want    string
	}{
		{"w3c first", []string{config.PropagationW3C, config.PropagationB3, config.PropagationJaeger}, all, "000000000000000a"},
		{"b3 first", []string{config.PropagationB3, config.PropagationW3C, config.PropagationJaeger}, all, "000000000000000b"},
		{"jaeger first", []string{config.PropagationJaeger, config.PropagationW3C}, all, "000000000000000c"},
		{"appdash first", []string{config.PropagationAppdash, config.PropagationW3C}, all, "000000000000000d"},
		{"the second is there", []string{config.PropagationW3C, config.PropagationJaeger}, []string{uber}, "000000000000000c"},
		{"the first is broken", []string{config.PropagationW3C, config.PropagationB3}, []string{broken, b3}, "000000000000000b"},
		{"a decision names no span", []string{config.PropagationB3, config.PropagationW3C}, []string{"b3: 0", w3c}, "000000000000000a"},
	}
	for _, tracer := range speakers() {
		for _, tt := range tests {
			t.Run(tracer+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				tr, _ := tracertest.New(t, speakConfig(tracer, tt.formats...))
				span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf(tt.headers...))
				id, _ := tr.TraceID(span.Context())
				if !strings.HasSuffix(id, tt.want) || strings.Trim(strings.TrimSuffix(id, tt.want), "0") != "" {
					t.Errorf("got %s, want %s", id, tt.want)
				}
			})
		}
	}
}

func TestBrokenHeaderIsToldOf(t *testing.T) {
	t.Parallel()
	for _, tracer := range speakers() {
		t.Run(tracer, func(t *testing.T) {
			t.Parallel()
			tr, logs := tracertest.New(t, speakConfig(tracer, config.PropagationB3, config.PropagationJaeger))
			sc, err := tr.Extract(opentracing.HTTPHeaders, headersOf("b3: "+strings.Repeat("0123456789", 4)))
			want := opentracing.ErrSpanContextCorrupted
			if tracer == config.TracerOTel {
				want = opentracing.ErrSpanContextNotFound // the bridge has but this one
			}
			if !errors.Is(err, want) {
				t.Errorf("got %v, %v, want %v", sc, err, want)
			}
			logs.Want(t, "trace header is broken", "format=b3", "01234567890123456789")
			if _, err := tr.Extract(opentracing.HTTPHeaders, headersOf("accept: */*")); !errors.Is(err, opentracing.ErrSpanContextNotFound) {
				t.Errorf("got %v, want %v", err, opentracing.ErrSpanContextNotFound)
			}
		})
	}
}

// TestOpenDecisionIsOurs has a caller that leaves the sampling decision to us.
func TestOpenDecisionIsOurs(t *testing.T) {
	t.Parallel()
	for _, tracer := range speakers() {
		for param, want := range map[float64]bool{0: false, 1: true} {
			cfg := speakConfig(tracer, config.PropagationB3)
			cfg.Sampler.Param = param
			tr, _ := tracertest.New(t, cfg)
			span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf("x-b3-traceid: 000000000000000b", "x-b3-spanid: 00000000000000b1"))
			id, sampled := tr.TraceID(span.Context())
			if sampled != want || !strings.HasSuffix(id, "000000000000000b") {
				t.Errorf("%s, const %v: got trace %s, sampled %v, want %v", tracer, param, id, sampled, want)
			}
			if got := injected(t, span)["x-b3-sampled"]; (got == "1") != want {
				t.Errorf("%s, const %v: we send sampled %q", tracer, param, got)
			}
			drop := childFrom(t, tr, opentracing.HTTPHeaders, headersOf("b3: 000000000000000b-00000000000000b1-0"))
			if _, sampled := tr.TraceID(drop.Context()); sampled {
				t.Errorf("%s, const %v: the caller's no became a yes", tracer, param)
			}
		}
	}
}

// TestPassingOn checks what comes in and is for those behind us.
func TestPassingOn(t *testing.T) {
	t.Parallel()
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, tracer := range speakers() {
		t.Run(tracer, func(t *testing.T) {
			t.Parallel()
			tr, _ := tracertest.New(t, speakConfig(tracer, config.PropagationB3, config.PropagationW3C))
			span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf(
				"b3: "+id+"-00f067aa0ba902b7-1",
				"traceparent: 00-"+id+"-00f067aa0ba902b7-01", "tracestate: rojo=1", "tracestate: congo=2",
				"baggage: who=me%20%26%20you"))
			span = tr.StartSpan("grandchild", opentracing.ChildOf(span.Context()))
			got := injected(t, span.SetTag("a", 1).SetOperationName("b"))
			want := map[string]string{"tracestate": "rojo=1,congo=2", "baggage": "who=me%20&%20you"}
			if tracer == config.TracerZipkin {
				delete(want, "baggage")
			}
			for key, value := range want {
				if got[key] != value {
					t.Errorf("%s: got %q, want %q", key, got[key], value)
				}
			}
			if !strings.HasPrefix(got["traceparent"], "00-"+id) || got["x-b3-traceid"] != id {
				t.Errorf("got %q, want the whole trace id %s", got, id)
			}
			if strings.Contains(got["traceparent"], "00f067aa0ba902b7") {
				t.Errorf("got the caller's span id: %q", got["traceparent"])
			}
		})
	}
}

func TestAppdashTellsOfCutIDs(t *testing.T) {
	t.Parallel()
	tr, logs := tracertest.New(t, speakConfig(config.TracerAppdash, config.PropagationW3C))
	for range 3 {
		span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
		if id, _ := tr.TraceID(span.Context()); id != "a3ce929d0e0e4736" {
			t.Errorf("got %s, want the low half", id)
		}
	}
	logs.Want(t, "appdash keeps 64 bits", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736", "appdash_trace_id=a3ce929d0e0e4736")
	if got := strings.Count(logs.String(), "appdash keeps"); got != 1 {
		t.Errorf("told %d times, want once", got)
	}
}

func TestDebugTravels(t *testing.T) {
	t.Parallel()
	tests := []struct{ tracer, in, key, want string }{
		{config.TracerJaeger, "b3: b-b1-d", "x-b3-flags", "1"},
		{config.TracerJaeger, "b3: b-b1-d", "uber-trace-id", "3"},
		{config.TracerZipkin, "uber-trace-id: b:b1:0:3", "x-b3-flags", "1"},
		{config.TracerZipkin, "uber-trace-id: b:b1:0:3", "uber-trace-id", "3"},
		// The others have no debug flag, but keep the trace.
		{config.TracerAppdash, "b3: b-b1-d", "x-b3-sampled", "1"},
		{config.TracerOTel, "uber-trace-id: b:b1:0:3", "uber-trace-id", "1"},
	}
	for _, tt := range tests {
		cfg := speakConfig(tt.tracer, config.PropagationB3, config.PropagationJaeger)
		cfg.Sampler.Param = 0
		tr, _ := tracertest.New(t, cfg)
		span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf(tt.in))
		if _, sampled := tr.TraceID(span.Context()); !sampled {
			t.Errorf("%s: not sampled", tt.tracer)
		}
		if got := injected(t, span)[tt.key]; !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: got %s %q, want %q at its end", tt.tracer, tt.key, got, tt.want)
		}
	}
}

// TestDecisionWithoutSpan checks Zipkin's "b3: 0", which is obeyed by a trace that
// begins here.
func TestDecisionWithoutSpan(t *testing.T) {
	t.Parallel()
	tr, _ := tracertest.New(t, speakConfig(config.TracerZipkin, config.PropagationB3))
	for header, want := range map[string]bool{"b3: 0": false, "b3: 1": true, "x-b3-sampled: 0": false} {
		span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf(header))
		if id, sampled := tr.TraceID(span.Context()); sampled != want || id == "" {
			t.Errorf("%s: got trace %q, sampled %v, want %v", header, id, sampled, want)
		}
	}
}

// TestTextMap checks the other carrier, in which nothing is escaped and keys keep
// their case.
func TestTextMap(t *testing.T) {
	t.Parallel()
	for _, tracer := range speakers() {
		tr, _ := tracertest.New(t, speakConfig(tracer, config.PropagationJaeger, config.PropagationB3Single))
		span := tr.StartSpan("root").SetBaggageItem("who", "me & you")
		m := opentracing.TextMapCarrier{}
		if err := span.Tracer().Inject(span.Context(), opentracing.TextMap, m); err != nil {
			t.Fatal(err)
		}
		want := []string{"b3", "uber-trace-id", "uberctx-who"}
		if tracer == config.TracerZipkin {
			want = want[:2]
		} else if m["uberctx-who"] != "me & you" {
			t.Errorf("%s: got baggage %q", tracer, m)
		}
		if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tracer, got, want)
		}
		child := childFrom(t, tr, opentracing.TextMap, m)
		wantID, _ := tr.TraceID(span.Context())
		if id, _ := tr.TraceID(child.Context()); id != wantID {
			t.Errorf("%s: got trace %s, want %s", tracer, id, wantID)
		}
		if _, err := tr.Extract(opentracing.TextMap, 7); !errors.Is(err, opentracing.ErrInvalidCarrier) {
			t.Errorf("%s: got %v, want %v", tracer, err, opentracing.ErrInvalidCarrier)
		}
		if err := tr.Inject(span.Context(), opentracing.HTTPHeaders, 7); !errors.Is(err, opentracing.ErrInvalidCarrier) {
			t.Errorf("%s: got %v, want %v", tracer, err, opentracing.ErrInvalidCarrier)
		}
	}
}

// TestForeignContexts has parents that another tracer made.
func TestForeignContexts(t *testing.T) {
	t.Parallel()
	foreign := mocktracer.New().StartSpan("foreign").Context()
	for _, tracer := range speakers() {
		tr, _ := tracertest.New(t, speakConfig(tracer, config.PropagationW3C))
		if err := tr.Inject(foreign, opentracing.HTTPHeaders, headersOf()); !errors.Is(err, opentracing.ErrInvalidSpanContext) {
			t.Errorf("%s: got %v, want %v", tracer, err, opentracing.ErrInvalidSpanContext)
		}
		if tracer == config.TracerOTel {
			continue // the bridge's own business
		}
		span := tr.StartSpan("root", opentracing.ChildOf(foreign))
		if id, _ := tr.TraceID(span.Context()); id == "" {
			t.Errorf("%s: no trace", tracer)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	for _, system := range speakers() {
		_, err := tracer.New(speakConfig(system, "ot"), tracer.Options{})
		if err == nil || !strings.Contains(err.Error(), `got "ot"`) || hint.Of(err) == "" {
			t.Errorf("%s: got %v", system, err)
		}
	}
}

// TestNothingIsInjectedTwice checks the headers of all formats together.
func TestNothingIsInjectedTwice(t *testing.T) {
	t.Parallel()
	want := []string{
		"b3", "ot-tracer-sampled", "ot-tracer-spanid", "ot-tracer-traceid", "traceparent",
		"uber-trace-id", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid",
	}
	for _, tracer := range speakers() {
		tr, _ := tracertest.New(t, speakConfig(tracer, config.PropagationJaeger, config.PropagationW3C, config.PropagationB3, config.PropagationB3Single, config.PropagationAppdash))
		got := slices.Sorted(maps.Keys(injected(t, tr.StartSpan("root"))))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", tracer, d)
		}
	}
}

// TestJaegerKeepsItsOwn checks what no other format has.
func TestJaegerKeepsItsOwn(t *testing.T) {
	t.Parallel()
	cfg := speakConfig(config.TracerJaeger, config.PropagationW3C, config.PropagationJaeger)
	cfg.Sampler.Param = 0
	tr, _ := tracertest.New(t, cfg)
	span := childFrom(t, tr, opentracing.HTTPHeaders, headersOf("jaeger-debug-id: case-7"))
	if _, sampled := tr.TraceID(span.Context()); !sampled {
		t.Error("jaeger-debug-id does not make a debug trace")
	}
	span = childFrom(t, tr, opentracing.HTTPHeaders, headersOf("jaeger-baggage: who=me"))
	if got := span.BaggageItem("who"); got != "me" {
		t.Errorf("got baggage %q of a trace that begins here, want me", got)
	}
}
