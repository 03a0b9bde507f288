package thrift

import (
	"encoding/binary"

	"github.com/uber/jaeger-client-go/thrift"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// Batch is a batch whose spans and process are encoded already.
type Batch struct {
	Process []byte
	// Spans are n spans, in any number of pieces.
	Spans [][]byte
	N     int
	SeqNo int64
	// Stats are the losses since the tracer's start.
	Stats j.ClientStats
}

// The first two bytes of a message in the compact protocol.
const (
	CompactProtocol = thrift.COMPACT_PROTOCOL_ID
	CompactCall     = thrift.COMPACT_VERSION | byte(thrift.CALL)<<thrift.COMPACT_TYPE_SHIFT_AMOUNT
)

// CompactOverhead bounds the bytes of a message besides process and spans: each
// varint at its longest.
const CompactOverhead = 2 + 5 + 1 + len(emitBatch) + // protocol, type, number, name
	1 + 1 + 1 + 6 + // fields batch, process and spans, list header
	11 + 1 + 3*11 + 1 + // SeqNo, stats
	1 + 1 // end of batch and arguments

// emitBatch is the one method of the agent that is used, emitBatchBatch its one
// argument.
const (
	emitBatch            = "emitBatch"
	emitBatchBatch field = 0x11
)

// AppendEmitBatch appends the datagram that calls Agent.emitBatch of
// agent.thrift. Agents ignore number, the message's sequence id, which counts up
// in jaeger-client-go as well; it identifies a datagram when an ICMP error quotes its
// first bytes.
// b must have a span: an emitBatch without spans crashes some Jaegers.
func AppendEmitBatch(dst []byte, number uint32, b Batch) []byte {
	dst = append(dst, CompactProtocol, CompactCall)
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = append(append(dst, byte(len(emitBatch))), emitBatch...)
	dst = thriftCompact.appendStruct(dst, emitBatchBatch)
	return appendStop(thriftCompact.appendBatch(dst, b))
}

// DatagramNumber reads the number back from a datagram's first bytes. It returns 0
// when there are too few of them, or they are not ours.
func DatagramNumber(quote []byte) uint32 {
	if len(quote) < 2 || quote[0] != CompactProtocol || quote[1] != CompactCall {
		return 0
	}
	n, _ := binary.Uvarint(quote[2:]) // 0 for too few bytes
	return uint32(n)
}

// BinaryOverhead bounds the bytes of a body besides process and spans.
const BinaryOverhead = 64

// AppendBinary appends the Batch struct in the binary protocol, which is
// the body of a request to the collector.
func AppendBinary(dst []byte, b Batch) []byte {
	return thriftBinary.appendBatch(dst, b)
}

func (p protocol) appendBatch(dst []byte, b Batch) []byte {
	dst = append(p.appendStruct(dst, batchProcess), b.Process...)
	dst = p.appendList(dst, batchSpans, b.N)
	for _, piece := range b.Spans {
		dst = append(dst, piece...)
	}
	dst = p.appendI64(dst, batchSeqNo, b.SeqNo)
	dst = p.appendStruct(dst, batchStats)
	dst = p.appendI64(dst, statsFullQueue, b.Stats.FullQueueDroppedSpans)
	dst = p.appendI64(dst, statsTooLarge, b.Stats.TooLargeDroppedSpans)
	dst = p.appendI64(dst, statsFailedToEmit, b.Stats.FailedToEmitSpans)
	return appendStop(appendStop(dst))
}
