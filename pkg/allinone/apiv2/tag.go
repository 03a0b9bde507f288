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

// readTag reads a KeyValue. It uses the value that the type names; a missing
// one is its zero, an unknown type becomes a text about it.
func readTag(m pb.Message) trace.Tag {
	var tag trace.Tag
	m.Spend(1, unsafe.Sizeof(tag))
	kind := uint64(0)
	byType := [...]trace.Value{
		typeString:  trace.String(""),
		typeBool:    trace.Bool(false),
		typeInt64:   trace.Int64(0),
		typeFloat64: trace.Float64(0),
		typeBinary:  trace.Binary(nil),
	}
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
	return tag
}

func readLog(m pb.Message) trace.Log {
	log := trace.Log{Time: time.Unix(0, 0).UTC()}
	m.Spend(1, unsafe.Sizeof(log))
	for m.Next() {
		switch m.Number {
		case logTime:
			log.Time = timestamp(m.Part())
		case logFields:
			log.Fields = append(log.Fields, readTag(m.Part()))
		}
	}
	return log
}

func readReference(m pb.Message) trace.Reference {
	var ref trace.Reference
	m.Spend(1, unsafe.Sizeof(ref))
	for m.Next() {
		switch m.Number {
		case refTraceID:
			ref.TraceID = traceID(&m)
		case refSpanID:
			ref.SpanID = m.SpanID()
		case refType:
			if m.Uint() == refFollowsFrom {
				ref.Type = trace.FollowsFrom
			}
		}
	}
	return ref
}
