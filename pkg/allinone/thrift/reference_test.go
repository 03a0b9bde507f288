package thrift

import (
	"cmp"
	"fmt"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// convertBatch is what Jaeger makes of a batch, field by field: what is decoded is
// compared with it.
func convertBatch(in *jaeger.Batch) ingest.Batch {
	process := &trace.Process{
		Service: cmp.Or(in.Process.ServiceName, emptyService),
		Tags:    convertTags(in.Process.Tags),
	}
	batch := ingest.Batch{
		Process: process,
		Spans:   make([]trace.Span, len(in.Spans)),
		Client:  ingest.ClientID(process),
		SeqNo:   in.GetSeqNo(),
	}
	for i, span := range in.Spans {
		batch.Spans[i] = convertSpan(span, process)
	}
	if stats := in.Stats; stats != nil {
		batch.Losses = &ingest.Losses{
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
		Start:     Instant(in.StartTime),
		Duration:  Microseconds(in.Duration),
		Tags:      convertTags(in.Tags),
		Process:   process,
	}
	parent := trace.SpanID(in.ParentSpanId)
	out.References = withParent(convertReferences(in.References), out.TraceID, parent)
	if len(in.Logs) > 0 {
		out.Logs = make([]trace.Log, len(in.Logs))
		for i, log := range in.Logs {
			out.Logs[i] = trace.Log{Time: Instant(log.Timestamp), Fields: convertTags(log.Fields)}
		}
	}
	return out
}

func convertReferences(in []*jaeger.SpanRef) []trace.Reference {
	if len(in) == 0 {
		return nil
	}
	out := make([]trace.Reference, len(in))
	for i, ref := range in {
		out[i] = trace.Reference{
			Type:    referenceType(ref.RefType),
			TraceID: trace.TraceID{High: uint64(ref.TraceIdHigh), Low: uint64(ref.TraceIdLow)},
			SpanID:  trace.SpanID(ref.SpanId),
		}
	}
	return out
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

// convertValue returns the value that the declared type names; a missing one is its
// zero, an unknown type becomes a string about it, both as in Jaeger.
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

func referenceType(in jaeger.SpanRefType) trace.RefType {
	if in == jaeger.SpanRefType_FOLLOWS_FROM {
		return trace.FollowsFrom
	}
	return trace.ChildOf
}
