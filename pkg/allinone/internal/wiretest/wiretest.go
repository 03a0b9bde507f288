// Package wiretest makes datagrams for tests: good ones with the generated code
// that Jaeger's clients use, and every kind of bad one that is known to have hurt
// a Jaeger.
package wiretest

import (
	"bytes"
	"context"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// MaxPayload is the largest payload of a UDP datagram over IPv4.
const MaxPayload = 65507

// Compact returns batch as a datagram for port 6831.
func Compact(batch *jaeger.Batch) []byte {
	buf := thrift.NewTMemoryBuffer()
	client := agent.NewAgentClientFactory(buf, thrift.NewTCompactProtocolFactoryConf(nil))
	if err := client.EmitBatch(context.Background(), batch); err != nil {
		panic(err) // writing to memory fails on nil spans only: a mistake in the test
	}
	return buf.Bytes()
}

// Binary returns batch as a datagram for port 6832.
func Binary(batch *jaeger.Batch) []byte {
	buf := thrift.NewTMemoryBuffer()
	factory := thrift.NewTBinaryProtocolFactoryConf(nil)
	client := agent.NewAgentClientFactory(buf, factory)
	if err := client.EmitBatch(context.Background(), batch); err != nil {
		panic(err)
	}
	return buf.Bytes()
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
	// Reason is the wire.Reason expected, "" for a datagram that is good.
	Reason string
}

// message begins a compact message for a method; its arguments are to follow.
func message(method string, rest ...byte) []byte {
	b := []byte{0x82, 0x21, 0x00, byte(len(method))}
	return append(append(b, method...), rest...)
}

// withHuge adds 2^31-1 as a varint, the largest size that thrift lets one claim.
func withHuge(head ...byte) []byte { return append(head, 0xff, 0xff, 0xff, 0xff, 0x07) }

// Cases returns what is known to have hurt or confused a Jaeger, beside good
// datagrams that look odd.
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
		{"zipkin batch", message("emitZipkinBatch", 0x19, 0x0c, 0x00), "zipkin_batch"},
		{"no process", noProcess, "incomplete"},
		// Reserve gigabytes in thrift's generated code.
		{"list of 2^31 spans", withHuge(message("emitBatch", 0x1c, 0x29, 0xfc)...), "oversized"},
		{"string of 2^31 bytes", withHuge(message("emitBatch", 0x1c, 0x1c, 0x18)...), "oversized"},
		{"name of 2^31 bytes", withHuge(0x82, 0x21, 0x00), "oversized"},
		{"number without end", append(message("emitBatch", 0x1c, 0x36), bytes.Repeat([]byte{0xff}, 40)...), "malformed"},
		// Keeps thrift's Skip busy for minutes.
		{"unknown list of 2^31 structs", withHuge(message("emitBatch", 0x79, 0xfc)...), "oversized"},
		{"unknown map of 2^31", withHuge(message("emitBatch", 0x7b)...), "oversized"},
		{"nested lists", append(message("emitBatch", 0x79), bytes.Repeat([]byte{0x19}, 60000)...), "malformed"},
		{"nested maps", append(message("emitBatch", 0x7b), bytes.Repeat([]byte{0x01, 0x3b, 0x01}, 20000)...), "malformed"},
		{"nested structs", append(message("emitBatch", 0x7c), bytes.Repeat([]byte{0x1c}, 60000)...), "malformed"},
		// Type 3 is a byte: a thousand of them fit, as structs they would be a bomb.
		{"bytes for spans", append(message("emitBatch", 0x1c, 0x29, 0xf3, 0xe8, 0x07), make([]byte, 1000)...), "malformed"},
	}
}
