package tracer

import (
	"context"
	"encoding/binary"

	"github.com/uber/jaeger-client-go/thrift"
)

// compactWriter is thrift's compact protocol, for writing, with field headers of
// its own: the library's look each type up in a map, which is a third of the
// time that encoding a span takes.
type compactWriter struct {
	*thrift.TCompactProtocol
	out *appender
	// last is the id of the field before, outer those of the structs around.
	last  int16
	outer []int16
	// boolean is the id of a field whose header waits for its value, or 0.
	boolean int16
}

func newCompactWriter(out *appender) *compactWriter {
	return &compactWriter{TCompactProtocol: thrift.NewTCompactProtocolConf(out, nil), out: out}
}

// WriteStructBegin implements thrift.TProtocol.
func (w *compactWriter) WriteStructBegin(context.Context, string) error {
	w.outer = append(w.outer, w.last)
	w.last = 0
	return nil
}

// WriteStructEnd implements thrift.TProtocol.
func (w *compactWriter) WriteStructEnd(context.Context) error {
	top := len(w.outer) - 1
	w.last, w.outer = w.outer[top], w.outer[:top]
	return nil
}

// WriteFieldBegin implements thrift.TProtocol. The value of a bool is part of
// its field's header, so that waits for WriteBool.
func (w *compactWriter) WriteFieldBegin(_ context.Context, _ string, kind thrift.TType, id int16) error {
	switch kind {
	case thrift.BOOL:
		w.boolean = id
	case thrift.I32:
		w.header(thrift.COMPACT_I32, id)
	case thrift.I64:
		w.header(thrift.COMPACT_I64, id)
	case thrift.DOUBLE:
		w.header(thrift.COMPACT_DOUBLE, id)
	case thrift.STRING:
		w.header(thrift.COMPACT_BINARY, id)
	case thrift.LIST:
		w.header(thrift.COMPACT_LIST, id)
	case thrift.STRUCT:
		w.header(thrift.COMPACT_STRUCT, id)
	default:
		return errFieldType // jaeger.thrift has no others
	}
	return nil
}

// WriteBool implements thrift.TProtocol.
func (w *compactWriter) WriteBool(ctx context.Context, v bool) error {
	if w.boolean == 0 {
		return w.TCompactProtocol.WriteBool(ctx, v)
	}
	kind := byte(thrift.COMPACT_BOOLEAN_FALSE)
	if v {
		kind = thrift.COMPACT_BOOLEAN_TRUE
	}
	w.header(kind, w.boolean)
	w.boolean = 0
	return nil
}

// header writes the distance to the field before, or the id if that is too far.
func (w *compactWriter) header(kind byte, id int16) {
	if d := id - w.last; d > 0 && d <= 15 {
		w.out.b = append(w.out.b, byte(d)<<4|kind)
	} else {
		w.out.b = binary.AppendVarint(append(w.out.b, kind), int64(id))
	}
	w.last = id
}
