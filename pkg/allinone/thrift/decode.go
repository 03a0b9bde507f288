package thrift

import (
	"context"
	"slices"
	"strings"

	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// methods of Jaeger's agent (agent.thrift).
const (
	methodBatch  = "emitBatch"
	methodZipkin = "emitZipkinBatch"
)

// DecodeCompact reads a datagram in thrift's compact protocol, as it comes in on
// Jaeger's ports 6831 and 5775: a batch of Jaeger's or of Zipkin's. The error is
// always an *ingest.Fault. What follows the message in the datagram is ignored, as Jaeger
// ignores it.
func DecodeCompact(datagram []byte) (ingest.Batch, error) {
	if fault := sniff(datagram, compactID); fault != nil {
		return ingest.Batch{}, fault
	}
	return decodeCall(&compactReader{source: source{buf: datagram}})
}

// DecodeBinary is DecodeCompact for thrift's binary protocol, which comes in on
// Jaeger's port 6832.
func DecodeBinary(datagram []byte) (ingest.Batch, error) {
	if !isBinaryThrift(datagram) {
		if fault := sniff(datagram, binaryID); fault != nil {
			return ingest.Batch{}, fault
		}
	}
	return decodeCall(&binaryReader{source: source{buf: datagram}})
}

// DecodeBatch reads a batch of Jaeger's in thrift's binary protocol without a call
// around it, as Jaeger's collector receives it over HTTP.
func DecodeBatch(body []byte) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	r := &binaryReader{source: source{buf: body}}
	if batch, ok := r.fast().readBatch(); ok {
		return batch, nil
	}
	var in jaeger.Batch
	if err := in.Read(context.Background(), r); err != nil {
		return ingest.Batch{}, faultOf(r, err)
	}
	return convertBatch(&in), nil
}

// DecodeZipkin reads a list of Zipkin's spans in thrift's binary protocol, as
// Zipkin's first API receives it over HTTP.
func DecodeZipkin(body []byte) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	ctx := context.Background()
	r := &binaryReader{source: source{buf: body}}
	_, n, err := r.ReadListBegin(ctx)
	if err != nil {
		return ingest.Batch{}, faultOf(r, err)
	}
	for range n {
		var span zipkincore.Span
		if err := span.Read(ctx, r); err != nil {
			return ingest.Batch{}, faultOf(r, err)
		}
		AppendZipkin(&batch, &span)
	}
	return batch, nil
}

// decodeCall reads a call of one of the agent's methods.
func decodeCall(r reader) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	ctx := context.Background() // required by thrift; reading memory never waits
	method, _, _, err := r.ReadMessageBegin(ctx)
	switch {
	case err != nil:
		return ingest.Batch{}, err
	case method == methodZipkin:
		var args agent.AgentEmitZipkinBatchArgs
		if err := args.Read(ctx, r); err != nil {
			return ingest.Batch{}, faultOf(r, err)
		}
		if args.Spans == nil {
			return ingest.Batch{}, &ingest.Fault{Reason: ingest.NoBatch}
		}
		return convertZipkin(args.Spans), nil
	case method != methodBatch:
		return ingest.Batch{}, ingest.Faultf(ingest.UnknownMethod, "method %.64q", method)
	}
	if batch, ok := r.fast().readCall(); ok {
		return batch, nil
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, r); err != nil {
		return ingest.Batch{}, faultOf(r, err)
	}
	if args.Batch == nil {
		return ingest.Batch{}, &ingest.Fault{Reason: ingest.NoBatch}
	}
	return convertBatch(args.Batch), nil
}

// faultOf returns the reader's own fault with the place that the generated code
// added, or what the generated code found itself: a field that is not there.
func faultOf(r reader, err error) *ingest.Fault {
	own := r.failure()
	if own == nil {
		return &ingest.Fault{Reason: ingest.Incomplete, Detail: place(err.Error()), Jaeger: err.Error()}
	}
	where := strings.TrimSuffix(err.Error(), own.Error())
	fault := &ingest.Fault{Reason: own.Reason, Detail: strings.Trim(place(where)+", "+own.Detail, ", ")}
	if own.Jaeger != "" {
		fault.Jaeger = where + own.Jaeger
	}
	return fault
}

// place shortens the generated code's wording of where it was: "*jaeger.Batch
// error reading struct: *jaeger.Span error reading struct: error reading field 8"
// becomes "batch: span: field 8".
func place(s string) string {
	s = strings.NewReplacer(
		" error reading struct", "",
		" read error", "",
		"error reading ", "",
		"*agent.AgentEmitBatchArgs", "call",
		"*agent.AgentEmitZipkinBatchArgs", "call",
		"*jaeger.Batch", "batch",
		"*jaeger.Span", "span",
		"*jaeger.Process", "process",
		"*jaeger.Tag", "tag",
		"*jaeger.Log", "log",
		"*zipkincore.Span", "span",
		"*zipkincore.Annotation", "annotation",
		"*zipkincore.BinaryAnnotation", "binary annotation",
		"*zipkincore.Endpoint", "endpoint",
		"Required", "required",
	).Replace(s)
	return strings.TrimRight(s, ": ")
}

// MediaTypes returns the content types of thrift's binary protocol.
func MediaTypes() []string {
	return []string{"application/x-thrift", "application/vnd.apache.thrift.binary"}
}

// IsMediaType reports whether kind is one of MediaTypes.
func IsMediaType(kind string) bool { return slices.Contains(MediaTypes(), kind) }
