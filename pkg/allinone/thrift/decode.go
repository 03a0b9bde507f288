package thrift

import (
	"context"
	"slices"

	"github.com/uber/jaeger-client-go/thrift"
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
	return decodeCall(datagram, true)
}

// DecodeBinary is DecodeCompact for thrift's binary protocol, which comes in on
// Jaeger's port 6832.
func DecodeBinary(datagram []byte) (ingest.Batch, error) {
	if !isBinaryThrift(datagram) {
		if fault := sniff(datagram, binaryID); fault != nil {
			return ingest.Batch{}, fault
		}
	}
	return decodeCall(datagram, false)
}

// DecodeBatch reads a batch of Jaeger's in thrift's binary protocol without a call
// around it, as Jaeger's collector receives it over HTTP.
func DecodeBatch(body []byte) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	if batch, ok := (fastReader{buf: body}).readBatch(); ok {
		return batch, nil
	}
	r := guard(body, false)
	var in jaeger.Batch
	if err := in.Read(context.Background(), r); err != nil {
		return ingest.Batch{}, r.faultOf(err)
	}
	return plain(&in)
}

// DecodeZipkin reads a list of Zipkin's spans in thrift's binary protocol, as
// Zipkin's first API receives it over HTTP.
func DecodeZipkin(body []byte) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	ctx := context.Background()
	r := guard(body, false)
	_, n, err := r.ReadListBegin(ctx)
	if err != nil {
		return ingest.Batch{}, r.faultOf(err)
	}
	for range n {
		var span zipkincore.Span
		if err := span.Read(ctx, r); err != nil {
			return ingest.Batch{}, r.faultOf(err)
		}
		AppendZipkin(&batch, &span)
	}
	return batch, nil
}

// decodeCall reads a call of one of the agent's methods.
func decodeCall(datagram []byte, compact bool) (batch ingest.Batch, err error) {
	defer ingest.Recover(&err)
	if batch, ok := (fastReader{buf: datagram, compact: compact}).readMessage(); ok {
		return batch, nil
	}
	r := guard(datagram, compact)
	ctx := context.Background() // required by thrift; reading memory never waits
	method, _, _, err := r.ReadMessageBegin(ctx)
	if err != nil {
		return ingest.Batch{}, r.faultOf(err)
	}
	switch method {
	case methodZipkin:
		var args agent.AgentEmitZipkinBatchArgs
		if err := args.Read(ctx, r); err != nil {
			return ingest.Batch{}, r.faultOf(err)
		}
		for _, span := range args.Spans {
			AppendZipkin(&batch, span)
		}
		if args.Spans != nil {
			return batch, nil
		}
	case methodBatch:
		var args agent.AgentEmitBatchArgs
		if err := args.Read(ctx, r); err != nil {
			return ingest.Batch{}, r.faultOf(err)
		}
		if args.Batch != nil {
			return plain(args.Batch)
		}
	default:
		return ingest.Batch{}, ingest.Faultf(ingest.UnknownMethod, "method %.64q", method)
	}
	return ingest.Batch{}, &ingest.Fault{Reason: ingest.NoBatch}
}

// plain returns a batch that generated code has read. It writes it anew, without what is
// unknown and with the fields in order, so that the fast reader can read it.
func plain(in *jaeger.Batch) (ingest.Batch, error) {
	buf := thrift.NewTMemoryBuffer()
	_ = in.Write(context.Background(), thrift.NewTBinaryProtocolConf(buf, nil)) // to memory
	batch, ok := fastReader{buf: buf.Bytes()}.readBatch()
	if !ok {
		return ingest.Batch{}, ingest.Faultf(ingest.Malformed, "it cannot be written anew")
	}
	return batch, nil
}

// MediaTypes returns the content types of thrift's binary protocol.
func MediaTypes() []string {
	return []string{"application/x-thrift", "application/vnd.apache.thrift.binary"}
}

// IsMediaType reports whether kind is one of MediaTypes.
func IsMediaType(kind string) bool { return slices.Contains(MediaTypes(), kind) }
