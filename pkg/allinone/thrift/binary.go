package thrift

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/plural"
)

// binaryReader reads thrift's binary protocol from memory, for the generated code;
// see source for what it guards against. Its faults have the words of thrift's own
// reader, which Jaeger's collector answers to a body that it cannot read.
//
// The format is that of doc/specs/thrift-binary-protocol.md in apache/thrift.
type binaryReader struct {
	source

	depth int // of structs
}

// A message of the binary protocol begins with a version, or in its old form with
// the length of the method's name.
const (
	binaryVersion     = 0x8001_0000
	binaryVersionMask = 0xffff_0000
	// binaryLeast is what a struct in a list takes at least, see compactLeast.
	binaryLeast = 15
)

// shortString is the length from which on thrift's reader has another way to read
// a string, with other words for one that is cut short. It has no short way to read
// bytes.
const (
	shortString = 64
	noShort     = 0
)

func unknownType(t thrift.TType) string { return fmt.Sprintf("Unknown data type %d", t) }

func (r *binaryReader) i32() int32 {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b))
}

// count reads the number of elements in a container, each of which takes at least
// one byte.
func (r *binaryReader) count() int {
	n := r.i32()
	switch {
	case r.fault != nil:
		return 0
	case n < 0:
		r.failAs("Invalid data length", ingest.Malformed, "a container of %s", plural.Of(n, "element", "elements"))
		return 0
	case int(n) > len(r.buf):
		_ = r.fail(ingest.Oversized, "%d claimed, %s left", n, plural.Of(len(r.buf), "byte", "bytes"))
		return 0
	}
	return int(n)
}

// bytes reads a string without a copy.
func (r *binaryReader) bytes() []byte { return r.sized(r.i32(), shortString) }

// sized reads a string whose length has been read; below short thrift's reader
// reads it the short way.
func (r *binaryReader) sized(n, short int32) []byte {
	switch {
	case r.fault != nil:
		return nil
	case n < 0:
		r.failAs("Invalid data length", ingest.Malformed, "a string of %d bytes", n)
		return nil
	case int(n) > len(r.buf):
		words := insideEnd
		if len(r.buf) == 0 || n >= short {
			words = atEnd
		}
		r.failAs(words, ingest.Oversized, "%d claimed, %s left", n, plural.Of(len(r.buf), "byte", "bytes"))
		return nil
	}
	return r.take(int(n))
}

// ReadMessageBegin implements thrift.TProtocol. Any type of message will do, as
// it does for Jaeger.
func (r *binaryReader) ReadMessageBegin(context.Context) (string, thrift.TMessageType, int32, error) {
	first := r.i32()
	if first >= 0 { // the old form
		name := string(r.sized(first, noShort))
		kind := r.byte()
		return name, thrift.TMessageType(kind), r.i32(), r.err()
	}
	if version := uint32(first) & binaryVersionMask; version != binaryVersion {
		return "", 0, 0, r.fail(ingest.Malformed, "version %#x of the binary protocol", version)
	}
	name := string(r.bytes())
	return name, thrift.TMessageType(first & 0xff), r.i32(), r.err()
}

// ReadStructBegin implements thrift.TProtocol.
func (r *binaryReader) ReadStructBegin(context.Context) (string, error) {
	if r.depth == maxDepth {
		return "", r.fail(ingest.Malformed, "structs nest deeper than %d", maxDepth)
	}
	r.depth++
	return "", r.err()
}

// ReadStructEnd implements thrift.TProtocol.
func (r *binaryReader) ReadStructEnd(context.Context) error {
	r.depth--
	return r.err()
}

// ReadFieldBegin implements thrift.TProtocol.
func (r *binaryReader) ReadFieldBegin(context.Context) (string, thrift.TType, int16, error) {
	t := thrift.TType(r.byte())
	if r.fault != nil || t == thrift.STOP {
		return "", thrift.STOP, 0, r.err()
	}
	id := r.i16()
	return "", t, id, r.err()
}

// ReadListBegin implements thrift.TProtocol.
func (r *binaryReader) ReadListBegin(context.Context) (thrift.TType, int, error) {
	t, n := r.listHeader()
	return r.structs(t, n, binaryLeast)
}

// ReadBool implements thrift.TProtocol.
func (r *binaryReader) ReadBool(context.Context) (bool, error) {
	v := r.byte() == 1
	return v, r.err()
}

// ReadI16 implements thrift.TProtocol.
func (r *binaryReader) ReadI16(context.Context) (int16, error) {
	v := r.i16()
	return v, r.err()
}

func (r *binaryReader) i16() int16 {
	b := r.take(2)
	if b == nil {
		return 0
	}
	return int16(binary.BigEndian.Uint16(b))
}

// ReadI32 implements thrift.TProtocol.
func (r *binaryReader) ReadI32(context.Context) (int32, error) {
	v := r.i32()
	return v, r.err()
}

// ReadI64 implements thrift.TProtocol.
func (r *binaryReader) ReadI64(context.Context) (int64, error) {
	b := r.take(8)
	if b == nil {
		return 0, r.err()
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

// ReadDouble implements thrift.TProtocol.
func (r *binaryReader) ReadDouble(ctx context.Context) (float64, error) {
	bits, err := r.ReadI64(ctx)
	return math.Float64frombits(uint64(bits)), err
}

// ReadString implements thrift.TProtocol.
func (r *binaryReader) ReadString(context.Context) (string, error) {
	v := string(r.bytes())
	return v, r.err()
}

// ReadBinary implements thrift.TProtocol. The bytes are the input's own: who keeps
// them copies them.
func (r *binaryReader) ReadBinary(context.Context) ([]byte, error) {
	v := r.sized(r.i32(), noShort)
	return v, r.err()
}

// Skip implements thrift.TProtocol.
func (r *binaryReader) Skip(ctx context.Context, t thrift.TType) error {
	skip(ctx, r, t, maxDepth)
	return r.err()
}

func (r *binaryReader) skipScalar(t thrift.TType) bool {
	switch t {
	case thrift.BOOL, thrift.BYTE:
		r.byte()
	case thrift.I16:
		r.take(2)
	case thrift.I32:
		r.take(4)
	case thrift.I64, thrift.DOUBLE:
		r.take(8)
	case thrift.STRING:
		r.bytes()
	default:
		return false
	}
	return true
}

func (r *binaryReader) listHeader() (t thrift.TType, n int) {
	t = thrift.TType(r.byte())
	return t, r.count()
}

func (r *binaryReader) mapHeader() (key, value thrift.TType, n int) {
	key, value = thrift.TType(r.byte()), thrift.TType(r.byte())
	return key, value, r.count()
}

func (r *binaryReader) fast() fastReader { return fastReader{buf: r.buf} }
