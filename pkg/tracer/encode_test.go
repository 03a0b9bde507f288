package tracer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// extremes are batches at the edges of what a batch's own fields may hold.
func extremes() []spanBatch {
	return []spanBatch{
		{n: 1, seqNo: 1},
		{n: compactShortList, seqNo: 63, stats: clientStats{1, 2, 3}},
		{n: compactShortList + 1, seqNo: 64},
		{n: 300, seqNo: math.MaxInt64, stats: clientStats{math.MaxInt64, math.MaxInt64, math.MaxInt64}},
		{n: 3, seqNo: math.MinInt64, stats: clientStats{math.MinInt64, -1, 0}},
	}
}

// build encodes spans into b, and returns the same batch for generated code.
func build(t *testing.T, e spanEncoder, b *spanBatch, spans []*jaeger.Span) *j.Batch {
	t.Helper()
	process, err := e.appendProcess(nil, spans[0])
	if err != nil {
		t.Fatal(err)
	}
	b.process = process
	batch := &j.Batch{
		Process: jaeger.BuildJaegerProcessThrift(spans[0]),
		SeqNo:   &b.seqNo,
		Stats: &j.ClientStats{
			FullQueueDroppedSpans: b.stats.fullQueue,
			TooLargeDroppedSpans:  b.stats.tooLarge,
			FailedToEmitSpans:     b.stats.failedToEmit,
		},
	}
	for _, span := range spans {
		if b.spans, err = e.appendSpan(b.spans, span); err != nil {
			t.Fatal(err)
		}
		batch.Spans = append(batch.Spans, jaeger.BuildJaegerThrift(span))
	}
	return batch
}

// Our datagram is, byte for byte, what jaeger-client-go's generated client makes.
func TestEmitBatchEqualsGenerated(t *testing.T) {
	t.Parallel()
	for _, b := range extremes() {
		batch := build(t, newCompactEncoder(), &b, newSpans(b.n))
		for _, number := range []uint32{1, 127, 128, 1 << 28, math.MaxInt32} {
			got := appendEmitBatch(nil, number, b)
			buf := thrift.NewTMemoryBuffer()
			proto := thrift.NewTCompactProtocolConf(buf, nil)
			if err := proto.WriteMessageBegin(t.Context(), "emitBatch", thrift.CALL, int32(number)); err != nil {
				t.Fatal(err)
			}
			if err := (&agent.AgentEmitBatchArgs{Batch: batch}).Write(t.Context(), proto); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, buf.Bytes()) {
				t.Errorf("%d spans, number %d:\n got %x\nwant %x", b.n, number, got, buf.Bytes())
			}
			if overhead := len(got) - len(b.process) - len(b.spans); overhead > compactOverhead {
				t.Errorf("%d spans, number %d: %d bytes around the spans, bound is %d", b.n, number, overhead, compactOverhead)
			}
			if back, ok := datagramNumber(got[:8]); back != number || !ok {
				t.Errorf("number %d reads back as %d, %v", number, back, ok)
			}
		}
	}
}

func TestBinaryBatchEqualsGenerated(t *testing.T) {
	t.Parallel()
	for _, b := range extremes() {
		batch := build(t, newBinaryEncoder(), &b, newSpans(b.n))
		got := appendBinaryBatch(nil, b)
		buf := thrift.NewTMemoryBuffer()
		if err := batch.Write(t.Context(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, buf.Bytes()) {
			t.Errorf("%d spans:\n got %x\nwant %x", b.n, got, buf.Bytes())
		}
		if overhead := len(got) - len(b.process) - len(b.spans); overhead > binaryOverhead {
			t.Errorf("%d spans: %d bytes around them, bound is %d", b.n, overhead, binaryOverhead)
		}
	}
}

func TestDatagramNumberOfOthers(t *testing.T) {
	t.Parallel()
	for _, quote := range []string{"", "\x82", "\x82\x21", "\x82\x21\xff", "GET / HTTP", "\x82\x81\x01", strings.Repeat("\xff", 16)} {
		if n, ok := datagramNumber([]byte(quote)); ok {
			t.Errorf("%x: got number %d", quote, n)
		}
	}
}

// FuzzDatagram: what goes into a datagram comes out of it, whatever the spans
// have of tags of every type, logs and references.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte("a shop"), uint8(1), int64(7), 0.5)
	f.Add([]byte{0xff, 0, 0x80}, uint8(15), int64(-1), math.Inf(1))
	f.Add([]byte{}, uint8(40), int64(math.MinInt64), 0.0)
	f.Fuzz(func(t *testing.T, text []byte, n uint8, number int64, float float64) {
		if math.IsNaN(float) {
			return
		}
		spans := everySpan(text, 1+int(n%40), number, float)
		b := spanBatch{n: len(spans), seqNo: number, stats: clientStats{number, 1, 2}}
		want := build(t, newCompactEncoder(), &b, spans)
		got, err := decodePacket(appendEmitBatch(nil, uint32(number)&math.MaxInt32, b))
		if err != nil {
			t.Fatalf("does not decode: %v", err)
		}
		if !want.Equals(got.batch) { // much faster than the diff
			t.Errorf("decoded batch differs (-want +got):\n%s", cmp.Diff(want, got.batch))
		}
		if got.seqID != int32(uint32(number)&math.MaxInt32) {
			t.Errorf("number: got %d", got.seqID)
		}
	})
}

// everySpan makes n spans that have some of everything.
func everySpan(text []byte, n int, number int64, float float64) []*jaeger.Span {
	tr, _ := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter(),
		jaeger.TracerOptions.Gen128Bit(number%2 == 0))
	s := string(text)
	parent := tr.StartSpan(s)
	spans := make([]*jaeger.Span, n)
	for i := range spans {
		span := tr.StartSpan(fmt.Sprint(s, i), opentracing.ChildOf(parent.Context()), opentracing.FollowsFrom(parent.Context()))
		for _, v := range []any{
			s, text, number, float, number > 0, int(number), uint64(number), int32(number), uint16(number),
			int8(number), float32(1), time.Duration(number), nil,
			struct{ A int }{1},
		} {
			span.SetTag(fmt.Sprintf("%T", v), v)
		}
		span.LogFields(log.String("event", s), log.Int64("n", number), log.Float64("f", float), log.Bool("b", number > 0),
			log.Object("bytes", text), log.Error(fmt.Errorf("failed %s", s)), log.Uint64("u", uint64(number)))
		span.LogKV("k", s)
		span.Finish()
		spans[i] = span.(*jaeger.Span)
	}
	return spans
}

// The encoder's own buffer is not handed out.
func TestEncoderAppends(t *testing.T) {
	t.Parallel()
	e := newCompactEncoder()
	spans := newSpans(2)
	first, err := e.appendSpan([]byte("prefix"), spans[0])
	if err != nil {
		t.Fatal(err)
	}
	keep := bytes.Clone(first)
	if _, err := e.appendSpan(nil, spans[1]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, keep) || !bytes.HasPrefix(first, []byte("prefix")) {
		t.Error("encoding a span changed the one before")
	}
	if got := binary.Size(first); got < len("prefix")+smallestSpan-20 {
		t.Errorf("a span without anything takes %d bytes; smallestSpan is off", got)
	}
}
