package otlp

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

var equalValues = cmp.Comparer(func(a, b trace.Value) bool { return a == b })

func TestDecode(t *testing.T) {
	t.Parallel()
	body := marshal(t, sample())
	got, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	clear(body) // its memory is used again
	if diff := cmp.Diff(Request{Batches: sampleBatches()}, got, equalValues); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if n := countSpans(got); n != 3 {
		t.Errorf("got %d spans, want 3", n)
	}
}

// countSpans returns how many spans the batches have.
func countSpans(r Request) int {
	n := 0
	for i := range r.Batches {
		n += len(r.Batches[i].Spans)
	}
	return n
}

// Fields may come in any order: here the resource after its spans.
func TestDecodeAnyOrder(t *testing.T) {
	t.Parallel()
	in := sample().ResourceSpans[0]
	spans := marshal(t, &tracepb.ResourceSpans{ScopeSpans: in.ScopeSpans})
	resource := marshal(t, &tracepb.ResourceSpans{Resource: in.Resource})
	got, err := Decode(pb.AppendBytes(nil, requestResources, slices.Concat(spans, resource)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleBatches()[:1], got.Batches, equalValues); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

// Clients from before OTLP 0.15 call scopes libraries, under another number.
func TestDecodeOldClients(t *testing.T) {
	t.Parallel()
	in := sample().ResourceSpans[0]
	b := marshal(t, &tracepb.ResourceSpans{Resource: in.Resource})
	for _, scope := range in.ScopeSpans {
		b = pb.AppendBytes(b, resourceLibraries, marshal(t, scope))
	}
	got, err := Decode(pb.AppendBytes(nil, requestResources, b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleBatches()[:1], got.Batches, equalValues); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

func TestServiceNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		attributes []*commonpb.KeyValue
		want       string
	}{
		{"none at all", nil, "OTLPResourceNoServiceName"},
		{"other attributes", []*commonpb.KeyValue{attr("a", text("b"))}, "empty-service-name"},
		{"empty", []*commonpb.KeyValue{attr("service.name", text(""))}, "empty-service-name"},
		{"a number", []*commonpb.KeyValue{attr("service.name", integer(1))}, "empty-service-name"},
		{"two", []*commonpb.KeyValue{attr("service.name", text("first")), attr("service.name", text("second"))}, "first"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := sample()
			in.ResourceSpans[0].Resource = &resourcepb.Resource{Attributes: tt.attributes}
			got, err := Decode(marshal(t, in))
			if err != nil || got.Batches[0].Process.Service != tt.want {
				t.Errorf("got %q, %v, want %q", got.Batches[0].Process.Service, err, tt.want)
			}
		})
	}
}

func TestInvalidSpansAreCounted(t *testing.T) {
	t.Parallel()
	scope := func(spans ...*tracepb.Span) *tracepb.TracesData {
		return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{
			ScopeSpans: []*tracepb.ScopeSpans{{Spans: spans}},
		}}}
	}
	got, err := Decode(marshal(t, scope(
		&tracepb.Span{SpanId: id(1)},
		&tracepb.Span{TraceId: id128(1)},
		&tracepb.Span{TraceId: make([]byte, 16), SpanId: id(1)},
		&tracepb.Span{TraceId: id128(1), SpanId: id(1)},
	)))
	if err != nil || got.Invalid != 3 || countSpans(got) != 1 {
		t.Errorf("got %d invalid and %d good, %v, want 3 and 1", got.Invalid, countSpans(got), err)
	}
	for _, span := range []*tracepb.Span{
		{TraceId: id(1), SpanId: id(1)},
		{TraceId: id128(1), SpanId: id128(1)},
		{TraceId: id128(1), SpanId: id(1), ParentSpanId: []byte{1}},
	} {
		if got, err := Decode(marshal(t, scope(span))); err == nil || !strings.Contains(err.Error(), "want ") {
			t.Errorf("%v: got %v, %v, want an error about the id's length", span, got, err)
		}
	}
}

// nested returns an array in an array, so many times.
func nested(depth int) *commonpb.AnyValue {
	value := array()
	for range depth - 1 {
		value = array(value)
	}
	return value
}

func withAttribute(value *commonpb.AnyValue) *tracepb.TracesData {
	in := sample()
	in.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes = []*commonpb.KeyValue{attr("deep", value)}
	return in
}

func TestDepthIsBounded(t *testing.T) {
	t.Parallel()
	got, err := Decode(marshal(t, withAttribute(nested(maxDepth))))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	if tag := got.Batches[0].Spans[0].Tags[2]; tag.Value.String() != want {
		t.Errorf("got %v, want %d brackets", tag, maxDepth)
	}
	if _, err := Decode(marshal(t, withAttribute(nested(maxDepth+1)))); err == nil {
		t.Errorf("an array %d deep was taken", maxDepth+1)
	}
}

// hostileBodies are small on the wire and large in memory.
func hostileBodies(tb testing.TB) map[string][]byte {
	tb.Helper()
	const size = 1 << 20
	span := marshal(tb, &tracepb.Span{TraceId: id128(1), SpanId: id(1)})
	request := func(span []byte) []byte {
		scope := pb.AppendBytes(nil, scopeSpans, span)
		return pb.AppendBytes(nil, requestResources, pb.AppendBytes(nil, resourceScopes, scope))
	}
	many := func(field byte) []byte { return slices.Repeat([]byte{field<<3 | 2, 0}, size/2) }
	return map[string][]byte{
		"resources":    many(requestResources),
		"attributes":   request(slices.Concat(span, many(spanAttributes))),
		"events":       request(slices.Concat(span, many(spanEvents))),
		"links":        request(slices.Concat(span, many(spanLinks))),
		"spans":        pb.AppendBytes(nil, requestResources, pb.AppendBytes(nil, resourceScopes, many(scopeSpans))),
		"valid spans":  pb.AppendBytes(nil, requestResources, pb.AppendBytes(nil, resourceScopes, slices.Repeat(pb.AppendBytes(nil, scopeSpans, span), size/len(span)))),
		"array":        request(slices.Concat(span, pb.AppendBytes(nil, spanAttributes, pb.AppendBytes(nil, keyValue, pb.AppendBytes(nil, valueArray, many(values)))))),
		"object":       request(slices.Concat(span, pb.AppendBytes(nil, spanAttributes, pb.AppendBytes(nil, keyValue, pb.AppendBytes(nil, valueList, many(values)))))),
		"a claim only": {0x0a, 0xff, 0xff, 0xff, 0xff, 0x07},
	}
}

// Not parallel: it measures what the process allocates.
func TestMemoryIsBounded(t *testing.T) {
	for name, body := range hostileBodies(t) {
		allocated := allocations(func() { _, _ = Decode(body) })
		t.Logf("%s: %.1f times", name, float64(allocated)/float64(len(body)))
		if ratio := float64(allocated) / float64(len(body)+4096); ratio > 60 {
			t.Errorf("%s: %d bytes allocated in all for %d: %.0f times", name, allocated, len(body), ratio)
		}
	}
}

// allocations returns the bytes allocated by f, those given back included.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzDecode never panics, and what it takes has ids and a process.
func FuzzDecode(f *testing.F) {
	f.Add(marshal(f, sample()))
	f.Add(marshal(f, withAttribute(nested(20))))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := Decode(body)
		if err != nil && (got.Invalid > 0 || got.Batches != nil) {
			t.Error("an error, and a request")
		}
		for _, batch := range got.Batches {
			if len(batch.Spans) == 0 || batch.Process.Service == "" {
				t.Errorf("got a batch of %d spans by %q", len(batch.Spans), batch.Process.Service)
			}
			for i := range batch.Spans {
				if s := &batch.Spans[i]; s.TraceID.IsZero() || s.SpanID == 0 || s.Process != batch.Process {
					t.Errorf("got span %+v", s)
				}
			}
		}
	})
}
