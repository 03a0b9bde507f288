package thrift

import (
	"encoding/binary"
	"math"

	"github.com/uber/jaeger-client-go/thrift"
)

// protocol appends values in thrift's compact protocol or in its binary one: as
// much of both as jaeger.thrift needs. See thrift-compact-protocol.md and
// thrift-binary-protocol.md in Apache Thrift.
//
// Each method branches, and returns the slice. Seven text tags need 80 ns that
// way, 100 ns through an interface, and 120 ns with the slice in a struct.
type protocol bool

const (
	thriftCompact protocol = false
	thriftBinary  protocol = true
)

// field is a field of a struct: its id in the low half, in the high half the
// distance to the field before, which is what the compact protocol writes.
type field byte

func (f field) id() byte { return byte(f) & 0x0f }

// header returns the compact protocol's header of a field.
func (f field) header(kind byte) byte { return byte(f)&0xf0 | kind }

// The fields of jaeger.thrift's structs. Those of a Tag that hold its value all
// follow tagType, because a tag has one of them.
const (
	batchProcess field = 0x11
	batchSpans   field = 0x12
	batchSeqNo   field = 0x13
	batchStats   field = 0x14

	statsFullQueue    field = 0x11
	statsTooLarge     field = 0x12
	statsFailedToEmit field = 0x13

	processService field = 0x11
	processTags    field = 0x12

	spanTraceIDLow  field = 0x11
	spanTraceIDHigh field = 0x12
	spanID          field = 0x13
	spanParentID    field = 0x14
	spanOperation   field = 0x15
	spanReferences  field = 0x16
	spanFlags       field = 0x17
	spanStart       field = 0x18
	spanDuration    field = 0x19
	spanTags        field = 0x1a
	spanLogs        field = 0x1b

	refType        field = 0x11
	refTraceIDLow  field = 0x12
	refTraceIDHigh field = 0x13
	refSpanID      field = 0x14

	logTime   field = 0x11
	logFields field = 0x12

	tagKey    field = 0x11
	tagType   field = 0x12
	tagString field = 0x13
	tagDouble field = 0x24
	tagBool   field = 0x35
	tagLong   field = 0x46
	tagBinary field = 0x57
)

// appendStop ends a struct, in both protocols. A struct has no beginning.
func appendStop(b []byte) []byte { return append(b, thrift.STOP) }

func (p protocol) appendBool(b []byte, f field, v bool) []byte {
	switch {
	case p == thriftBinary && v:
		return append(b, thrift.BOOL, 0, f.id(), 1)
	case p == thriftBinary:
		return append(b, thrift.BOOL, 0, f.id(), 0)
	case v:
		return append(b, f.header(thrift.COMPACT_BOOLEAN_TRUE))
	default:
		return append(b, f.header(thrift.COMPACT_BOOLEAN_FALSE))
	}
}

func (p protocol) appendI32(b []byte, f field, v int32) []byte {
	if p == thriftBinary {
		return binary.BigEndian.AppendUint32(append(b, thrift.I32, 0, f.id()), uint32(v))
	}
	// AppendVarint's order of negative and positive numbers is thrift's.
	return binary.AppendVarint(append(b, f.header(thrift.COMPACT_I32)), int64(v))
}

func (p protocol) appendI64(b []byte, f field, v int64) []byte {
	if p == thriftBinary {
		return binary.BigEndian.AppendUint64(append(b, thrift.I64, 0, f.id()), uint64(v))
	}
	return binary.AppendVarint(append(b, f.header(thrift.COMPACT_I64)), v)
}

func (p protocol) appendDouble(b []byte, f field, v float64) []byte {
	bits := math.Float64bits(v)
	if p == thriftBinary {
		return binary.BigEndian.AppendUint64(append(b, thrift.DOUBLE, 0, f.id()), bits)
	}
	return binary.LittleEndian.AppendUint64(append(b, f.header(thrift.COMPACT_DOUBLE)), bits)
}

func (p protocol) appendString(b []byte, f field, v string) []byte {
	return append(p.appendSize(b, f, len(v)), v...)
}

// appendBytes appends what jaeger.thrift calls binary: a string on the wire.
func (p protocol) appendBytes(b []byte, f field, v []byte) []byte {
	return append(p.appendSize(b, f, len(v)), v...)
}

// appendSize appends the header of a string of size bytes.
func (p protocol) appendSize(b []byte, f field, size int) []byte {
	if p == thriftBinary {
		return binary.BigEndian.AppendUint32(append(b, thrift.STRING, 0, f.id()), uint32(size))
	}
	return binary.AppendUvarint(append(b, f.header(thrift.COMPACT_BINARY)), uint64(size))
}

// appendStruct appends the header of a struct, whose fields are to follow.
func (p protocol) appendStruct(b []byte, f field) []byte {
	if p == thriftBinary {
		return append(b, thrift.STRUCT, 0, f.id())
	}
	return append(b, f.header(thrift.COMPACT_STRUCT))
}

// compactShortList is the longest list whose length the compact protocol puts
// into the byte with the type of its elements.
const compactShortList = 14

// appendList appends the header of a list of n structs, which are to follow.
func (p protocol) appendList(b []byte, f field, n int) []byte {
	switch {
	case p == thriftBinary:
		return binary.BigEndian.AppendUint32(append(b, thrift.LIST, 0, f.id(), thrift.STRUCT), uint32(n))
	case n <= compactShortList:
		return append(b, f.header(thrift.COMPACT_LIST), byte(n)<<4|thrift.COMPACT_STRUCT)
	default:
		return binary.AppendUvarint(append(b, f.header(thrift.COMPACT_LIST), 0xf0|thrift.COMPACT_STRUCT), uint64(n))
	}
}
