package thrift

import (
	"fmt"
	"reflect"

	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// maxTagValue is the length in bytes that a tag's text or binary value is cut
// to: jaeger-client-go's default, which our tracers keep.
const maxTagValue = jaeger.DefaultMaxTagValueLength

// appendTag appends a span's tag as jaeger-client-go types it: what jaeger.thrift
// has no type for becomes text.
func (p protocol) appendTag(b []byte, key string, value any) []byte {
	switch v := value.(type) {
	case string:
		return p.appendStringTag(b, key, truncate(v))
	case []byte:
		return p.appendBinaryTag(b, key, v[:min(len(v), maxTagValue)])
	case bool:
		return p.appendBoolTag(b, key, v)
	case int, int8, int16, int32, int64:
		return p.appendLongTag(b, key, reflect.ValueOf(v).Int())
	case uint, uint8, uint16, uint32, uint64:
		return p.appendLongTag(b, key, int64(reflect.ValueOf(v).Uint()))
	case float32:
		return p.appendDoubleTag(b, key, float64(v))
	case float64:
		return p.appendDoubleTag(b, key, v)
	case ext.SpanKindEnum: // almost every span has one, and text is slow to make
		return p.appendStringTag(b, key, truncate(string(v)))
	default:
		return p.appendStringTag(b, key, truncate(formatValue(v)))
	}
}

// truncate may split a character, as jaeger-client-go does.
func truncate(s string) string { return s[:min(len(s), maxTagValue)] }

// formatValue is how jaeger-client-go writes a value that has no type of its own.
func formatValue(value any) string { return fmt.Sprintf("%+v", value) }

// Each of these appends a Tag struct.

func (p protocol) appendStringTag(b []byte, key, v string) []byte {
	b = p.appendTagHead(b, key, j.TagType_STRING)
	return appendStop(p.appendString(b, tagString, v))
}

func (p protocol) appendDoubleTag(b []byte, key string, v float64) []byte {
	b = p.appendTagHead(b, key, j.TagType_DOUBLE)
	return appendStop(p.appendDouble(b, tagDouble, v))
}

func (p protocol) appendBoolTag(b []byte, key string, v bool) []byte {
	b = p.appendTagHead(b, key, j.TagType_BOOL)
	return appendStop(p.appendBool(b, tagBool, v))
}

func (p protocol) appendLongTag(b []byte, key string, v int64) []byte {
	b = p.appendTagHead(b, key, j.TagType_LONG)
	return appendStop(p.appendI64(b, tagLong, v))
}

// appendBinaryTag leaves nil out, as the generated code does.
func (p protocol) appendBinaryTag(b []byte, key string, v []byte) []byte {
	b = p.appendTagHead(b, key, j.TagType_BINARY)
	if v != nil {
		b = p.appendBytes(b, tagBinary, v)
	}
	return appendStop(b)
}

func (p protocol) appendTagHead(b []byte, key string, t j.TagType) []byte {
	return p.appendI32(p.appendString(b, tagKey, key), tagType, int32(t))
}

// appendBuiltTag appends a tag that jaeger-client-go has built.
func (p protocol) appendBuiltTag(b []byte, tag *j.Tag) []byte {
	switch tag.VType {
	case j.TagType_DOUBLE:
		return p.appendDoubleTag(b, tag.Key, tag.GetVDouble())
	case j.TagType_BOOL:
		return p.appendBoolTag(b, tag.Key, tag.GetVBool())
	case j.TagType_LONG:
		return p.appendLongTag(b, tag.Key, tag.GetVLong())
	case j.TagType_BINARY:
		return p.appendBinaryTag(b, tag.Key, tag.VBinary)
	default:
		return p.appendStringTag(b, tag.Key, tag.GetVStr())
	}
}

// logRecord makes tags of the fields of one log record. The tags have room of
// their own, because their number stands before them and is known only
// afterwards: a lazy field makes any number, a no-op field none.
type logRecord struct {
	protocol
	tags []byte
	n    int
}

var _ log.Encoder = (*logRecord)(nil)

func (r *logRecord) marshal(fields []log.Field) {
	r.tags, r.n = r.tags[:0], 0
	for i := range fields {
		fields[i].Marshal(r)
	}
}

// EmitString implements log.Encoder, as the methods below do. No value is cut.
func (r *logRecord) EmitString(key, value string) {
	r.tags = r.appendStringTag(r.tags, key, value)
	r.n++
}

func (r *logRecord) EmitBool(key string, value bool) {
	r.tags = r.appendBoolTag(r.tags, key, value)
	r.n++
}

func (r *logRecord) EmitInt64(key string, value int64) {
	r.tags = r.appendLongTag(r.tags, key, value)
	r.n++
}

func (r *logRecord) EmitFloat64(key string, value float64) {
	r.tags = r.appendDoubleTag(r.tags, key, value)
	r.n++
}

func (r *logRecord) EmitInt(key string, value int)         { r.EmitInt64(key, int64(value)) }
func (r *logRecord) EmitInt32(key string, value int32)     { r.EmitInt64(key, int64(value)) }
func (r *logRecord) EmitUint32(key string, value uint32)   { r.EmitInt64(key, int64(value)) }
func (r *logRecord) EmitUint64(key string, value uint64)   { r.EmitInt64(key, int64(value)) }
func (r *logRecord) EmitFloat32(key string, value float32) { r.EmitFloat64(key, float64(value)) }
func (r *logRecord) EmitObject(key string, value any)      { r.EmitString(key, formatValue(value)) }

// EmitLazyLogger lets jaeger-client-go collect the fields: an application that
// uses the encoder it is given later, or elsewhere, must not write into ours.
func (r *logRecord) EmitLazyLogger(value log.LazyLogger) {
	for _, tag := range jaeger.ConvertLogsToJaegerTags([]log.Field{log.Lazy(value)}) {
		r.tags = r.appendBuiltTag(r.tags, tag)
		r.n++
	}
}
