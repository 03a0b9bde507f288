package wire

import (
	"context"
	"errors"
	"strings"

	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Batch is what one call of a client carries.
type Batch struct {
	// Process made all the Spans, each of which points to it. It is nil when they
	// come from several, which each of them points to.
	Process *trace.Process
	Spans   []trace.Span
	// Client is the tracer's own id, the process tag client-uuid, or "".
	Client string
	// SeqNo counts the client's batches from 1; 0 when the client does not.
	SeqNo int64
	// Losses are the client's counters since it began, nil when it tells none.
	Losses *Losses
}

// Losses are the spans that a client knows it lost before they reached the wire.
type Losses struct {
	QueueFull int64 `json:"queue_full"`
	TooLarge  int64 `json:"too_large"`
	Failed    int64 `json:"failed"`
}

// methods of Jaeger's agent (agent.thrift).
const (
	methodBatch  = "emitBatch"
	methodZipkin = "emitZipkinBatch"
)

// DecodeCompact reads a datagram in thrift's compact protocol, as it comes in on
// Jaeger's ports 6831 and 5775: a batch of Jaeger's or of Zipkin's. The error is
// always a *Fault. What follows the message in the datagram is ignored, as Jaeger
// ignores it.
func DecodeCompact(datagram []byte) (Batch, error) {
	if fault := sniff(datagram, compactID); fault != nil {
		return Batch{}, fault
	}
	return decodeCall(&compactReader{source: source{buf: datagram}})
}

// DecodeBinary is DecodeCompact for thrift's binary protocol, which comes in on
// Jaeger's port 6832.
func DecodeBinary(datagram []byte) (Batch, error) {
	if !isBinaryThrift(datagram) {
		if fault := sniff(datagram, binaryID); fault != nil {
			return Batch{}, fault
		}
	}
	return decodeCall(&binaryReader{source: source{buf: datagram}})
}

// DecodeBatch reads a batch of Jaeger's in thrift's binary protocol without a call
// around it, as Jaeger's collector takes it over HTTP.
func DecodeBatch(body []byte) (batch Batch, err error) {
	defer catch(&batch, &err)
	r := &binaryReader{source: source{buf: body}}
	if batch, ok := r.plain().readBatch(); ok {
		return batch, nil
	}
	var in jaeger.Batch
	if err := in.Read(context.Background(), r); err != nil {
		return Batch{}, faultOf(r, err)
	}
	return convertBatch(&in), nil
}

// DecodeZipkinThrift reads a list of Zipkin's spans in thrift's binary protocol, as
// Zipkin's first API takes it over HTTP.
func DecodeZipkinThrift(body []byte) (batch Batch, err error) {
	defer catch(&batch, &err)
	ctx := context.Background()
	r := &binaryReader{source: source{buf: body}}
	_, n, err := r.ReadListBegin(ctx)
	if err != nil {
		return Batch{}, faultOf(r, err)
	}
	for range n {
		var span zipkincore.Span
		if err := span.Read(ctx, r); err != nil {
			return Batch{}, faultOf(r, err)
		}
		batch.addZipkin(&span)
	}
	return batch, nil
}

// catch turns a panic into a fault.
func catch(batch *Batch, err *error) {
	if p := recover(); p != nil {
		*batch, *err = Batch{}, faultf(Panicked, "%v", p)
	}
}

// decodeCall reads a call of one of the agent's methods.
func decodeCall(r reader) (batch Batch, err error) {
	defer catch(&batch, &err)
	ctx := context.Background() // asked for by thrift; reading memory never waits
	method, _, _, err := r.ReadMessageBegin(ctx)
	switch {
	case err != nil:
		return Batch{}, err
	case method == methodZipkin:
		var args agent.AgentEmitZipkinBatchArgs
		if err := args.Read(ctx, r); err != nil {
			return Batch{}, faultOf(r, err)
		}
		if args.Spans == nil {
			return Batch{}, &Fault{Reason: NoBatch}
		}
		return convertZipkin(args.Spans), nil
	case method != methodBatch:
		return Batch{}, faultf(UnknownMethod, "method %.64q", method)
	}
	if batch, ok := r.plain().readCall(); ok {
		return batch, nil
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, r); err != nil {
		return Batch{}, faultOf(r, err)
	}
	if args.Batch == nil {
		return Batch{}, &Fault{Reason: NoBatch}
	}
	return convertBatch(args.Batch), nil
}

// faultOf returns the reader's own fault with the place that the generated code
// added, or what the generated code found itself: a field that is not there.
func faultOf(r reader, err error) *Fault {
	own := r.failure()
	if own == nil {
		return &Fault{Reason: Incomplete, Detail: place(err.Error()), Jaeger: err.Error()}
	}
	where := strings.TrimSuffix(err.Error(), own.Error())
	fault := &Fault{Reason: own.Reason, Detail: strings.Trim(place(where)+", "+own.Detail, ", ")}
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

// ReasonOf returns the reason of an error of this package, Malformed for others.
func ReasonOf(err error) Reason {
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault.Reason
	}
	return Malformed
}
