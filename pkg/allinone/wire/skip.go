package wire

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift"
)

// ttype returns thrift's type for one of the compact protocol; others fail.
func (r *compactReader) ttype(kind byte) thrift.TType {
	types := [...]thrift.TType{
		compactStop:   thrift.STOP,
		compactTrue:   thrift.BOOL,
		compactFalse:  thrift.BOOL,
		compactByte:   thrift.BYTE,
		compactI16:    thrift.I16,
		compactI32:    thrift.I32,
		compactI64:    thrift.I64,
		compactDouble: thrift.DOUBLE,
		compactBinary: thrift.STRING,
		compactList:   thrift.LIST,
		compactSet:    thrift.SET,
		compactMap:    thrift.MAP,
		compactStruct: thrift.STRUCT,
	}
	if int(kind) >= len(types) {
		_ = r.fail(Malformed, "unknown type %d", kind)
		return thrift.STOP
	}
	return types[kind]
}

// Skip implements thrift.TProtocol. It replaces thrift's own, which goes on
// after errors: one list in an unknown field kept that busy for 2^31 rounds.
func (r *compactReader) Skip(ctx context.Context, t thrift.TType) error {
	r.skip(ctx, t, maxDepth)
	return r.err()
}

// skip passes over one value. Each step either takes a byte or fails, so its
// work is bounded by the datagram's length.
func (r *compactReader) skip(ctx context.Context, t thrift.TType, depth int) {
	if depth == 0 {
		_ = r.fail(Malformed, "values nest deeper than %d", maxDepth)
		return
	}
	switch t {
	case thrift.BOOL:
		_, _ = r.ReadBool(ctx)
	case thrift.BYTE:
		r.byte()
	case thrift.I16, thrift.I32, thrift.I64:
		r.varint()
	case thrift.DOUBLE:
		r.take(8)
	case thrift.STRING:
		r.take(r.size())
	case thrift.STRUCT:
		r.skipStruct(ctx, depth-1)
	case thrift.LIST, thrift.SET:
		elem, n := r.listHeader()
		r.skipElements(ctx, n, depth-1, elem)
	case thrift.MAP:
		n := r.size()
		if n == 0 {
			return // an empty map carries no types
		}
		types := r.byte()
		r.skipElements(ctx, n, depth-1, r.ttype(types>>4), r.ttype(types&0x0f))
	default:
		_ = r.fail(Malformed, "unknown type %d", t)
	}
}

func (r *compactReader) skipStruct(ctx context.Context, depth int) {
	outer := r.lastID
	r.lastID = 0
	for r.fault == nil {
		_, t, _, _ := r.ReadFieldBegin(ctx)
		if t == thrift.STOP {
			break
		}
		r.skip(ctx, t, depth)
	}
	r.lastID = outer
}

// skipElements passes over n elements, each made of one value of each type.
func (r *compactReader) skipElements(ctx context.Context, n, depth int, types ...thrift.TType) {
	for ; n > 0 && r.fault == nil; n-- {
		for _, t := range types {
			r.skip(ctx, t, depth)
		}
	}
}
