package apiv2

import (
	"cmp"
	"fmt"
	"math"
	"time"
	"unsafe"

	model "github.com/jaegertracing/jaeger-idl/model/v1"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/pb"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of PostSpansRequest, Batch, Process and Span (model.proto and
// collector.proto in jaeger-idl).
const (
	requestBatch = 1

	batchSpans   = 1
	batchProcess = 2

	processService = 1
	processTags    = 2

	spanTraceID    = 1
	spanSpanID     = 2
	spanOperation  = 3
	spanReferences = 4
	spanFlags      = 5
	spanStart      = 6
	spanDuration   = 7
	spanTags       = 8
	spanLogs       = 9
	spanProcess    = 10
	spanWarnings   = 12
)

// The fields of KeyValue, Log and SpanRef (model.proto).
const (
	tagKey     = 1
	tagType    = 2
	tagString  = 3
	tagBool    = 4
	tagInt64   = 5
	tagFloat64 = 6
	tagBinary  = 7

	logTime   = 1
	logFields = 2

	refTraceID = 1
	refSpanID  = 2
	refType    = 3
)

const (
	// emptyService and noProcess are what Jaeger 1.62 shows for a service without
	// a name, and for spans of nobody.
	emptyService = "empty-service-name"
	noProcess    = "null-process-and-service-name"
)

// DecodePostSpans reads a PostSpansRequest: a batch, and one more for each span
// that names a process of its own. It keeps nothing of body and allocates at most
// some thirty times its size, whatever sizes it declares.
func DecodePostSpans(body []byte) ([]ingest.Batch, error) {
	var batches []ingest.Batch
	m := pb.Read(body)
	for m.Next() {
		if m.Number == requestBatch {
			batches = appendBatches(batches, m.Part())
		}
	}
	if err := m.Err(); err != nil {
		return nil, fmt.Errorf("read PostSpansRequest: %w", err)
	}
	return batches, nil
}

// appendBatches reads a Batch. It looks for the process first, since fields come in any
// order.
func appendBatches(batches []ingest.Batch, m pb.Message) []ingest.Batch {
	process := &trace.Process{Service: noProcess}
	self := m
	for self.Next() {
		if self.Number == batchProcess {
			process = readProcess(self.Part())
		}
	}
	shared := newBatch(process)
	for m.Next() {
		if m.Number != batchSpans {
			continue
		}
		span := readSpan(m.Part())
		if span.Process != nil {
			own := newBatch(span.Process)
			own.Spans = []trace.Span{span}
			batches = append(batches, own)
			continue
		}
		span.Process = process
		shared.Spans = append(shared.Spans, span)
	}
	if len(shared.Spans) > 0 {
		batches = append(batches, shared)
	}
	return batches
}

func newBatch(process *trace.Process) ingest.Batch {
	return ingest.Batch{Process: process, Client: ingest.ClientID(process)}
}

func readProcess(m pb.Message) *trace.Process {
	m.Spend(1, unsafe.Sizeof(ingest.Batch{})) // a span's own process is a batch of its own
	process := &trace.Process{Service: emptyService}
	for m.Next() {
		switch m.Number {
		case processService:
			process.Service = cmp.Or(m.String(), process.Service)
		case processTags:
			process.Tags = append(process.Tags, readTag(m.Part()))
		}
	}
	return process
}

// readSpan leaves the process nil when the span names none.
func readSpan(m pb.Message) trace.Span {
	out := trace.Span{Start: time.Unix(0, 0).UTC()}
	m.Spend(1, unsafe.Sizeof(out))
	for m.Next() {
		switch m.Number {
		case spanTraceID:
			out.TraceID = traceID(&m)
		case spanSpanID:
			out.SpanID = m.SpanID()
		case spanOperation:
			out.Operation = m.String()
		case spanReferences:
			out.References = append(out.References, readReference(m.Part()))
		case spanFlags:
			out.Flags = uint32(m.Uint())
		case spanStart:
			out.Start = timestamp(m.Part())
		case spanDuration:
			out.Duration = duration(m.Part())
		case spanTags:
			out.Tags = append(out.Tags, readTag(m.Part()))
		case spanLogs:
			out.Logs = append(out.Logs, readLog(m.Part()))
		case spanProcess:
			out.Process = readProcess(m.Part())
		case spanWarnings:
			m.Spend(1, unsafe.Sizeof(""))
			out.Warnings = append(out.Warnings, m.String())
		}
	}
	return out
}

// traceID reads an id of 16 bytes, or one of 8 as Jaeger does.
func traceID(m *pb.Message) trace.TraceID {
	if len(m.Bytes()) == 8 {
		return trace.TraceID{Low: uint64(m.SpanID())}
	}
	return m.TraceID()
}

func timestamp(m pb.Message) time.Time {
	return time.Unix(secondsNanos(m)).UTC()
}

// duration reads a google.protobuf.Duration; it stops at the longest that Go can
// hold, 292 years.
func duration(m pb.Message) time.Duration {
	seconds, nanos := secondsNanos(m)
	const most = math.MaxInt64/int64(time.Second) - 10
	return time.Duration(min(max(seconds, -most), most))*time.Second + time.Duration(nanos)
}

// secondsNanos reads both; the nanoseconds have 32 bits.
func secondsNanos(m pb.Message) (seconds, nanos int64) {
	for m.Next() {
		switch m.Number {
		case 1:
			seconds = int64(m.Uint())
		case 2:
			nanos = int64(int32(m.Uint()))
		}
	}
	return seconds, nanos
}

// readTag reads a KeyValue. It uses the value that the type names; a missing
// one is its zero, an unknown type becomes a text about it.
func readTag(m pb.Message) trace.Tag {
	var tag trace.Tag
	m.Spend(1, unsafe.Sizeof(tag))
	kind := uint64(0)
	byType := [...]trace.Value{
		model.ValueType_STRING:  trace.String(""),
		model.ValueType_BOOL:    trace.Bool(false),
		model.ValueType_INT64:   trace.Int64(0),
		model.ValueType_FLOAT64: trace.Float64(0),
		model.ValueType_BINARY:  trace.Binary(nil),
	}
	for m.Next() {
		switch m.Number {
		case tagKey:
			tag.Key = m.String()
		case tagType:
			kind = m.Uint()
		case tagString:
			byType[model.ValueType_STRING] = trace.String(m.String())
		case tagBool:
			byType[model.ValueType_BOOL] = trace.Bool(m.Uint() != 0)
		case tagInt64:
			byType[model.ValueType_INT64] = trace.Int64(int64(m.Uint()))
		case tagFloat64:
			byType[model.ValueType_FLOAT64] = trace.Float64(m.Double())
		case tagBinary:
			byType[model.ValueType_BINARY] = trace.Binary(m.Bytes())
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
			if model.SpanRefType(m.Uint()) == model.FollowsFrom {
				ref.Type = trace.FollowsFrom
			}
		}
	}
	return ref
}
