package tracer

import (
	"encoding/binary"

	"github.com/uber/jaeger-client-go/thrift"
)

// clientStats are the losses that a batch tells the backend, as totals since
// the tracer's start: ClientStats of jaeger.thrift.
type clientStats struct {
	fullQueue, tooLarge, failedToEmit int64
}

// spanBatch is a batch whose spans and process are encoded already.
type spanBatch struct {
	process []byte
	// spans are n spans, in any number of pieces.
	spans [][]byte
	n     int
	seqNo int64
	stats clientStats
}

// The first two bytes of a message in the compact protocol.
const (
	compactProtocol = thrift.COMPACT_PROTOCOL_ID
	compactCall     = thrift.COMPACT_VERSION | byte(thrift.CALL)<<thrift.COMPACT_TYPE_SHIFT_AMOUNT
)

// compactOverhead bounds the bytes of a message besides process and spans: each
// varint at its longest.
const compactOverhead = 2 + 5 + 1 + len(emitBatch) + // protocol, type, number, name
	1 + 1 + 1 + 6 + // fields batch, process and spans, list header
	11 + 1 + 3*11 + 1 + // seqNo, stats
	1 + 1 // end of batch and arguments

// emitBatch is the one method of the agent that is used, emitBatchBatch its one
// argument.
const (
	emitBatch            = "emitBatch"
	emitBatchBatch field = 0x11
)

// appendEmitBatch appends the datagram that calls Agent.emitBatch of
// agent.thrift. Agents ignore number, the message's sequence id, which counts up
// in jaeger-client-go as well; it is what tells datagrams apart when an ICMP
// error quotes their first bytes.
// b must have a span: an emitBatch without spans crashes some Jaegers.
func appendEmitBatch(dst []byte, number uint32, b spanBatch) []byte {
	dst = append(dst, compactProtocol, compactCall)
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = append(append(dst, byte(len(emitBatch))), emitBatch...)
	dst = thriftCompact.appendStruct(dst, emitBatchBatch)
	return appendStop(thriftCompact.appendBatch(dst, b))
}

// datagramNumber reads the number back from a datagram's first bytes. It
// reports false when there are too few of them, or they are not ours.
func datagramNumber(quote []byte) (uint32, bool) {
	if len(quote) < 3 || quote[0] != compactProtocol || quote[1] != compactCall {
		return 0, false
	}
	n, size := binary.Uvarint(quote[2:])
	return uint32(n), size > 0
}

// binaryOverhead bounds the bytes of a body besides process and spans.
const binaryOverhead = 64

// appendBinaryBatch appends the Batch struct in the binary protocol, which is
// the body of a request to the collector.
func appendBinaryBatch(dst []byte, b spanBatch) []byte {
	return thriftBinary.appendBatch(dst, b)
}

// appendBatch appends the Batch struct of jaeger.thrift.
func (p protocol) appendBatch(dst []byte, b spanBatch) []byte {
	dst = append(p.appendStruct(dst, batchProcess), b.process...)
	dst = p.appendList(dst, batchSpans, b.n)
	for _, piece := range b.spans {
		dst = append(dst, piece...)
	}
	dst = p.appendI64(dst, batchSeqNo, b.seqNo)
	dst = p.appendStruct(dst, batchStats)
	dst = p.appendI64(dst, statsFullQueue, b.stats.fullQueue)
	dst = p.appendI64(dst, statsTooLarge, b.stats.tooLarge)
	dst = p.appendI64(dst, statsFailedToEmit, b.stats.failedToEmit)
	return appendStop(appendStop(dst))
}
