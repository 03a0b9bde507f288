package thrift

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// emptyService is what Jaeger's collector puts in the place of an empty name.
const emptyService = "empty-service-name"

func convertBatch(in *jaeger.Batch) ingest.Batch {
	process := &trace.Process{
		Service: serviceName(in.Process.ServiceName),
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

// serviceName returns name, or the replacement for an empty one.
func serviceName(name string) string {
	if name == "" {
		return emptyService
	}
	return name
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

func referenceType(in jaeger.SpanRefType) trace.RefType {
	if in == jaeger.SpanRefType_FOLLOWS_FROM {
		return trace.FollowsFrom
	}
	return trace.ChildOf
}

// withParent puts a parent that stands only in its own field before the references
// of a span, as Jaeger does (MaybeAddParentSpanID in model/spanref.go).
func withParent(refs []trace.Reference, id trace.TraceID, parent trace.SpanID) []trace.Reference {
	if parent == 0 {
		return refs
	}
	for i := range refs {
		if refs[i].SpanID == parent && refs[i].TraceID == id {
			return refs
		}
	}
	return slices.Concat([]trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: parent}}, refs)
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

// Instant returns the time so many microseconds after 1970.
func Instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// Microseconds returns n microseconds. It stops at the longest duration that Go can hold, 292 years,
// instead of wrapping around.
func Microseconds(n int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Microsecond)
	return time.Duration(min(max(n, -most), most)) * time.Microsecond
}
