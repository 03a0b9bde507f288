package thrift

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/plural"
)

// compactReader reads thrift's compact protocol from memory, for the generated
// code; see source for what it guards against.
//
// The format is that of doc/specs/thrift-compact-protocol.md in apache/thrift.
type compactReader struct {
	source

	// lastID is the id of the field read last in the present struct, ids those of
	// the structs around it: field ids come as differences.
	lastID int16
	ids    []int16

	// flag holds a boolean field's value, which its header carries.
	flag    bool
	hasFlag bool
}

const (
	compactVersion     = 1
	compactVersionMask = 0x1f
	// compactLeast is what a struct in a list takes at least: a tag without key
	// and value. It bounds what a byte can make us allocate.
	compactLeast = 5
)

func (r *compactReader) varint() uint64 {
	v, n := binary.Uvarint(r.buf)
	switch {
	case n > 0:
		r.buf = r.buf[n:]
	case n == 0:
		_ = r.fail(ingest.Truncated, "")
	default:
		_ = r.fail(ingest.Malformed, "a number of more than 64 bits")
	}
	return v
}

// size reads a length or a count, each of whose units takes at least one byte.
func (r *compactReader) size() int {
	n := r.varint()
	if n > uint64(len(r.buf)) {
		_ = r.fail(ingest.Oversized, "%d claimed, %s left", n, plural.Of(len(r.buf), "byte", "bytes"))
		return 0
	}
	return int(n)
}

// ReadMessageBegin implements thrift.TProtocol. Any type of message will do, as
// it does for Jaeger.
func (r *compactReader) ReadMessageBegin(context.Context) (string, thrift.TMessageType, int32, error) {
	if id := r.byte(); r.fault == nil && id != compactID {
		return "", 0, 0, r.fail(ingest.Foreign, "first byte is %#02x", id)
	}
	kind := r.byte()
	if version := kind & compactVersionMask; r.fault == nil && version != compactVersion {
		return "", 0, 0, r.fail(ingest.Malformed, "version %d of the compact protocol", version)
	}
	seq := int32(uint32(r.varint()))
	name := string(r.take(r.size()))
	return name, thrift.TMessageType(kind >> 5), seq, r.err()
}

// ReadStructBegin implements thrift.TProtocol.
func (r *compactReader) ReadStructBegin(context.Context) (string, error) {
	if len(r.ids) == maxDepth {
		return "", r.fail(ingest.Malformed, "structs nest deeper than %d", maxDepth)
	}
	r.ids = append(r.ids, r.lastID)
	r.lastID = 0
	return "", r.err()
}

// ReadStructEnd implements thrift.TProtocol.
func (r *compactReader) ReadStructEnd(context.Context) error {
	last := len(r.ids) - 1
	r.lastID = r.ids[last]
	r.ids = r.ids[:last]
	return r.err()
}

// ReadFieldBegin implements thrift.TProtocol.
func (r *compactReader) ReadFieldBegin(context.Context) (string, thrift.TType, int16, error) {
	header := r.byte()
	kind := header & 0x0f
	if r.fault != nil || kind == thrift.STOP {
		return "", thrift.STOP, 0, r.err()
	}
	if delta := int16(header >> 4); delta != 0 {
		r.lastID += delta
	} else {
		r.lastID = int16(r.zigzag32())
	}
	if kind == thrift.COMPACT_BOOLEAN_TRUE || kind == thrift.COMPACT_BOOLEAN_FALSE {
		r.flag, r.hasFlag = kind == thrift.COMPACT_BOOLEAN_TRUE, true
	}
	t := r.ttype(kind)
	return "", t, r.lastID, r.err()
}

// ReadListBegin implements thrift.TProtocol.
func (r *compactReader) ReadListBegin(context.Context) (thrift.TType, int, error) {
	t, n := r.listHeader()
	return r.structs(t, n, compactLeast)
}

func (r *compactReader) listHeader() (t thrift.TType, n int) {
	header := r.byte()
	t = r.ttype(header & 0x0f)
	n = int(header >> 4)
	if n == 15 {
		n = r.size()
	} else if n > len(r.buf) {
		_ = r.fail(ingest.Truncated, "")
	}
	if r.fault != nil {
		n = 0
	}
	return t, n
}

// ReadBool implements thrift.TProtocol.
func (r *compactReader) ReadBool(context.Context) (bool, error) {
	if r.hasFlag {
		r.hasFlag = false
		return r.flag, r.err()
	}
	v := r.byte() == thrift.COMPACT_BOOLEAN_TRUE
	return v, r.err()
}

// ReadI16 implements thrift.TProtocol.
func (r *compactReader) ReadI16(context.Context) (int16, error) {
	v := int16(r.zigzag32())
	return v, r.err()
}

// ReadI32 implements thrift.TProtocol.
func (r *compactReader) ReadI32(context.Context) (int32, error) {
	v := r.zigzag32()
	return v, r.err()
}

func (r *compactReader) zigzag32() int32 {
	v := uint32(r.varint())
	return int32(v>>1) ^ -int32(v&1)
}

// ReadI64 implements thrift.TProtocol.
func (r *compactReader) ReadI64(context.Context) (int64, error) {
	v := r.varint()
	return int64(v>>1) ^ -int64(v&1), r.err()
}

// ReadDouble implements thrift.TProtocol.
func (r *compactReader) ReadDouble(context.Context) (float64, error) {
	b := r.take(8)
	if b == nil {
		return 0, r.err()
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

// ReadString implements thrift.TProtocol.
func (r *compactReader) ReadString(context.Context) (string, error) {
	v := string(r.take(r.size()))
	return v, r.err()
}

// ReadBinary implements thrift.TProtocol. The bytes are the datagram's own: who
// keeps them copies them.
func (r *compactReader) ReadBinary(context.Context) ([]byte, error) {
	v := r.take(r.size())
	return v, r.err()
}

// Skip implements thrift.TProtocol.
func (r *compactReader) Skip(ctx context.Context, t thrift.TType) error {
	skip(ctx, r, t, maxDepth)
	return r.err()
}

func (r *compactReader) skipScalar(t thrift.TType) bool {
	switch t {
	case thrift.BOOL:
		if r.hasFlag {
			r.hasFlag = false
			return true
		}
		r.byte()
	case thrift.BYTE:
		r.byte()
	case thrift.I16, thrift.I32, thrift.I64:
		r.varint()
	case thrift.DOUBLE:
		r.take(8)
	case thrift.STRING:
		r.take(r.size())
	default:
		return false
	}
	return true
}

func (r *compactReader) mapHeader() (key, value thrift.TType, n int) {
	n = r.size()
	if n == 0 {
		return 0, 0, 0 // an empty map carries no types
	}
	types := r.byte()
	return r.ttype(types >> 4), r.ttype(types & 0x0f), n
}

// ttype returns thrift's type for one of the compact protocol; others fail.
func (r *compactReader) ttype(kind byte) thrift.TType {
	t := compactType(kind)
	if t == thrift.STOP && kind != thrift.STOP {
		_ = r.fail(ingest.Malformed, "unknown type %d", kind)
	}
	return t
}

// compactTypes are thrift's types by those of the compact protocol, STOP for unknown
// ones. The type of a boolean field is its value.
//
//nolint:gochecknoglobals // a table
var compactTypes = [16]thrift.TType{
	thrift.COMPACT_BOOLEAN_TRUE: thrift.BOOL, thrift.COMPACT_BOOLEAN_FALSE: thrift.BOOL,
	thrift.COMPACT_BYTE: thrift.BYTE, thrift.COMPACT_I16: thrift.I16, thrift.COMPACT_I32: thrift.I32, thrift.COMPACT_I64: thrift.I64,
	thrift.COMPACT_DOUBLE: thrift.DOUBLE, thrift.COMPACT_BINARY: thrift.STRING,
	thrift.COMPACT_LIST: thrift.LIST, thrift.COMPACT_SET: thrift.SET, thrift.COMPACT_MAP: thrift.MAP, thrift.COMPACT_STRUCT: thrift.STRUCT,
}

// compactType returns thrift's type for one of the compact protocol, in 4 bits.
func compactType(kind byte) thrift.TType { return compactTypes[kind&0x0f] }

func (r *compactReader) fast() fastReader { return fastReader{buf: r.buf, compact: true} }
