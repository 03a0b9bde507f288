package thrift

import (
	"bytes"
	"context"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestDecodeCases(t *testing.T) {
	t.Parallel()
	protocols := []struct {
		name   string
		decode func([]byte) (ingest.Batch, error)
		cases  []wiretest.Case
	}{
		{"compact", DecodeCompact, wiretest.Cases()},
		{"binary", DecodeBinary, wiretest.BinaryCases()},
	}
	for _, protocol := range protocols {
		for _, c := range protocol.cases {
			t.Run(protocol.name+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				batch, err := protocol.decode(c.Datagram)
				if c.Reason == "" {
					if err != nil {
						t.Fatalf("decode: %v", err)
					}
					if got, want := len(batch.Spans), 3; got != want {
						t.Errorf("got %d spans, want %d", got, want)
					}
					return
				}
				if err == nil {
					t.Fatalf("it was taken for %d spans", len(batch.Spans))
				}
				if got, want := ingest.ReasonOf(err), ingest.Reason(c.Reason); got != want {
					t.Errorf("got reason %q, want %q (%v)", got, want, err)
				}
				if text := err.Error(); text == c.Reason {
					t.Errorf("reason %q has no text", text)
				}
			})
		}
	}
}

func TestFaultWords(t *testing.T) {
	t.Parallel()
	good := wiretest.Compact(wiretest.Batch("svc", 1, 1))
	noOperation := wiretest.Compact(&jaeger.Batch{Process: &jaeger.Process{}, Spans: []*jaeger.Span{}})
	noOperation = bytes.Replace(noOperation, []byte{0x19, 0x0c}, []byte{0x19, 0x1c, 0x00}, 1)
	noOperation = append(noOperation, 0, 0, 0) // a span as short as that is oversized
	tests := []struct {
		name     string
		datagram []byte
		want     string
	}{
		{"truncated", good[:len(good)-6], "it ends in the middle of a value (batch: span: field 8)"},
		{"incomplete", noOperation, "a required field is missing (batch: span: required field TraceIdLow is not set)"},
		{"method", []byte("\x82\x21\x00\x03\nxy"), `Jaeger's agent has no such method (method "\nxy")`},
		{"noise", []byte{0xfe, 0xff}, "received data in an unknown format (begins with feff)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := DecodeCompact(tt.datagram)
			if err == nil {
				t.Fatal("got no error")
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Every prefix of a datagram is one that a short buffer on the way could leave.
func TestDecodeCompactPrefixes(t *testing.T) {
	t.Parallel()
	full := wiretest.Compact(everything())
	for n := range full {
		_, err := DecodeCompact(full[:n])
		switch reason := ingest.ReasonOf(err); {
		case err == nil:
			t.Errorf("the first %d of %d bytes were taken for a batch", n, len(full))
		case n > 0 && reason != ingest.Truncated && reason != ingest.Oversized:
			t.Errorf("the first %d bytes: got reason %q, want truncated or oversized", n, reason)
		}
	}
}

// everything returns a batch that uses every field of Jaeger's thrift.
func everything() *jaeger.Batch {
	long, truth, pi := int64(math.MinInt64), true, math.Pi
	seq := int64(7)
	return &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: "svc", Tags: []*jaeger.Tag{wiretest.String("client-uuid", "u1")}},
		SeqNo:   &seq,
		Stats:   &jaeger.ClientStats{FullQueueDroppedSpans: 1, TooLargeDroppedSpans: 2, FailedToEmitSpans: 3},
		Spans: []*jaeger.Span{{
			TraceIdLow: 2, TraceIdHigh: 1, SpanId: -1, ParentSpanId: 5, OperationName: strings.Repeat("long ", 40),
			References: []*jaeger.SpanRef{
				{RefType: jaeger.SpanRefType_FOLLOWS_FROM, TraceIdLow: 9, TraceIdHigh: 8, SpanId: 5},
			},
			Flags: 3, StartTime: 1_700_000_000_000_001, Duration: 1500,
			Tags: []*jaeger.Tag{
				wiretest.String("s", "v"),
				{Key: "b", VType: jaeger.TagType_BOOL, VBool: &truth},
				{Key: "l", VType: jaeger.TagType_LONG, VLong: &long},
				{Key: "d", VType: jaeger.TagType_DOUBLE, VDouble: &pi},
				{Key: "x", VType: jaeger.TagType_BINARY, VBinary: []byte{0, 255}},
				{Key: "missing", VType: jaeger.TagType_LONG},
				{Key: "odd", VType: 99},
			},
			Logs: []*jaeger.Log{{Timestamp: 1_700_000_000_000_100, Fields: []*jaeger.Tag{wiretest.String("event", "e")}}},
		}},
	}
}

func TestDecodeCompactEverything(t *testing.T) {
	t.Parallel()
	got, err := DecodeCompact(wiretest.Compact(everything()))
	if err != nil {
		t.Fatal(err)
	}
	process := &trace.Process{Service: "svc", Tags: []trace.Tag{{Key: "client-uuid", Value: trace.String("u1")}}}
	id := trace.TraceID{High: 1, Low: 2}
	start := time.Date(2023, 11, 14, 22, 13, 20, 1000, time.UTC)
	want := ingest.Batch{
		Process: process,
		Client:  "u1",
		SeqNo:   7,
		Losses:  &ingest.Losses{QueueFull: 1, TooLarge: 2, Failed: 3},
		Spans: []trace.Span{{
			TraceID: id, SpanID: math.MaxUint64, Operation: strings.Repeat("long ", 40), Flags: 3,
			// Span 5 is referred to, but in another trace: the parent is added.
			References: []trace.Reference{
				{Type: trace.ChildOf, TraceID: id, SpanID: 5},
				{Type: trace.FollowsFrom, TraceID: trace.TraceID{High: 8, Low: 9}, SpanID: 5},
			},
			Start: start, Duration: 1500 * time.Microsecond, Process: process,
			Tags: []trace.Tag{
				{Key: "s", Value: trace.String("v")},
				{Key: "b", Value: trace.Bool(true)},
				{Key: "l", Value: trace.Int64(math.MinInt64)},
				{Key: "d", Value: trace.Float64(math.Pi)},
				{Key: "x", Value: trace.Binary([]byte{0, 255})},
				{Key: "missing", Value: trace.Int64(0)},
				{Key: "odd", Value: trace.String("unknown type 99 of tag odd")},
			},
			Logs: []trace.Log{{
				Time:   start.Add(99 * time.Microsecond),
				Fields: []trace.Tag{{Key: "event", Value: trace.String("e")}},
			}},
		}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestReferencesAndDurations(t *testing.T) {
	t.Parallel()
	id := trace.TraceID{Low: 1}
	child := func(span trace.SpanID) trace.Reference {
		return trace.Reference{Type: trace.ChildOf, TraceID: id, SpanID: span}
	}
	tests := []struct {
		name         string
		span         jaeger.Span
		wantRefs     []trace.Reference
		wantDuration time.Duration
	}{
		{name: "root", span: jaeger.Span{TraceIdLow: 1}},
		{name: "parent only", span: jaeger.Span{TraceIdLow: 1, ParentSpanId: 2}, wantRefs: []trace.Reference{child(2)}},
		{
			name: "parent and its reference",
			span: jaeger.Span{
				TraceIdLow: 1, ParentSpanId: 2,
				References: []*jaeger.SpanRef{{TraceIdLow: 1, SpanId: 3}, {TraceIdLow: 1, SpanId: 2}},
			},
			wantRefs: []trace.Reference{child(3), child(2)},
		},
		{
			name:         "longer than Go can tell",
			span:         jaeger.Span{TraceIdLow: 1, Duration: math.MaxInt64},
			wantDuration: math.MaxInt64 / 1000 * 1000,
		},
		{
			name:         "negative",
			span:         jaeger.Span{TraceIdLow: 1, Duration: -5},
			wantDuration: -5 * time.Microsecond,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			batch, err := DecodeCompact(wiretest.Compact(&jaeger.Batch{Process: &jaeger.Process{}, Spans: []*jaeger.Span{&tt.span}}))
			if err != nil {
				t.Fatal(err)
			}
			got := batch.Spans[0]
			if diff := cmp.Diff(tt.wantRefs, got.References); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
			if got.Duration != tt.wantDuration {
				t.Errorf("duration: got %v, want %v", got.Duration, tt.wantDuration)
			}
		})
	}
}

func TestEmptyServiceIsNamed(t *testing.T) {
	t.Parallel()
	batch, err := DecodeCompact(wiretest.Compact(wiretest.Batch("", 1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := batch.Spans[0].Service(), "empty-service-name"; got != want {
		t.Errorf("got service %q, want %q", got, want)
	}
}

// The prototype reserved 338 GiB of address space for fifty such packets.
func TestDecodeCompactMemory(t *testing.T) {
	cases := wiretest.Cases()
	const rounds = 50
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sent := 0
	for range rounds {
		for _, c := range cases {
			_, _ = DecodeCompact(c.Datagram)
			sent += len(c.Datagram)
		}
	}
	runtime.ReadMemStats(&after)
	got := after.TotalAlloc - before.TotalAlloc
	if limit := uint64(sent)*maxAmplification + rounds*uint64(len(cases))*1024; got > limit {
		t.Errorf("allocated %d bytes for %d bytes of datagrams, want at most %d", got, sent, limit)
	}
}

// maxAmplification is the memory a byte of a datagram may cost. The dearest is a
// tag without a value: 5 bytes become two structs of 80 and 48 bytes and two
// pointers, and another of 48 that is made before it is found not to be plain; a
// slice that names a size but holds less doubles it.
const maxAmplification = 64

func FuzzDecodeCompact(f *testing.F) {
	for _, c := range wiretest.Cases() {
		f.Add(c.Datagram)
	}
	f.Add(wiretest.Compact(everything()))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		if len(datagram) > wiretest.MaxPayload {
			t.Skip("larger than a datagram")
		}
		batch, err := DecodeCompact(datagram)
		if err != nil {
			if ingest.ReasonOf(err) == ingest.Panicked {
				t.Fatal(err)
			}
			return
		}
		again, err := DecodeCompact(recode(t, datagram))
		if err != nil {
			t.Fatalf("what was read and written again cannot be read: %v", err)
		}
		if diff := cmp.Diff(batch, again, cmp.AllowUnexported(trace.Value{}), cmp.Comparer(sameFloat)); diff != "" {
			t.Errorf("read, written, read (-first +second):\n%s", diff)
		}
	})
}

// sameFloat exists because a NaN is not equal to itself.
func sameFloat(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// recode reads datagram with thrift's own reader and writes it with thrift's own
// writer, so that ours is compared with theirs.
func recode(t *testing.T, datagram []byte) []byte {
	t.Helper()
	ctx := context.Background()
	in := thrift.NewTMemoryBuffer()
	in.Buffer = bytes.NewBuffer(datagram)
	theirs := thrift.NewTCompactProtocolConf(in, nil)
	method, _, _, err := theirs.ReadMessageBegin(ctx)
	if err != nil {
		t.Fatalf("thrift cannot read the message that we can: %v", err)
	}
	if method == methodZipkin {
		var args agent.AgentEmitZipkinBatchArgs
		if err := args.Read(ctx, theirs); err != nil {
			t.Fatalf("thrift cannot read the spans that we can: %v", err)
		}
		return wiretest.ZipkinCompact(args.Spans...)
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, theirs); err != nil {
		t.Fatalf("thrift cannot read the batch that we can: %v", err)
	}
	return wiretest.Compact(args.Batch)
}

func BenchmarkDecodeCompact(b *testing.B) {
	datagram := wiretest.Compact(wiretest.Batch("svc", 1, 1000))
	b.SetBytes(int64(len(datagram)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeCompact(datagram); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/span")
}
