package propagation

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/http/httpguts"

	"github.com/otdemo/otdemo/pkg/trace/id"
)

// checkRoundTrip reads the headers and, if they name a span, writes that and
// reads it again: the same must come out, baggage included.
func checkRoundTrip(t *testing.T, f Propagator, h Headers) (SpanContext, error) {
	t.Helper()
	want, err := f.Extract(h)
	if err != nil || !want.HasSpan() {
		return want, err
	}
	f.ExtractBaggage(h, want.AddBaggage)
	// What the format has no way to write is no part of the round trip.
	var sent Headers
	f.Inject(want, sent.Add)
	for key, value := range want.Baggage {
		if _, appdash := f.(appdashPropagator); appdash && (!httpguts.ValidHeaderFieldName(key) || !isFieldValue(value)) || !httpguts.ValidHeaderFieldName(key) {
			delete(want.Baggage, key)
		}
	}
	if len(want.Baggage) == 0 {
		want.Baggage = nil
	}
	got, err := f.Extract(sent)
	if err != nil {
		t.Fatalf("%v from what was written: %q", err, sent)
	}
	f.ExtractBaggage(sent, got.AddBaggage)
	if d := cmp.Diff(want, got, compareLinks); d != "" {
		t.Fatalf("(-first +second time) of %q, written %q\n%s", h, sent, d)
	}
	return want, nil
}

func FuzzJaegerFormat(f *testing.F) {
	f.Add("80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1", "who", "me+%26+you", "a=1, b=2")
	f.Add("abc%3Ad%3A0%3Ab", "", "%", "%zz")
	f.Fuzz(func(t *testing.T, header, key, value, list string) {
		h := headerLines()
		h.Add(jaegerHeader, header)
		h.Add(jaegerBaggagePrefix+key, value)
		h.Add(jaegerBaggageHeader, strings.ToLower(list)) // as header names are
		got, err := checkRoundTrip(t, jaegerPropagator{escape: true}, h)
		// What jaeger-client-go reads, this reads the same, but that ids of zero and
		// numbers with signs are refused.
		want, errWant := jaeger.ContextFromString(jaegerPropagator{escape: true}.unescape(header))
		if errWant != nil || !want.IsValid() || strings.ContainsAny(header, "+ ") || want.Flags() > 9 {
			return
		}
		if err != nil {
			if parts := strings.Split(header, ":"); len(parts) == 4 && len(parts[3]) > 2 {
				return // zeros before the flags
			}
			t.Fatalf("%v, but jaeger-client-go reads %v", err, want)
		}
		if got.Trace != id.TraceID(want.TraceID()) || got.Span != id.SpanID(want.SpanID()) || got.Debug != want.IsDebug() {
			t.Fatalf("got %+v, but jaeger-client-go reads %v", got, want)
		}
	})
}

func FuzzW3CFormat(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "congo=t61rcWkgMzE", "userId=alice;p=1,serverNode=DF%2028")
	f.Add("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more", "a=1,a=2", "=,%,a=%FF")
	f.Fuzz(func(t *testing.T, parent, state, list string) {
		h := headerLines()
		h.Add(traceparentHeader, parent)
		h.Add(tracestateHeader, state)
		h.Add(baggageHeader, list)
		got, err := checkRoundTrip(t, w3cPropagator{}, h)
		carrier := propagation.MapCarrier{traceparentHeader: parent, tracestateHeader: state}
		want := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		if !want.IsValid() {
			return // OpenTelemetry refuses unknown flags
		}
		id := want.TraceID()
		if err != nil || got.Trace.Low != binary.BigEndian.Uint64(id[8:]) || (got.Sampled == Keep) != want.IsSampled() ||
			got.State != want.TraceState().String() {
			t.Fatalf("got %+v, %v, but OpenTelemetry reads %+v", got, err, want)
		}
	})
}

func FuzzB3Format(f *testing.F) {
	f.Add("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90", "", "", "", "", "")
	f.Add(strings.Repeat("0123456789", 4), "abc", "d", "1", "true", "1")
	f.Fuzz(func(t *testing.T, single, id, span, parent, sampled, flags string) {
		h := headerLines()
		for key, value := range map[string]string{
			b3Header: single, b3TraceHeader: id, b3SpanHeader: span,
			b3ParentHeader: parent, b3SampleHeader: sampled, b3FlagsHeader: flags,
		} {
			h.Add(key, value)
		}
		if l, err := (b3Propagator{}).Extract(h); err == nil && l.Sampled == Deferred {
			h = nil // the single header then has no place for the parent
		}
		multi, errMulti := checkRoundTrip(t, b3Propagator{}, h)
		one, errOne := checkRoundTrip(t, b3Propagator{single: true}, h)
		if d := cmp.Diff(multi, one, compareLinks); d != "" || (errMulti == nil) != (errOne == nil) {
			t.Fatalf("the forms differ: %v, %v\n%s", errMulti, errOne, d)
		}
	})
}

func FuzzAppdashFormat(f *testing.F) {
	f.Add("64fe8b2a57d3eff7", "e457b5a2e4d86bd1", "true", "who", "me & you")
	f.Add("0", "x", "t", "", "\n")
	f.Fuzz(func(t *testing.T, id, span, sampled, key, value string) {
		h := headerLines()
		h.Add(appdashTraceHeader, id)
		h.Add(appdashSpanHeader, span)
		h.Add(appdashSampleHeader, sampled)
		h.Add(appdashBaggagePrefix+key, value)
		if _, err := checkRoundTrip(t, appdashPropagator{escape: true}, h); err != nil && len(err.Error()) > 1000 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}
