package thrift

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

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// extremes are batches at the edges of what a batch's own fields may hold.
func extremes() []Batch {
	return []Batch{
		{N: 1, SeqNo: 1},
		{N: compactShortList, SeqNo: 63, Stats: stats(1, 2, 3)},
		{N: compactShortList + 1, SeqNo: 64},
		{N: 300, SeqNo: math.MaxInt64, Stats: stats(math.MaxInt64, math.MaxInt64, math.MaxInt64)},
		{N: 3, SeqNo: math.MinInt64, Stats: stats(math.MinInt64, -1, 0)},
	}
}

func stats(fullQueue, tooLarge, failed int64) j.ClientStats {
	return j.ClientStats{FullQueueDroppedSpans: fullQueue, TooLargeDroppedSpans: tooLarge, FailedToEmitSpans: failed}
}

// build encodes spans into b, and returns the same batch for generated code. Its
// spans are ours, decoded: that they are right is what the tests in
// encode_span_test.go prove.
func build(t *testing.T, e *Encoder, b *Batch, spans []*jaeger.Span) *j.Batch {
	t.Helper()
	b.Process = e.AppendProcess(nil, spans[0])
	batch := &j.Batch{
		Process: jaeger.BuildJaegerProcessThrift(spans[0]),
		SeqNo:   &b.SeqNo,
		Stats:   &b.Stats,
	}
	var all []byte
	for _, span := range spans {
		before := len(all)
		all = encodeSpan(t, e, all, span)
		batch.Spans = append(batch.Spans, decodeSpan(t, e.protocol, all[before:]))
	}
	b.Spans = [][]byte{all}
	return batch
}

// Our datagram is, byte for byte, what jaeger-client-go's generated client makes.
func TestEmitBatchEqualsGenerated(t *testing.T) {
	t.Parallel()
	for _, b := range extremes() {
		batch := build(t, NewCompact(), &b, testkit.NewSpans(b.N))
		for _, number := range []uint32{1, 127, 128, 1 << 28, math.MaxInt32} {
			got := AppendEmitBatch(nil, number, b)
			buf := thrift.NewTMemoryBuffer()
			proto := thrift.NewTCompactProtocolConf(buf, nil)
			if err := proto.WriteMessageBegin(t.Context(), "emitBatch", thrift.CALL, int32(number)); err != nil {
				t.Fatal(err)
			}
			if err := (&agent.AgentEmitBatchArgs{Batch: batch}).Write(t.Context(), proto); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, buf.Bytes()) {
				t.Errorf("%d spans, number %d:\n got %x\nwant %x", b.N, number, got, buf.Bytes())
			}
			if overhead := len(got) - len(b.Process) - len(b.Spans[0]); overhead > CompactOverhead {
				t.Errorf("%d spans, number %d: %d bytes around the spans, bound is %d", b.N, number, overhead, CompactOverhead)
			}
			if back := DatagramNumber(got[:8]); back != number {
				t.Errorf("number %d reads back as %d", number, back)
			}
		}
	}
}

func TestBinaryBatchEqualsGenerated(t *testing.T) {
	t.Parallel()
	for _, b := range extremes() {
		batch := build(t, NewBinary(), &b, testkit.NewSpans(b.N))
		got := AppendBinary(nil, b)
		buf := thrift.NewTMemoryBuffer()
		if err := batch.Write(t.Context(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, buf.Bytes()) {
			t.Errorf("%d spans:\n got %x\nwant %x", b.N, got, buf.Bytes())
		}
		if overhead := len(got) - len(b.Process) - len(b.Spans[0]); overhead > BinaryOverhead {
			t.Errorf("%d spans: %d bytes around them, bound is %d", b.N, overhead, BinaryOverhead)
		}
	}
}

func TestDatagramNumberOfOthers(t *testing.T) {
	t.Parallel()
	for _, quote := range []string{"", "\x82", "\x82\x21", "\x82\x21\xff", "GET / HTTP", "\x82\x81\x01", strings.Repeat("\xff", 16)} {
		if n := DatagramNumber([]byte(quote)); n != 0 {
			t.Errorf("%x: got number %d", quote, n)
		}
	}
}

// The encoder's own buffer is not handed out.
func TestEncoderAppends(t *testing.T) {
	t.Parallel()
	e := NewCompact()
	spans := testkit.NewSpans(2)
	first := encodeSpan(t, e, []byte("prefix"), spans[0])
	keep := bytes.Clone(first)
	encodeSpan(t, e, nil, spans[1])
	if !bytes.Equal(first, keep) || !bytes.HasPrefix(first, []byte("prefix")) {
		t.Error("encoding a span changed the one before")
	}
	if got := binary.Size(first); got < len("prefix")+SmallestSpan-20 {
		t.Errorf("a span without anything takes %d bytes; smallestSpan is off", got)
	}
}
