package tracer

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
)

// spanEncoder appends spans in one of thrift's protocols. It is the seam for an
// encoder that is faster than the generated code. It is used from one goroutine.
type spanEncoder interface {
	// appendSpan appends the Span struct of span to dst. On an error it returns
	// dst unchanged.
	appendSpan(dst []byte, span *jaeger.Span) ([]byte, error)
	// appendProcess appends the Process struct of the tracer that made span.
	appendProcess(dst []byte, span *jaeger.Span) ([]byte, error)
}

// generated encodes with jaeger-client-go's generated code.
type generated struct {
	out   *appender
	proto thrift.TProtocol
}

// newCompactEncoder returns an encoder for datagrams to the agent.
func newCompactEncoder() spanEncoder {
	out := &appender{}
	return &generated{out: out, proto: newCompactWriter(out)}
}

// newBinaryEncoder returns an encoder for requests to the collector.
func newBinaryEncoder() spanEncoder {
	out := &appender{}
	return &generated{out: out, proto: thrift.NewTBinaryProtocolConf(out, nil)}
}

func (e *generated) appendSpan(dst []byte, span *jaeger.Span) ([]byte, error) {
	built, err := buildSpan(span)
	if err != nil {
		return dst, err
	}
	return e.append(dst, built)
}

func (e *generated) appendProcess(dst []byte, span *jaeger.Span) ([]byte, error) {
	return e.append(dst, jaeger.BuildJaegerProcessThrift(span))
}

func (e *generated) append(dst []byte, s thrift.TStruct) ([]byte, error) {
	e.out.b = dst
	err := s.Write(context.Background(), e.proto)
	encoded := e.out.b
	e.out.b = nil
	if err != nil {
		return dst, fmt.Errorf("encoding a span: %w", err)
	}
	return encoded, nil
}

// buildSpan recovers from panics, because building runs code of the
// application: a lazy log field, or the String method of a tag's value.
func buildSpan(span *jaeger.Span) (built thrift.TStruct, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("encoding a span panicked: %v", r)
		}
	}()
	return jaeger.BuildJaegerThrift(span), nil
}

// clientStats are the losses that a batch tells the backend, as totals since
// the tracer's start: ClientStats of jaeger.thrift.
type clientStats struct {
	fullQueue, tooLarge, failedToEmit int64
}

// spanBatch is a batch whose spans and process are encoded already.
type spanBatch struct {
	process []byte
	spans   []byte
	n       int
	seqNo   int64
	stats   clientStats
}

// Field headers and types of the compact protocol, as far as a batch has them:
// the high half is the distance to the previous field's id, the low half the
// type. See thrift-compact-protocol.md in Apache Thrift.
const (
	compactProtocol   = 0x82
	compactCall       = 0x21 // version 1, message type call, as jaeger-client-go
	compactStruct     = 0x1c // next field, a struct
	compactList       = 0x19 // next field, a list
	compactI64        = 0x16 // next field, an i64
	compactStop       = 0x00
	compactStructElem = 0x0c
	compactShortList  = 14 // longest list whose length fits the type's byte
)

// compactOverhead bounds the bytes of a message besides process and spans: each
// varint at its longest.
const compactOverhead = 2 + 5 + 1 + len(emitBatch) + // protocol, type, number, name
	1 + 1 + 1 + 6 + // fields batch, process and spans, list header
	11 + 1 + 3*11 + 1 + // seqNo, stats
	1 + 1 // end of batch and arguments

// emitBatch is the one method of the agent that is used.
const emitBatch = "emitBatch"

// appendEmitBatch appends the datagram that calls Agent.emitBatch of
// agent.thrift. Agents ignore number, the message's sequence id, which counts up
// in jaeger-client-go as well; it is what tells datagrams apart when an ICMP
// error quotes their first bytes.
// b must have a span: an emitBatch without spans crashes some Jaegers.
func appendEmitBatch(dst []byte, number uint32, b spanBatch) []byte {
	dst = append(dst, compactProtocol, compactCall)
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = append(dst, byte(len(emitBatch)))
	dst = append(dst, emitBatch...)
	dst = append(dst, compactStruct, compactStruct)
	dst = append(dst, b.process...)
	dst = append(dst, compactList)
	if b.n <= compactShortList {
		dst = append(dst, byte(b.n)<<4|compactStructElem)
	} else {
		dst = append(dst, 0xf0|compactStructElem)
		dst = binary.AppendUvarint(dst, uint64(b.n))
	}
	dst = append(dst, b.spans...)
	dst = appendCompactI64(dst, b.seqNo)
	dst = append(dst, compactStruct)
	dst = appendCompactI64(dst, b.stats.fullQueue)
	dst = appendCompactI64(dst, b.stats.tooLarge)
	dst = appendCompactI64(dst, b.stats.failedToEmit)
	return append(dst, compactStop, compactStop, compactStop)
}

// appendCompactI64 appends the next field; AppendVarint is thrift's zigzag.
func appendCompactI64(dst []byte, v int64) []byte {
	return binary.AppendVarint(append(dst, compactI64), v)
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

// appendBinaryBatch appends the Batch struct of jaeger.thrift in the binary
// protocol, which is the body of a request to the collector.
func appendBinaryBatch(dst []byte, b spanBatch) []byte {
	dst = append(dst, byte(thrift.STRUCT), 0, 1)
	dst = append(dst, b.process...)
	dst = append(dst, byte(thrift.LIST), 0, 2, byte(thrift.STRUCT))
	dst = binary.BigEndian.AppendUint32(dst, uint32(b.n))
	dst = append(dst, b.spans...)
	dst = appendBinaryI64(dst, 3, b.seqNo)
	dst = append(dst, byte(thrift.STRUCT), 0, 4)
	dst = appendBinaryI64(dst, 1, b.stats.fullQueue)
	dst = appendBinaryI64(dst, 2, b.stats.tooLarge)
	dst = appendBinaryI64(dst, 3, b.stats.failedToEmit)
	return append(dst, byte(thrift.STOP), byte(thrift.STOP))
}

// binaryOverhead bounds the bytes of a body besides process and spans.
const binaryOverhead = 64

func appendBinaryI64(dst []byte, id byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, byte(thrift.I64), 0, id), uint64(v))
}
