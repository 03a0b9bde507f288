package apiv2

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

func tag(key string, kind uint64, value func([]byte) []byte) []byte {
	return value(pb.AppendUint(pb.AppendBytes(nil, tagKey, key), tagType, kind))
}

func process(service string, tags ...[]byte) []byte {
	b := pb.AppendBytes(nil, processService, service)
	for _, tag := range tags {
		b = pb.AppendBytes(b, processTags, tag)
	}
	return b
}

func moment(seconds, nanos int64) []byte {
	return pb.AppendUint(pb.AppendUint(nil, 1, uint64(seconds)), 2, uint64(nanos))
}

func id(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }

func reference(traceID []byte, span byte, kind uint64) []byte {
	b := pb.AppendBytes(pb.AppendBytes(nil, refTraceID, traceID), refSpanID, id(span))
	return pb.AppendUint(b, refType, kind)
}

// sampleSpan has all that Jaeger's spans can hold.
func sampleSpan() []byte {
	b := pb.AppendBytes(nil, spanTraceID, slices.Concat(id(1), id(2)))
	b = pb.AppendBytes(b, spanSpanID, id(3))
	b = pb.AppendBytes(b, spanOperation, "op")
	b = pb.AppendBytes(b, spanReferences, reference(slices.Concat(id(1), id(2)), 4, 0))
	b = pb.AppendBytes(b, spanReferences, reference(id(9), 5, 1))
	b = pb.AppendUint(b, spanFlags, 3)
	b = pb.AppendBytes(b, spanStart, moment(1_700_000_000, 5))
	b = pb.AppendBytes(b, spanDuration, moment(1, 500))
	for _, tag := range [][]byte{
		tag("s", 0, func(b []byte) []byte { return pb.AppendBytes(b, tagString, "text") }),
		tag("b", 1, func(b []byte) []byte { return pb.AppendUint(b, tagBool, 1) }),
		tag("i", 2, func(b []byte) []byte { return pb.AppendUint(b, tagInt64, math.MaxUint64) }),
		tag("f", 3, func(b []byte) []byte { return pb.AppendDouble(b, tagFloat64, 0.5) }),
		tag("x", 4, func(b []byte) []byte { return pb.AppendBytes(b, tagBinary, []byte{0, 0xff}) }),
		tag("none", 2, slices.Clone[[]byte]),
		tag("odd", 7, slices.Clone[[]byte]),
	} {
		b = pb.AppendBytes(b, spanTags, tag)
	}
	log := pb.AppendBytes(nil, logTime, moment(1_700_000_001, 0))
	log = pb.AppendBytes(log, logFields, tag("event", 0, func(b []byte) []byte { return pb.AppendBytes(b, tagString, "done") }))
	b = pb.AppendBytes(b, spanLogs, log)
	return pb.AppendBytes(b, spanWarnings, "late")
}

func wantSpan(p *trace.Process) trace.Span {
	self := trace.TraceID{High: 1, Low: 2}
	return trace.Span{
		TraceID: self, SpanID: 3, Operation: "op", Flags: 3, Process: p,
		References: []trace.Reference{
			{Type: trace.ChildOf, TraceID: self, SpanID: 4},
			{Type: trace.FollowsFrom, TraceID: trace.TraceID{Low: 9}, SpanID: 5},
		},
		Start: time.Unix(1_700_000_000, 5).UTC(), Duration: time.Second + 500,
		Tags: []trace.Tag{
			{Key: "s", Value: trace.String("text")},
			{Key: "b", Value: trace.Bool(true)},
			{Key: "i", Value: trace.Int64(-1)},
			{Key: "f", Value: trace.Float64(0.5)},
			{Key: "x", Value: trace.Binary([]byte{0, 0xff})},
			{Key: "none", Value: trace.Int64(0)},
			{Key: "odd", Value: trace.String("unknown type 7 of tag odd")},
		},
		Logs: []trace.Log{{
			Time:   time.Unix(1_700_000_001, 0).UTC(),
			Fields: []trace.Tag{{Key: "event", Value: trace.String("done")}},
		}},
		Warnings: []string{"late"},
	}
}

// request encodes a batch, whose process comes after its spans.
func request(process []byte, spans ...[]byte) []byte {
	var batch []byte
	for _, span := range spans {
		batch = pb.AppendBytes(batch, batchSpans, span)
	}
	if process != nil {
		batch = pb.AppendBytes(batch, batchProcess, process)
	}
	return pb.AppendBytes(nil, requestBatch, batch)
}

func TestDecodePostSpans(t *testing.T) {
	t.Parallel()
	uuid := tag("client-uuid", 0, func(b []byte) []byte { return pb.AppendBytes(b, tagString, "abc") })
	shared := &trace.Process{Service: "shop", Tags: []trace.Tag{{Key: "client-uuid", Value: trace.String("abc")}}}
	other := &trace.Process{Service: "other"}
	nobody := &trace.Process{Service: "null-process-and-service-name"}
	unnamed := &trace.Process{Service: "empty-service-name"}
	withProcess := pb.AppendBytes(sampleSpan(), spanProcess, process("other"))
	tests := []struct {
		name string
		body []byte
		want []ingest.Batch
	}{
		{"one process", request(process("shop", uuid), sampleSpan(), sampleSpan()), []ingest.Batch{
			{Process: shared, Client: "abc", Spans: []trace.Span{wantSpan(shared), wantSpan(shared)}},
		}},
		{"a span with its own", request(process("shop", uuid), withProcess, sampleSpan()), []ingest.Batch{
			{Process: other, Spans: []trace.Span{wantSpan(other)}},
			{Process: shared, Client: "abc", Spans: []trace.Span{wantSpan(shared)}},
		}},
		{"no process", request(nil, sampleSpan()), []ingest.Batch{{Process: nobody, Spans: []trace.Span{wantSpan(nobody)}}}},
		{"no name", request([]byte{}, sampleSpan()), []ingest.Batch{{Process: unnamed, Spans: []trace.Span{wantSpan(unnamed)}}}},
		{"no spans", request(process("shop")), nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodePostSpans(tt.body)
			if err != nil {
				t.Fatal(err)
			}
			clear(tt.body) // its memory is used again
			equalValues := cmp.Comparer(func(a, b trace.Value) bool { return a == b })
			if diff := cmp.Diff(tt.want, got, equalValues); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := request(process("shop"), sampleSpan())
	tests := []struct {
		name, want string
		body       []byte
	}{
		{"cut short", "unexpected EOF", good[:len(good)-1]},
		{"a long id", "want 16", request(nil, pb.AppendBytes(nil, spanTraceID, make([]byte, 17)))},
		{"a short span id", "want 8", request(nil, pb.AppendBytes(nil, spanSpanID, make([]byte, 4)))},
		{"text", "group", []byte("hello")},
		{"hollow spans", "far more parts", request(nil, slices.Repeat([][]byte{{}}, 10_000)...)},
		{"hollow process", "far more parts", request(slices.Repeat([]byte{processTags<<3 | 2, 0}, 10_000), sampleSpan())},
		{"hollow tags", "far more parts", request(nil, slices.Repeat([]byte{spanTags<<3 | 2, 0}, 10_000))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := DecodePostSpans(tt.body); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want an error with %q", got, err, tt.want)
			}
		})
	}
}

func TestLongDurationsStop(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int64{math.MaxInt64, math.MinInt64} {
		m := pb.Read(moment(seconds, 0))
		got := duration(m)
		if m.Err() != nil || (got > 0) != (seconds > 0) || got.Abs() < 290*365*24*time.Hour {
			t.Errorf("%d s: got %v, %v", seconds, got, m.Err())
		}
	}
}

// FuzzDecodePostSpans never panics, and every span it takes has a process.
func FuzzDecodePostSpans(f *testing.F) {
	f.Add(request(process("shop"), sampleSpan()))
	f.Fuzz(func(t *testing.T, body []byte) {
		batches, err := DecodePostSpans(body)
		if err != nil && batches != nil {
			t.Error("an error, and batches")
		}
		for _, batch := range batches {
			for i := range batch.Spans {
				if batch.Spans[i].Process == nil || batch.Spans[i].Process != batch.Process {
					t.Errorf("span %d has process %v, want its batch's", i, batch.Spans[i].Process)
				}
			}
		}
	})
}
