package thrift

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// generated returns jaeger-client-go's writer and reader of a protocol.
func generated(p protocol, buf *thrift.TMemoryBuffer) thrift.TProtocol {
	if p == thriftBinary {
		return thrift.NewTBinaryProtocolConf(buf, nil)
	}
	return thrift.NewTCompactProtocolConf(buf, nil)
}

func encodeSpan(tb testing.TB, e *Encoder, dst []byte, span *jaeger.Span) []byte {
	tb.Helper()
	encoded, err := e.AppendSpan(dst, span)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

// decodeSpan decodes data, which is to be one span and nothing behind it.
func decodeSpan(tb testing.TB, p protocol, data []byte) *j.Span {
	tb.Helper()
	buf := thrift.NewTMemoryBuffer()
	buf.Write(data)
	span := &j.Span{}
	if err := span.Read(context.Background(), generated(p, buf)); err != nil {
		tb.Fatalf("does not decode: %v\n%x", err, data)
	}
	if buf.Len() > 0 {
		tb.Fatalf("%d bytes after the span: %x", buf.Len(), data)
	}
	return span
}

// generate is what generated code makes of s.
func generate(tb testing.TB, p protocol, s thrift.TStruct) []byte {
	tb.Helper()
	buf := thrift.NewTMemoryBuffer()
	if err := s.Write(context.Background(), generated(p, buf)); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

// sortTags gives tags an order, and leaves the last of those with the same key.
func sortTags(tags []*j.Tag) []*j.Tag {
	slices.Reverse(tags)
	slices.SortStableFunc(tags, func(a, b *j.Tag) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(tags, func(a, b *j.Tag) bool { return a.Key == b.Key })
}

// checkSpan fails the test unless our encoding of span is, but for the order of
// its tags, the one that jaeger-client-go makes.
func checkSpan(tb testing.TB, e *Encoder, span *jaeger.Span) {
	tb.Helper()
	want := jaeger.BuildJaegerThrift(span)
	want.Tags = sortTags(want.Tags)
	wantBytes := generate(tb, e.protocol, want)
	gotBytes := encodeSpan(tb, e, nil, span)
	got := decodeSpan(tb, e.protocol, gotBytes)
	got.Tags = sortTags(got.Tags)
	// Bytes are compared, and not structs, because of NaN.
	if !bytes.Equal(generate(tb, e.protocol, got), wantBytes) {
		tb.Errorf("decoded span differs (-want +got):\n%s", cmp.Diff(want, got))
	}
	if len(gotBytes) != len(wantBytes) {
		tb.Errorf("span takes %d bytes, the generated code needs %d", len(gotBytes), len(wantBytes))
	}
}

// encoders returns one of each protocol.
func encoders() []*Encoder { return []*Encoder{NewCompact(), NewBinary()} }

// Each kind of value, alone: a tag of it and a log field of it.
func TestEncodeValues(t *testing.T) {
	t.Parallel()
	tr := newTracers()[0]
	long := strings.Repeat("x", maxTagValue-1)
	for _, s := range []string{"", "a", "\xff\x00é", long, long + "x", long + "é", strings.Repeat(long, 100)} {
		for _, n := range []uint64{0, 1, 63, 64, math.MaxInt64, math.MaxUint64} {
			for _, f := range []float64{0, math.Copysign(0, -1), 0.1, math.Inf(-1), math.NaN(), math.MaxFloat64} {
				for _, v := range values(s, n, f) {
					span := tr.StartSpan("work").SetTag("key", v)
					span.LogFields(log.Object("key", v))
					span.Finish()
					for _, e := range encoders() {
						checkSpan(t, e, span.(*jaeger.Span))
					}
					if t.Failed() {
						t.Fatalf("value %T of %q, %d, %v", v, s, n, f)
					}
				}
			}
		}
	}
}

// Spans with anything in them.
func TestEncodeSpans(t *testing.T) {
	t.Parallel()
	tracers, both := newTracers(), encoders()
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		d := &dice{data: make([]byte, random.IntN(4000))}
		for i := range d.data {
			d.data[i] = byte(random.Uint32())
		}
		span := d.span(tracers)
		for _, e := range both {
			checkSpan(t, e, span)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzEncodeSpan(f *testing.F) {
	tracers := newTracers()
	f.Add([]byte(nil))
	f.Add([]byte("a shop"))
	f.Add(bytes.Repeat([]byte{0xff, 8, 0x80, 15}, 200))
	f.Fuzz(func(t *testing.T, data []byte) {
		span := (&dice{data}).span(tracers)
		for _, e := range encoders() {
			checkSpan(t, e, span)
		}
	})
}

// Encoding allocates nothing: what is counted is what the accessors return.
// It is not parallel, because AllocsPerRun counts for the whole process.
func TestEncodeAllocations(t *testing.T) {
	span := testkit.ClientSpan()
	want := testing.AllocsPerRun(100, func() { readSpan(span) })
	if want > 5 {
		t.Errorf("reading a span takes %v allocations, expected 5", want)
	}
	for _, e := range encoders() {
		room := make([]byte, 0, 4096)
		got := testing.AllocsPerRun(100, func() { encodeSpan(t, e, room, span) })
		if got > want {
			t.Errorf("got %v allocations, the accessors make %v", got, want)
		}
	}
}

// Of tags with the same key the last one is left, as OpenTracing has it.
func TestEncodeTagSetTwice(t *testing.T) {
	t.Parallel()
	span := newTracers()[0].StartSpan("work", opentracing.Tag{Key: "key", Value: 1})
	span.SetTag("key", "two")
	span.SetTag("key", 3)
	span.Finish()
	for _, e := range encoders() {
		var got []*j.Tag
		for _, tag := range decodeSpan(t, e.protocol, encodeSpan(t, e, nil, span.(*jaeger.Span))).Tags {
			if tag.Key == "key" {
				got = append(got, tag)
			}
		}
		if len(got) != 1 || got[0].GetVLong() != 3 {
			t.Errorf("got %v, want one tag of 3", got)
		}
	}
}

func TestEncodeProcess(t *testing.T) {
	t.Parallel()
	var options []jaeger.TracerOption
	for _, v := range values(strings.Repeat("x", 300), math.MaxUint64, 0.5) {
		options = append(options, jaeger.TracerOptions.Tag("key", v))
	}
	for _, options := range [][]jaeger.TracerOption{nil, options} {
		tr, _ := jaeger.NewTracer("shop é", jaeger.NewConstSampler(true), jaeger.NewNullReporter(), options...)
		span := tr.StartSpan("work").(*jaeger.Span)
		for _, e := range encoders() {
			got := e.AppendProcess([]byte("prefix"), span)
			want := append([]byte("prefix"), generate(t, e.protocol, jaeger.BuildJaegerProcessThrift(span))...)
			if !bytes.Equal(got, want) {
				t.Errorf("process:\n got %x\nwant %x", got, want)
			}
		}
	}
}

// A panic of the application's code costs that span and nothing else.
func TestEncodePanics(t *testing.T) {
	t.Parallel()
	tr := newTracers()[0]
	bad := tr.StartSpan("bad").SetTag("key", "value")
	bad.LogFields(log.String("event", "before"), log.Lazy(func(log.Encoder) { panic("oops") }))
	bad.Finish()
	good := tr.StartSpan("good")
	good.LogFields(log.String("event", "after"))
	good.Finish()
	for _, e := range encoders() {
		got, err := e.AppendSpan([]byte("prefix"), bad.(*jaeger.Span))
		if err == nil || !strings.Contains(err.Error(), "oops") {
			t.Errorf("got error %v, want oops", err)
		}
		if string(got) != "prefix" {
			t.Errorf("after a panic: got %q, want the prefix alone", got)
		}
		checkSpan(t, e, good.(*jaeger.Span))
	}
}

// keeper uses an encoder that it got from a lazy field when fmt asks for text.
type keeper struct{ enc log.Encoder }

func (k *keeper) String() string {
	if k.enc != nil {
		k.enc.EmitString("stray", "value")
	}
	return "kept"
}

func TestEncodeKeptEncoder(t *testing.T) {
	t.Parallel()
	tr := newTracers()[0]
	for _, e := range encoders() {
		k := &keeper{}
		first := tr.StartSpan("first")
		first.LogFields(log.Lazy(func(enc log.Encoder) { k.enc = enc }), log.Object("kept", k))
		first.Finish()
		second := tr.StartSpan("second").SetTag("kept", k)
		second.LogFields(log.String("event", "one"), log.Object("kept", k))
		second.Finish()
		encodeSpan(t, e, nil, first.(*jaeger.Span))
		checkSpan(t, e, second.(*jaeger.Span))
		for _, record := range decodeSpan(t, e.protocol, encodeSpan(t, e, nil, second.(*jaeger.Span))).Logs {
			if len(record.Fields) != 2 {
				t.Errorf("got %d fields, want the 2 that were logged", len(record.Fields))
			}
		}
	}
}
