package tracer

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

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

// build encodes spans into b, and returns the same batch for generated code. Its
// spans are ours, decoded: that they are right is what the tests in
// encode_span_test.go prove.
func build(t *testing.T, e *spanEncoder, b *spanBatch, spans []*jaeger.Span) *j.Batch {
	t.Helper()
	b.process = e.appendProcess(nil, spans[0])
	batch := &j.Batch{
		Process: jaeger.BuildJaegerProcessThrift(spans[0]),
		SeqNo:   &b.seqNo,
		Stats: &j.ClientStats{
			FullQueueDroppedSpans: b.stats.fullQueue,
			TooLargeDroppedSpans:  b.stats.tooLarge,
			FailedToEmitSpans:     b.stats.failedToEmit,
		},
	}
	var all []byte
	for _, span := range spans {
		before := len(all)
		all = encodeSpan(t, e, all, span)
		batch.Spans = append(batch.Spans, decodeSpan(t, e.protocol, all[before:]))
	}
	b.spans = [][]byte{all}
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
			if overhead := len(got) - len(b.process) - len(b.spans[0]); overhead > compactOverhead {
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
		if overhead := len(got) - len(b.process) - len(b.spans[0]); overhead > binaryOverhead {
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

// The encoder's own buffer is not handed out.
func TestEncoderAppends(t *testing.T) {
	t.Parallel()
	e := newCompactEncoder()
	spans := newSpans(2)
	first := encodeSpan(t, e, []byte("prefix"), spans[0])
	keep := bytes.Clone(first)
	encodeSpan(t, e, nil, spans[1])
	if !bytes.Equal(first, keep) || !bytes.HasPrefix(first, []byte("prefix")) {
		t.Error("encoding a span changed the one before")
	}
	if got := binary.Size(first); got < len("prefix")+smallestSpan-20 {
		t.Errorf("a span without anything takes %d bytes; smallestSpan is off", got)
	}
}
