// Package thrift encodes spans in the two thrift protocols of Jaeger, straight from
// jaeger-client-go's spans. Start at Encoder.
package thrift

import (
	"fmt"
	"slices"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/utils"
)

// Encoder appends spans in one of thrift's protocols, straight from the
// span's accessors. What it writes decodes to what jaeger-client-go's
// BuildJaegerThrift builds, but for two things that come from Span.Tags, which
// returns a map: the order of tags is random, and of tags with the same key only
// the last one is left, as OpenTracing has it ("if there is a pre-existing tag
// set for key, it is overwritten").
//
// It is used from one goroutine.
type Encoder struct {
	protocol
	record logRecord
}

// NewCompact returns an encoder for datagrams to the agent.
func NewCompact() *Encoder { return &Encoder{thriftCompact, logRecord{protocol: thriftCompact}} }

// NewBinary returns an encoder for requests to the collector.
func NewBinary() *Encoder { return &Encoder{thriftBinary, logRecord{protocol: thriftBinary}} }

// AppendSpan appends the Span struct of span to dst. That runs code of the
// application, such as a lazy log field; when it panics, AppendSpan returns dst
// unchanged and an error.
func (e *Encoder) AppendSpan(dst []byte, span *jaeger.Span) (encoded []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			encoded, err = dst, fmt.Errorf("encoding a span panicked: %v", r)
		}
	}()
	sc := span.SpanContext()
	b := e.appendI64(dst, spanTraceIDLow, int64(sc.TraceID().Low))
	b = e.appendI64(b, spanTraceIDHigh, int64(sc.TraceID().High))
	b = e.appendI64(b, spanID, int64(sc.SpanID()))
	b = e.appendI64(b, spanParentID, int64(sc.ParentID()))
	b = e.appendString(b, spanOperation, span.OperationName())
	b = e.appendReferences(b, span.References())
	b = e.appendI32(b, spanFlags, int32(sc.Flags()))
	b = e.appendI64(b, spanStart, utils.TimeToMicrosecondsSinceEpochInt64(span.StartTime()))
	b = e.appendI64(b, spanDuration, span.Duration().Microseconds())
	b = e.appendTags(b, span.Tags())
	b = e.appendLogs(b, span.Logs())
	return appendStop(b), nil
}

// AppendProcess appends the Process struct of the tracer that made span. It is
// always the same for a tracer, so callers keep it.
func (e *Encoder) AppendProcess(dst []byte, span *jaeger.Span) []byte {
	process := jaeger.BuildJaegerProcessThrift(span)
	b := e.appendString(dst, processService, process.ServiceName)
	b = e.appendList(b, processTags, len(process.Tags))
	for _, tag := range process.Tags {
		b = e.appendBuiltTag(b, tag)
	}
	return appendStop(b)
}

// appendReferences leaves out those of a type that jaeger.thrift does not have.
func (e *Encoder) appendReferences(b []byte, refs []opentracing.SpanReference) []byte {
	refs = slices.DeleteFunc(refs, func(r opentracing.SpanReference) bool {
		return r.Type != opentracing.ChildOfRef && r.Type != opentracing.FollowsFromRef
	})
	b = e.appendList(b, spanReferences, len(refs))
	for i := range refs {
		kind := j.SpanRefType_CHILD_OF
		if refs[i].Type == opentracing.FollowsFromRef {
			kind = j.SpanRefType_FOLLOWS_FROM
		}
		sc := refs[i].ReferencedContext.(jaeger.SpanContext)
		b = e.appendI32(b, refType, int32(kind))
		b = e.appendI64(b, refTraceIDLow, int64(sc.TraceID().Low))
		b = e.appendI64(b, refTraceIDHigh, int64(sc.TraceID().High))
		b = e.appendI64(b, refSpanID, int64(sc.SpanID()))
		b = appendStop(b)
	}
	return b
}

func (e *Encoder) appendTags(b []byte, tags opentracing.Tags) []byte {
	b = e.appendList(b, spanTags, len(tags))
	for key, value := range tags {
		b = e.appendTag(b, key, value)
	}
	return b
}

func (e *Encoder) appendLogs(b []byte, logs []opentracing.LogRecord) []byte {
	b = e.appendList(b, spanLogs, len(logs))
	for i := range logs {
		e.record.marshal(logs[i].Fields)
		b = e.appendI64(b, logTime, utils.TimeToMicrosecondsSinceEpochInt64(logs[i].Timestamp))
		b = e.appendList(b, logFields, e.record.n)
		b = append(b, e.record.tags...)
		b = appendStop(b)
	}
	return b
}

// SmallestSpan is about the size of a span without name, tags and parent.
const SmallestSpan = 50
