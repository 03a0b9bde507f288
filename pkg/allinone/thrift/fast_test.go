package thrift

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// plainBatch returns a batch with every field, as a client would write it.
func plainBatch() *jaeger.Batch {
	batch := everything()
	span := batch.Spans[0]
	span.Tags = append(span.Tags, &jaeger.Tag{Key: "no", VType: jaeger.TagType_BOOL, VBool: new(bool)})
	return batch
}

// protocols are both of thrift's, with a datagram of a batch and the way it is read
// plainly.
func protocols() map[string]struct {
	write func(*jaeger.Batch) []byte
	read  func([]byte) (ingest.Batch, bool)
} {
	return map[string]struct {
		write func(*jaeger.Batch) []byte
		read  func([]byte) (ingest.Batch, bool)
	}{
		"compact": {callArguments(thrift.NewTCompactProtocolFactoryConf(nil)), func(b []byte) (ingest.Batch, bool) {
			return fastReader{buf: b, compact: true}.readCall()
		}},
		"binary": {callArguments(thrift.NewTBinaryProtocolFactoryConf(nil)), func(b []byte) (ingest.Batch, bool) {
			return fastReader{buf: b}.readCall()
		}},
	}
}

// callArguments returns a function that writes what follows the header of a call.
func callArguments(factory thrift.TProtocolFactory) func(*jaeger.Batch) []byte {
	return func(batch *jaeger.Batch) []byte {
		out := thrift.NewTMemoryBuffer()
		args := agent.AgentEmitBatchArgs{Batch: batch}
		if err := args.Write(context.Background(), factory.GetProtocol(out)); err != nil {
			panic(err) // writing to memory fails on nil spans only
		}
		return out.Bytes()
	}
}

// What clients write is read without the generated code, and as that reads it.
func TestPlain(t *testing.T) {
	t.Parallel()
	batches := map[string]*jaeger.Batch{
		"every field": plainBatch(),
		"traces":      wiretest.Batch("svc", 1, 100),
		"a trace":     wiretest.Trace("svc", 1, 100),
		"no name":     wiretest.Batch("", 1, 1),
		"no spans":    wiretest.Batch("svc", 1, 0),
	}
	for protocol, p := range protocols() {
		for name, batch := range batches {
			got, ok := p.read(p.write(batch))
			if !ok {
				t.Errorf("%s, %s: it is refused", protocol, name)
				continue
			}
			if diff := cmp.Diff(convertBatch(batch), got, cmp.AllowUnexported(trace.Value{})); diff != "" {
				t.Errorf("%s, %s (-generated +plain):\n%s", protocol, name, diff)
			}
		}
	}
}

// What is cut short is fellBack wherever it is cut.
func TestPlainPrefixes(t *testing.T) {
	t.Parallel()
	for protocol, p := range protocols() {
		full := p.write(plainBatch())
		for n := range full {
			if batch, ok := p.read(full[:n]); ok {
				t.Errorf("%s: the first %d of %d bytes were taken for %d spans", protocol, n, len(full), len(batch.Spans))
			}
		}
	}
}

// A tag whose value is not the one of its type is read as generated code reads it.
func TestOddTags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		odd  func(*jaeger.Tag)
	}{
		{"no value", func(tag *jaeger.Tag) { tag.VStr = nil }},
		{"two values", func(tag *jaeger.Tag) { tag.VLong = new(int64) }},
		{"the value of another type", func(tag *jaeger.Tag) { tag.VStr, tag.VLong = nil, new(int64) }},
		{"no value, double", func(tag *jaeger.Tag) { tag.VType = jaeger.TagType_DOUBLE }},
		{"no value, bool", func(tag *jaeger.Tag) { tag.VType = jaeger.TagType_BOOL }},
		{"no value, binary", func(tag *jaeger.Tag) { tag.VType = jaeger.TagType_BINARY }},
		{"an unknown type", func(tag *jaeger.Tag) { tag.VType = 9 }},
		{"a type below all", func(tag *jaeger.Tag) { tag.VType = -1 }},
	}
	for _, tt := range tests {
		batch := plainBatch()
		tt.odd(batch.Spans[0].Tags[0])
		for protocol, p := range protocols() {
			got, ok := p.read(p.write(batch))
			if !ok {
				t.Errorf("%s, %s: it is refused", protocol, tt.name)
			}
			if diff := cmp.Diff(convertBatch(batch), got, cmp.AllowUnexported(trace.Value{})); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", protocol, tt.name, diff)
			}
		}
	}
}

// Fields out of order, of another type, twice or unknown are for the generated code.
func TestPlainRefusesFields(t *testing.T) {
	t.Parallel()
	const (
		process = "\x0c\x00\x01" + "\x0b\x00\x01\x00\x00\x00\x03svc" + "\x00"
		spans   = "\x0f\x00\x02" + "\x0c\x00\x00\x00\x00"
		number  = "\x0a\x00\x03" + "\x00\x00\x00\x00\x00\x00\x00\x07"
	)
	tests := []struct {
		name, body string
		plain      bool
	}{
		{"in order", process + spans + number + "\x00", true},
		{"followed by more", process + spans + "\x00" + number, true},
		{"out of order", spans + process + "\x00", false},
		{"twice", process + spans + spans + "\x00", false},
		{"unknown", process + spans + "\x0a\x00\x21\x00\x00\x00\x00\x00\x00\x00\x07\x00", false},
		{"of another type", process + spans + "\x08\x00\x03\x00\x00\x00\x07\x00", false},
		{"a list of bytes", process + "\x0f\x00\x02" + "\x03\x00\x00\x00\x00\x00", false},
	}
	for _, tt := range tests {
		if _, got := (fastReader{buf: []byte(tt.body)}).readBatch(); got != tt.plain {
			t.Errorf("%s: got plain %v, want %v", tt.name, got, tt.plain)
		}
		batch, err := DecodeBatch([]byte(tt.body))
		if err != nil || batch.Process == nil || batch.Process.Service != "svc" {
			t.Errorf("%s: got %+v, %v, want a batch of svc", tt.name, batch, err)
		}
	}
}

// No decoder keeps a part of what it read: that memory is used again.
func TestDecodersCopy(t *testing.T) {
	t.Parallel()
	all := decoders()
	for name, good := range map[string][]byte{"compact": wiretest.Compact(plainBatch()), "body": wiretest.Body(plainBatch())} {
		d := all[name]
		d.good = good
		all["plain "+name] = d
	}
	for name, d := range all {
		want, err := d.decode(bytes.Clone(d.good))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, _ := d.decode(d.good)
		clear(d.good)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
			t.Errorf("%s, once the input is overwritten (-want +got):\n%s", name, diff)
		}
	}
}

// Whatever is read plainly, thrift's own reader reads too, and the same.
func FuzzPlain(f *testing.F) {
	for _, p := range protocols() {
		f.Add(p.write(plainBatch()))
		f.Add(p.write(wiretest.Trace("svc", 1, 2)))
	}
	theirs := map[string]thrift.TProtocolFactory{
		"compact": thrift.NewTCompactProtocolFactoryConf(nil),
		"binary":  thrift.NewTBinaryProtocolFactoryConf(nil),
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		for name, p := range protocols() {
			got, ok := p.read(message)
			if !ok {
				continue
			}
			in := thrift.NewTMemoryBuffer()
			in.Buffer = bytes.NewBuffer(message)
			var args agent.AgentEmitBatchArgs
			if err := args.Read(context.Background(), theirs[name].GetProtocol(in)); err != nil {
				t.Fatalf("%s: thrift cannot read the batch that we can: %v", name, err)
			}
			want := convertBatch(args.Batch)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{}), cmp.Comparer(sameFloat)); diff != "" {
				t.Errorf("%s (-thrift +plain):\n%s", name, diff)
			}
		}
	})
}
