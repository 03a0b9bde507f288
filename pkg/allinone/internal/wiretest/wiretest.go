// Package wiretest makes datagrams for tests: good ones with the generated code
// that Jaeger's clients use, and every kind of bad one that is known to have hurt
// a Jaeger.
package wiretest

import (
	"bytes"
	"context"
	"errors"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"
)

// MaxPayload is the largest payload of a UDP datagram over IPv4.
const MaxPayload = 65507

// Compact returns batch as a datagram for port 6831.
func Compact(batch *jaeger.Batch) []byte {
	return call(thrift.NewTCompactProtocolFactoryConf(nil), "emitBatch", &agent.AgentEmitBatchArgs{Batch: batch})
}

// Binary returns batch as a datagram for port 6832.
func Binary(batch *jaeger.Batch) []byte {
	return call(thrift.NewTBinaryProtocolFactoryConf(nil), "emitBatch", &agent.AgentEmitBatchArgs{Batch: batch})
}

// ZipkinCompact returns spans as a datagram for port 5775.
func ZipkinCompact(spans ...*zipkincore.Span) []byte {
	return call(thrift.NewTCompactProtocolFactoryConf(nil), "emitZipkinBatch", &agent.AgentEmitZipkinBatchArgs{Spans: spans})
}

// ZipkinBinary returns spans as a datagram in the binary protocol.
func ZipkinBinary(spans ...*zipkincore.Span) []byte {
	return call(thrift.NewTBinaryProtocolFactoryConf(nil), "emitZipkinBatch", &agent.AgentEmitZipkinBatchArgs{Spans: spans})
}

func call(factory thrift.TProtocolFactory, method string, args thrift.TStruct) []byte {
	ctx, buf := context.Background(), thrift.NewTMemoryBuffer()
	out := factory.GetProtocol(buf)
	if err := errors.Join(out.WriteMessageBegin(ctx, method, thrift.CALL, 1), args.Write(ctx, out)); err != nil {
		panic(err) // writing to memory fails on nil spans only: a mistake in the test
	}
	return buf.Bytes()
}

// Body returns batch as the body of a request to a collector.
func Body(batch *jaeger.Batch) []byte {
	buf := thrift.NewTMemoryBuffer()
	if err := batch.Write(context.Background(), thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// ZipkinBody returns spans as the body of a request to Zipkin's first API.
func ZipkinBody(spans ...*zipkincore.Span) []byte {
	ctx := context.Background()
	buf := thrift.NewTMemoryBuffer()
	out := thrift.NewTBinaryProtocolConf(buf, nil)
	err := out.WriteListBegin(ctx, thrift.STRUCT, len(spans))
	for _, span := range spans {
		err = errors.Join(err, span.Write(ctx, out))
	}
	if err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// ZipkinSpans returns n small spans of a service, numbered as those of Batch.
func ZipkinSpans(service string, first, n int) []*zipkincore.Span {
	host := &zipkincore.Endpoint{ServiceName: service}
	spans := make([]*zipkincore.Span, n)
	for i := range spans {
		id := int64(first+i) * spread
		start, duration := 1_700_000_000_000_000+int64(first+i), int64(10)
		spans[i] = &zipkincore.Span{
			TraceID: id, ID: id, Name: "op", Timestamp: &start, Duration: &duration,
			Annotations: []*zipkincore.Annotation{{Timestamp: start, Value: zipkincore.SERVER_RECV, Host: host}},
		}
	}
	return spans
}

// Batch returns a batch of n small spans of one service, each a trace of its own.
// Spans with another number have another id; the first is number first, which
// must not be 0.
func Batch(service string, first, n int) *jaeger.Batch {
	batch := &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: service, Tags: []*jaeger.Tag{String("client-uuid", "uuid-"+service)}},
		Spans:   make([]*jaeger.Span, n),
	}
	for i := range batch.Spans {
		id := int64(first+i) * spread
		batch.Spans[i] = &jaeger.Span{
			TraceIdLow: id, SpanId: id, OperationName: "op", Flags: 1,
			StartTime: 1_700_000_000_000_000 + int64(first+i), Duration: 10,
		}
	}
	return batch
}

// Trace returns a batch with all n spans of a trace: the first is its root, and the
// others refer to that as jaeger-client-go does.
func Trace(service string, number, n int) *jaeger.Batch {
	batch := Batch(service, 1+number*n, n)
	root := batch.Spans[0]
	for _, span := range batch.Spans[1:] {
		span.TraceIdLow, span.TraceIdHigh = root.TraceIdLow, root.TraceIdHigh
		span.ParentSpanId = root.SpanId
		span.References = []*jaeger.SpanRef{{
			RefType: jaeger.SpanRefType_CHILD_OF, TraceIdLow: root.TraceIdLow, TraceIdHigh: root.TraceIdHigh, SpanId: root.SpanId,
		}}
	}
	return batch
}

// spread is odd, so that multiples of it are as different as what they multiply.
// They fill 64 bits as random ids do, which makes spans as large as real ones.
const spread = -7046029254386353131

// String returns a string tag.
func String(key, value string) *jaeger.Tag {
	return &jaeger.Tag{Key: key, VType: jaeger.TagType_STRING, VStr: &value}
}

// Case is a datagram and what it is taken for.
type Case struct {
	Name     string
	Datagram []byte
	// Reason is the ingest.Reason expected, "" for a datagram that is good.
	Reason string
}

// message begins a compact message for a method; its arguments are to follow.
func message(method string, rest ...byte) []byte {
	b := []byte{0x82, 0x21, 0x00, byte(len(method))}
	return append(append(b, method...), rest...)
}

// withHuge adds 2^31-1 as a varint, the largest size that thrift lets one claim.
func withHuge(head ...byte) []byte { return append(head, 0xff, 0xff, 0xff, 0xff, 0x07) }

// BinaryCases are Cases for the port of the binary protocol.
func BinaryCases() []Case {
	good := Binary(Batch("svc", 1, 3))
	old := append([]byte("\x00\x00\x00\x09emitBatch\x01\x00\x00\x00\x00"), good[4+4+9+4:]...)
	strict := func(method string, rest ...byte) []byte {
		b := append([]byte{0x80, 1, 0, 1, 0, 0, 0, byte(len(method))}, method...)
		return append(append(b, 0, 0, 0, 0), rest...)
	}
	huge := func(head ...byte) []byte { return append(head, 0x7f, 0xff, 0xff, 0xff) }
	batch := []byte{12, 0, 1} // field 1, a struct
	return []Case{
		{"good", good, ""},
		{"old form", old, ""},
		{"padded to the largest datagram", append(bytes.Clone(good), make([]byte, MaxPayload-len(good))...), ""},
		{"zipkin batch", ZipkinBinary(ZipkinSpans("svc", 1, 3)...), ""},
		{"empty", nil, "empty"},
		{"text", []byte("hello, is this Jaeger?\n"), "text"},
		{"http", []byte("POST /api/traces HTTP/1.1\r\nHost: x\r\n\r\n"), "http"},
		{"compact thrift", Compact(Batch("svc", 1, 3)), "compact_thrift"},
		{"noise", []byte{0xde, 0xad, 0xbe, 0xef}, "foreign"},
		{"two bytes", good[:2], "truncated"},
		{"cut in half", good[:len(good)/2], "truncated"},
		{"last byte missing", good[:len(good)-1], "truncated"},
		{"later version", append([]byte{0x80, 0x02}, good[2:]...), "malformed"},
		{"wrong method", strict("emitBogus", 0), "unknown_method"},
		{"no batch", strict("emitBatch", 0), "no_batch"},
		{"zipkin call without a batch", strict("emitZipkinBatch", 0), "no_batch"},
		{"no process", strict("emitBatch", append(batch, 15, 0, 2, 12, 0, 0, 0, 0, 0, 0)...), "incomplete"},
		{"list of 2^31 spans", huge(strict("emitBatch", append(batch, 15, 0, 2, 12)...)...), "oversized"},
		{"list of -1 spans", strict("emitBatch", append(batch, 15, 0, 2, 12, 0xff, 0xff, 0xff, 0xff)...), "malformed"},
		{"string of 2^31 bytes", huge(strict("emitBatch", append(batch, 12, 0, 1, 11, 0, 1)...)...), "oversized"},
		{"name of 2^31 bytes", huge(0x80, 1, 0, 1), "oversized"},
		{"unknown list of 2^31 structs", huge(strict("emitBatch", 15, 0, 9, 12)...), "oversized"},
		{"unknown map of 2^31", huge(strict("emitBatch", 13, 0, 9, 3, 3)...), "oversized"},
		{"unknown type", strict("emitBatch", 77, 0, 9), "malformed"},
		{"nested structs", strict("emitBatch", bytes.Repeat([]byte{12, 0, 9}, 20000)...), "malformed"},
		{"nested lists", strict("emitBatch", append([]byte{15, 0, 9}, bytes.Repeat([]byte{15, 0, 0, 0, 1}, 10000)...)...), "malformed"},
		{"bytes for spans", strict("emitBatch", append(append(batch, 15, 0, 2, 3, 0, 0, 3, 0xe8), make([]byte, 1000)...)...), "malformed"},
	}
}

// Cases returns what is known to have hurt or confused a Jaeger, beside good
// datagrams that look odd; for the ports of the compact protocol.
func Cases() []Case {
	good := Compact(Batch("svc", 1, 3))
	noProcess := message("emitBatch", 0x1c, 0x29, 0x0c, 0x00, 0x00)
	reply := bytes.Clone(good)
	reply[1] = 2<<5 | 1
	return []Case{
		{"good", good, ""},
		{"reply instead of call", reply, ""},
		{"padded to the largest datagram", append(bytes.Clone(good), make([]byte, MaxPayload-len(good))...), ""},
		{"empty", nil, "empty"},
		{"text", []byte("hello, is this Jaeger?\n"), "text"},
		{"http", []byte("POST /api/traces HTTP/1.1\r\nHost: x\r\n\r\n"), "http"},
		{"binary thrift", Binary(Batch("svc", 1, 3)), "binary_thrift"},
		{"binary thrift, old form", append([]byte("\x00\x00\x00\x09emitBatch\x04\x00\x00\x00\x00"), 0x00), "binary_thrift"},
		{"noise", []byte{0xde, 0xad, 0xbe, 0xef}, "foreign"},
		{"one byte", good[:1], "truncated"},
		{"half a name", good[:8], "oversized"},
		{"cut in half", good[:len(good)/2], "truncated"},
		{"last byte missing", good[:len(good)-1], "truncated"},
		{"later version", append([]byte{0x82, 0x22}, good[2:]...), "malformed"},
		{"wrong method", message("emitBogus", 0x00), "unknown_method"},
		// Kills the agents of Jaeger 1.42 and 1.62.
		{"no batch", message("emitBatch", 0x00), "no_batch"},
		// Kills Jaeger 2.13.
		{"zipkin batch", ZipkinCompact(ZipkinSpans("svc", 1, 3)...), ""},
		{"zipkin call without a batch", message("emitZipkinBatch", 0x00), "no_batch"},
		{"list of 2^31 zipkin spans", withHuge(message("emitZipkinBatch", 0x19, 0xfc)...), "oversized"},
		{"no process", noProcess, "incomplete"},
		// Reserve gigabytes in thrift's generated code.
		{"list of 2^31 spans", withHuge(message("emitBatch", 0x1c, 0x29, 0xfc)...), "oversized"},
		{"string of 2^31 bytes", withHuge(message("emitBatch", 0x1c, 0x1c, 0x18)...), "oversized"},
		{"name of 2^31 bytes", withHuge(0x82, 0x21, 0x00), "oversized"},
		{"number without end", append(message("emitBatch", 0x1c, 0x36), bytes.Repeat([]byte{0xff}, 40)...), "truncated"},
		// Keeps thrift's Skip busy for minutes.
		{"unknown list of 2^31 structs", withHuge(message("emitBatch", 0x79, 0xfc)...), "oversized"},
		{"unknown map of 2^31", append(withHuge(message("emitBatch", 0x7b)...), 0x33), "oversized"},
		{"nested lists", append(message("emitBatch", 0x79), bytes.Repeat([]byte{0x19}, 60000)...), "malformed"},
		{"nested maps", append(message("emitBatch", 0x7b), bytes.Repeat([]byte{0x01, 0x3b, 0x01}, 20000)...), "malformed"},
		{"nested structs", append(message("emitBatch", 0x7c), bytes.Repeat([]byte{0x1c}, 60000)...), "malformed"},
		// Type 3 is a byte: a thousand of them fit, as structs they would be a bomb.
		{"bytes for spans", append(message("emitBatch", 0x1c, 0x29, 0xf3, 0xe8, 0x07), make([]byte, 1000)...), "malformed"},
	}
}
