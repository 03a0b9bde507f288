package wire

import (
	"fmt"
	"math"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/trace"
)

// emptyService is what Jaeger's collector puts in the place of an empty name.
const emptyService = "empty-service-name"

// clientTag is the process tag with the tracer's own id.
const clientTag = "client-uuid"

func convertBatch(in *jaeger.Batch) Batch {
	process := &trace.Process{
		Service: in.Process.ServiceName,
		Tags:    convertTags(in.Process.Tags),
	}
	if process.Service == "" {
		process.Service = emptyService
	}
	batch := Batch{
		Process: process,
		Spans:   make([]trace.Span, len(in.Spans)),
		SeqNo:   in.GetSeqNo(),
	}
	for i, span := range in.Spans {
		batch.Spans[i] = convertSpan(span, process)
	}
	for _, tag := range process.Tags {
		if tag.Key == clientTag && tag.Value.Kind() == trace.KindString {
			batch.Client = tag.Value.String()
			break
		}
	}
	if stats := in.Stats; stats != nil {
		batch.Losses = &Losses{
			QueueFull: stats.FullQueueDroppedSpans,
			TooLarge:  stats.TooLargeDroppedSpans,
			Failed:    stats.FailedToEmitSpans,
		}
	}
	return batch
}

func convertSpan(in *jaeger.Span, process *trace.Process) trace.Span {
	out := trace.Span{
		TraceID:   trace.TraceID{High: uint64(in.TraceIdHigh), Low: uint64(in.TraceIdLow)},
		SpanID:    trace.SpanID(in.SpanId),
		Operation: in.OperationName,
		Flags:     uint32(in.Flags),
		Start:     instant(in.StartTime),
		Duration:  microseconds(in.Duration),
		Tags:      convertTags(in.Tags),
		Process:   process,
	}
	out.References = convertReferences(in, out.TraceID)
	if len(in.Logs) > 0 {
		out.Logs = make([]trace.Log, len(in.Logs))
		for i, log := range in.Logs {
			out.Logs[i] = trace.Log{Time: instant(log.Timestamp), Fields: convertTags(log.Fields)}
		}
	}
	return out
}

// convertReferences puts a parent that stands only in its own field before the
// references, as Jaeger does (MaybeAddParentSpanID in model/spanref.go).
func convertReferences(in *jaeger.Span, id trace.TraceID) []trace.Reference {
	parent := trace.Reference{Type: trace.ChildOf, TraceID: id, SpanID: trace.SpanID(in.ParentSpanId)}
	missing := parent.SpanID != 0
	for _, ref := range in.References {
		if missing && trace.SpanID(ref.SpanId) == parent.SpanID && referenced(ref) == id {
			missing = false
		}
	}
	n := len(in.References)
	if missing {
		n++
	}
	if n == 0 {
		return nil
	}
	out := make([]trace.Reference, 0, n)
	if missing {
		out = append(out, parent)
	}
	for _, ref := range in.References {
		kind := trace.ChildOf
		if ref.RefType == jaeger.SpanRefType_FOLLOWS_FROM {
			kind = trace.FollowsFrom
		}
		out = append(out, trace.Reference{Type: kind, TraceID: referenced(ref), SpanID: trace.SpanID(ref.SpanId)})
	}
	return out
}

func referenced(ref *jaeger.SpanRef) trace.TraceID {
	return trace.TraceID{High: uint64(ref.TraceIdHigh), Low: uint64(ref.TraceIdLow)}
}

func convertTags(in []*jaeger.Tag) []trace.Tag {
	if len(in) == 0 {
		return nil
	}
	out := make([]trace.Tag, len(in))
	for i, tag := range in {
		out[i] = trace.Tag{Key: tag.Key, Value: convertValue(tag)}
	}
	return out
}

// convertValue takes the value that the declared type names; a missing one is
// its zero, an unknown type becomes a string that says so, both as in Jaeger.
func convertValue(tag *jaeger.Tag) trace.Value {
	switch tag.VType {
	case jaeger.TagType_STRING:
		return trace.String(tag.GetVStr())
	case jaeger.TagType_DOUBLE:
		return trace.Float64(tag.GetVDouble())
	case jaeger.TagType_BOOL:
		return trace.Bool(tag.GetVBool())
	case jaeger.TagType_LONG:
		return trace.Int64(tag.GetVLong())
	case jaeger.TagType_BINARY:
		return trace.Binary(tag.GetVBinary())
	default:
		return trace.String(fmt.Sprintf("unknown type %d of tag %s", int64(tag.VType), tag.Key))
	}
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// microseconds stops at the longest duration that Go can hold, 292 years,
// instead of wrapping around.
func microseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Microsecond)
	return time.Duration(min(max(n, -most), most)) * time.Microsecond
}
