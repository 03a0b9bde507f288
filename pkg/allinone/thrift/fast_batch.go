package thrift

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The fields of jaeger.thrift's structs, by their ids.
const (
	callBatch = 1 // of the arguments of emitBatch in agent.thrift

	batchProcess = 1
	batchSpans   = 2
	batchSeqNo   = 3
	batchStats   = 4

	statsFullQueue    = 1
	statsTooLarge     = 2
	statsFailedToEmit = 3

	processService = 1
	processTags    = 2

	spanTraceIDLow  = 1
	spanTraceIDHigh = 2
	spanID          = 3
	spanParentID    = 4
	spanOperation   = 5
	spanReferences  = 6
	spanFlags       = 7
	spanStart       = 8
	spanDuration    = 9
	spanTags        = 10
	spanLogs        = 11

	refType        = 1
	refTraceIDLow  = 2
	refTraceIDHigh = 3
	refSpanID      = 4

	logTime = 1
	logTags = 2

	tagKey    = 1
	tagType   = 2
	tagString = 3
	tagDouble = 4
	tagBool   = 5
	tagLong   = 6
	tagBinary = 7
)

// fields are the ids of fields that a struct has, as bits.
type fields uint16

// The fields without which a struct is not read.
const (
	batchNeeds   fields = 1<<batchProcess | 1<<batchSpans
	statsNeed    fields = 1<<statsFullQueue | 1<<statsTooLarge | 1<<statsFailedToEmit
	processNeeds fields = 1 << processService
	spanNeeds    fields = 1<<spanTraceIDLow | 1<<spanTraceIDHigh | 1<<spanID | 1<<spanParentID |
		1<<spanOperation | 1<<spanFlags | 1<<spanStart | 1<<spanDuration
	refNeeds fields = 1<<refType | 1<<refTraceIDLow | 1<<refTraceIDHigh | 1<<refSpanID
	logNeeds fields = 1<<logTime | 1<<logTags
	tagNeeds fields = 1<<tagKey | 1<<tagType
)

// least is what a struct with these fields takes in a list: two bytes for each, and one
// for the end.
func (f fields) least() int { return 2*bits.OnesCount16(uint16(f)) + 1 }

// emptyService is what Jaeger's collector puts in the place of an empty name.
const emptyService = "empty-service-name"

// batchReader makes a batch of a plain message.
type batchReader struct {
	fastReader

	// operation is the name of the span before: most spans share it with theirs.
	operation string
}

// readMessage reads a call of emitBatch. It reports false for what is not plain.
func (p fastReader) readMessage() (ingest.Batch, bool) {
	if string(p.method()) != methodBatch {
		return ingest.Batch{}, false
	}
	return p.readCall()
}

// readCall reads the arguments of emitBatch. It reports false for what is not
// plain.
func (p fastReader) readCall() (ingest.Batch, bool) {
	r := batchReader{fastReader: p}
	var batch ingest.Batch
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case callBatch:
			r.expect(thrift.STRUCT, t)
			r.batch(&batch)
		default:
			r.fallBack()
		}
	}
	return batch, has != 0 && !r.fellBack
}

// readBatch reads a batch. It reports false for what is not plain.
func (p fastReader) readBatch() (ingest.Batch, bool) {
	r := batchReader{fastReader: p}
	var batch ingest.Batch
	r.batch(&batch)
	return batch, !r.fellBack
}

// need refuses a struct without the fields that it needs.
func (r *batchReader) need(want, has fields) {
	if has&want != want {
		r.fallBack()
	}
}

func (r *batchReader) batch(out *ingest.Batch) {
	out.Process = new(trace.Process)
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case batchProcess:
			r.expect(thrift.STRUCT, t)
			r.process(out.Process)
		case batchSpans:
			out.Spans = make([]trace.Span, r.list(t, spanNeeds.least()))
			for i := range out.Spans {
				out.Spans[i].Process = out.Process
				r.span(&out.Spans[i])
			}
		case batchSeqNo:
			out.SeqNo = r.i64(t)
		case batchStats:
			r.expect(thrift.STRUCT, t)
			out.Losses = new(ingest.Losses)
			r.losses(out.Losses)
		default:
			r.fallBack()
		}
	}
	r.need(batchNeeds, has)
	out.Client = ingest.ClientID(out.Process)
}

func (r *batchReader) losses(out *ingest.Losses) {
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case statsFullQueue:
			out.QueueFull = r.i64(t)
		case statsTooLarge:
			out.TooLarge = r.i64(t)
		case statsFailedToEmit:
			out.Failed = r.i64(t)
		default:
			r.fallBack()
		}
	}
	r.need(statsNeed, has)
}

func (r *batchReader) process(out *trace.Process) {
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case processService:
			out.Service = cmp.Or(string(r.text(t)), emptyService)
		case processTags:
			out.Tags = list(r, t, tagNeeds, (*batchReader).tag)
		default:
			r.fallBack()
		}
	}
	r.need(processNeeds, has)
}

func (r *batchReader) span(out *trace.Span) {
	var parent trace.SpanID
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case spanTraceIDLow:
			out.TraceID.Low = uint64(r.i64(t))
		case spanTraceIDHigh:
			out.TraceID.High = uint64(r.i64(t))
		case spanID:
			out.SpanID = trace.SpanID(r.i64(t))
		case spanParentID:
			parent = trace.SpanID(r.i64(t))
		case spanOperation:
			out.Operation = r.name(t)
		case spanReferences:
			out.References = list(r, t, refNeeds, (*batchReader).reference)
		case spanFlags:
			out.Flags = uint32(r.i32(t))
		case spanStart:
			out.Start = Instant(r.i64(t))
		case spanDuration:
			out.Duration = Microseconds(r.i64(t))
		case spanTags:
			out.Tags = list(r, t, tagNeeds, (*batchReader).tag)
		case spanLogs:
			out.Logs = list(r, t, logNeeds, (*batchReader).log)
		default:
			r.fallBack()
		}
	}
	r.need(spanNeeds, has)
	out.References = withParent(out.References, out.TraceID, parent)
}

// withParent puts a parent that stands only in its own field before the references
// of a span, as Jaeger does (MaybeAddParentSpanID in model/spanref.go).
func withParent(refs []trace.Reference, id trace.TraceID, parent trace.SpanID) []trace.Reference {
	if parent == 0 {
		return refs
	}
	same := func(ref trace.Reference) bool { return ref.SpanID == parent && ref.TraceID == id }
	if slices.ContainsFunc(refs, same) {
		return refs
	}
	return slices.Concat([]trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: parent}}, refs)
}

// list reads a list of structs that need some fields.
func list[T any](r *batchReader, t thrift.TType, needs fields, read func(*batchReader, *T)) []T {
	n := r.list(t, needs.least())
	if n == 0 {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		read(r, &out[i])
	}
	return out
}

func (r *batchReader) name(t thrift.TType) string {
	if text := r.text(t); string(text) != r.operation {
		r.operation = string(text)
	}
	return r.operation
}

func (r *batchReader) reference(out *trace.Reference) {
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case refType:
			if jaeger.SpanRefType(r.i32(t)) == jaeger.SpanRefType_FOLLOWS_FROM {
				out.Type = trace.FollowsFrom
			}
		case refTraceIDLow:
			out.TraceID.Low = uint64(r.i64(t))
		case refTraceIDHigh:
			out.TraceID.High = uint64(r.i64(t))
		case refSpanID:
			out.SpanID = trace.SpanID(r.i64(t))
		default:
			r.fallBack()
		}
	}
	r.need(refNeeds, has)
}

func (r *batchReader) log(out *trace.Log) {
	var has fields
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case logTime:
			out.Time = Instant(r.i64(t))
		case logTags:
			out.Fields = list(r, t, tagNeeds, (*batchReader).tag)
		default:
			r.fallBack()
		}
	}
	r.need(logNeeds, has)
}

// tag reads a tag: the value of its type, which stands before it. A missing one is the
// type's zero, an unknown type becomes a text about it, both as in Jaeger.
func (r *batchReader) tag(out *trace.Tag) {
	var kind jaeger.TagType
	var has fields
	valued := false
	for id, t := r.field(0); id != 0; id, t = r.field(id) {
		has |= 1 << id
		switch id {
		case tagKey:
			out.Key = string(r.text(t))
		case tagType:
			kind = jaeger.TagType(r.i32(t))
		default:
			value := r.value(id, t)
			if id == tagString+int(kind) { // the fields stand in the order of the types
				out.Value, valued = value, true
			}
		}
	}
	r.need(tagNeeds, has)
	if !valued {
		out.Value = zeroValue(kind, out.Key)
	}
}

func (r *batchReader) value(id int, t thrift.TType) trace.Value {
	switch id {
	case tagString:
		return trace.String(string(r.text(t)))
	case tagDouble:
		return trace.Float64(r.double(t))
	case tagBool:
		return trace.Bool(r.bool(t))
	case tagLong:
		return trace.Int64(r.i64(t))
	case tagBinary:
		return trace.Binary(r.text(t))
	default:
		r.fallBack()
		return trace.Value{}
	}
}

func zeroValue(kind jaeger.TagType, key string) trace.Value {
	zeros := [...]trace.Value{
		jaeger.TagType_STRING: trace.String(""),
		jaeger.TagType_DOUBLE: trace.Float64(0),
		jaeger.TagType_BOOL:   trace.Bool(false),
		jaeger.TagType_LONG:   trace.Int64(0),
		jaeger.TagType_BINARY: trace.Binary(nil),
	}
	if kind < 0 || int(kind) >= len(zeros) {
		return trace.String(fmt.Sprintf("unknown type %d of tag %s", int64(kind), key))
	}
	return zeros[kind]
}

// Instant returns the time so many microseconds after 1970.
func Instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// Microseconds returns n microseconds. It stops at the longest duration that Go can hold, 292 years,
// instead of wrapping around.
func Microseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Microsecond)
	return time.Duration(min(max(n, -most), most)) * time.Microsecond
}
