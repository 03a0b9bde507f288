package apiv2

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of KeyValue, Log and SpanRef, and the values of ValueType and
// SpanRefType (model.proto).
const (
	tagKey     = 1
	tagType    = 2
	tagString  = 3
	tagBool    = 4
	tagInt64   = 5
	tagFloat64 = 6
	tagBinary  = 7

	typeString  = 0
	typeBool    = 1
	typeInt64   = 2
	typeFloat64 = 3
	typeBinary  = 4

	logTime   = 1
	logFields = 2

	refTraceID = 1
	refSpanID  = 2
	refType    = 3

	refFollowsFrom = 1
)

// appendTag appends a KeyValue. It uses the value that the type names; a missing
// one is its zero, an unknown type becomes a text about it.
func (d *decoder) appendTag(tags []trace.Tag, b []byte) ([]trace.Tag, error) {
	tag := trace.Tag{}
	if err := d.left.Spend(1, unsafe.Sizeof(tag)); err != nil {
		return tags, err
	}
	kind := uint64(0)
	byType := [...]trace.Value{
		typeString:  trace.String(""),
		typeBool:    trace.Bool(false),
		typeInt64:   trace.Int64(0),
		typeFloat64: trace.Float64(0),
		typeBinary:  trace.Binary(nil),
	}
	m := pb.Read(b)
	for m.Next() {
		switch m.Number {
		case tagKey:
			tag.Key = m.String()
		case tagType:
			kind = m.Uint()
		case tagString:
			byType[typeString] = trace.String(m.String())
		case tagBool:
			byType[typeBool] = trace.Bool(m.Uint() != 0)
		case tagInt64:
			byType[typeInt64] = trace.Int64(int64(m.Uint()))
		case tagFloat64:
			byType[typeFloat64] = trace.Float64(m.Double())
		case tagBinary:
			byType[typeBinary] = trace.Binary(m.Bytes())
		}
	}
	if kind < uint64(len(byType)) {
		tag.Value = byType[kind]
	} else {
		tag.Value = trace.String(fmt.Sprintf("unknown type %d of tag %s", kind, tag.Key))
	}
	return append(tags, tag), m.Err()
}

func (d *decoder) appendLog(logs []trace.Log, b []byte) ([]trace.Log, error) {
	log := trace.Log{Time: time.Unix(0, 0).UTC()}
	if err := d.left.Spend(1, unsafe.Sizeof(log)); err != nil {
		return logs, err
	}
	m := pb.Read(b)
	for m.Next() {
		var err error
		switch m.Number {
		case logTime:
			log.Time, err = timestamp(m.Bytes())
		case logFields:
			log.Fields, err = d.appendTag(log.Fields, m.Bytes())
		}
		m.Fail(err)
	}
	return append(logs, log), m.Err()
}

func (d *decoder) appendReference(refs []trace.Reference, b []byte) ([]trace.Reference, error) {
	var ref trace.Reference
	if err := d.left.Spend(1, unsafe.Sizeof(ref)); err != nil {
		return refs, err
	}
	m := pb.Read(b)
	for m.Next() {
		var err error
		switch m.Number {
		case refTraceID:
			ref.TraceID, err = traceID(m.Bytes())
		case refSpanID:
			ref.SpanID, err = pb.SpanID(m.Bytes())
		case refType:
			if m.Uint() == refFollowsFrom {
				ref.Type = trace.FollowsFrom
			}
		}
		m.Fail(err)
	}
	return append(refs, ref), m.Err()
}
