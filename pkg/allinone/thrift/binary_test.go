package thrift

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The same batch is the same however it came.
func TestDecodersAgree(t *testing.T) {
	t.Parallel()
	want, err := DecodeCompact(wiretest.Compact(everything()))
	if err != nil {
		t.Fatal(err)
	}
	others := []struct {
		name   string
		decode func([]byte) (ingest.Batch, error)
		bytes  []byte
	}{
		{"binary", DecodeBinary, wiretest.Binary(everything())},
		{"body", DecodeBatch, wiretest.Body(everything())},
	}
	for _, other := range others {
		got, err := other.decode(other.bytes)
		if err != nil {
			t.Errorf("%s: %v", other.name, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
			t.Errorf("%s (-compact +%[1]s):\n%s", other.name, diff)
		}
	}
}

// What Jaeger 1.42, 1.62 and 2.13 were measured to answer to these bodies.
func TestDecodeBatchWords(t *testing.T) {
	t.Parallel()
	good := wiretest.Body(wiretest.Batch("svc", 1, 1))
	tests := []struct {
		name string
		body []byte
		want string
	}{
		{"text", []byte("this is not thrift"), "Unknown data type 116"},
		{"ff", bytes.Repeat([]byte{0xff}, 40), "Unknown data type 255"},
		{"gzip", []byte{0x1f, 0x8b, 8, 0}, "Unknown data type 31"},
		{"compact", wiretest.Compact(wiretest.Batch("svc", 1, 1))[13:], "Unknown data type 28"},
		{"empty", nil, "*jaeger.Batch field 0 read error: EOF"},
		{"nothing in it", []byte{0}, "Required field Process is not set"},
		{"truncated", good[:bytes.Index(good, []byte{10, 0, 3})+6], "*jaeger.Span error reading struct: error reading field 3: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := DecodeBatch(tt.body)
			fault, ok := errors.AsType[*ingest.Fault](err)
			if !ok {
				t.Fatalf("got error %v, want a *ingest.Fault", err)
			}
			if fault.Jaeger != tt.want {
				t.Errorf("got  %s\nwant %s", fault.Jaeger, tt.want)
			}
		})
	}
}

// Every prefix of a body gives the words of thrift's own reader, except where
// ours finds out before it that a list cannot be as long as it says.
func TestDecodeBatchPrefixes(t *testing.T) {
	t.Parallel()
	full := wiretest.Body(everything())
	same := 0
	for n := range full {
		_, err := DecodeBatch(full[:n])
		fault, ok := errors.AsType[*ingest.Fault](err)
		if !ok {
			t.Fatalf("the first %d bytes: got error %v, want a *ingest.Fault", n, err)
		}
		if fault.Jaeger == "" {
			continue
		}
		same++
		// The number of a field that is not there is what was in memory before.
		number := regexp.MustCompile(`field -?\d+ read`)
		got, want := number.ReplaceAllString(fault.Jaeger, "field ? read"), number.ReplaceAllString(thriftWords(full[:n]), "field ? read")
		if got != want {
			t.Errorf("the first %d bytes: got %s\nwant %s", n, got, want)
		}
	}
	if same < len(full)/2 {
		t.Errorf("only %d of %d prefixes were compared", same, len(full))
	}
}

func thriftWords(body []byte) string {
	in := thrift.NewTMemoryBuffer()
	in.Buffer = bytes.NewBuffer(body)
	var batch jaeger.Batch
	err := batch.Read(context.Background(), thrift.NewTBinaryProtocolConf(in, nil))
	if err == nil {
		return ""
	}
	return err.Error()
}

// decoders are all that read what strangers send, with something good for each.
func decoders() map[string]struct {
	decode func([]byte) (ingest.Batch, error)
	good   []byte
} {
	return map[string]struct {
		decode func([]byte) (ingest.Batch, error)
		good   []byte
	}{
		"compact":     {DecodeCompact, wiretest.Compact(everything())},
		"binary":      {DecodeBinary, wiretest.Binary(everything())},
		"body":        {DecodeBatch, wiretest.Body(everything())},
		"zipkin":      {DecodeCompact, wiretest.ZipkinCompact(shared())},
		"zipkin body": {DecodeZipkin, wiretest.ZipkinBody(shared())},
	}
}

// The dearest that each decoder can be made to allocate for a byte, by lists of
// the smallest things that it takes.
func TestDecodersBoundMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(head []byte, element string) []byte {
		return append(head, strings.Repeat(element, size/len(element))...)
	}
	list := func(head string, element string) []byte { // a binary list that claims to fill the body
		count := size / len(element)
		return fill(append([]byte(head), byte(count>>24), byte(count>>16), byte(count>>8), byte(count)), element)
	}
	tests := []struct {
		name   string
		decode func([]byte) (ingest.Batch, error)
		body   []byte
	}{
		{"spans without fields", DecodeZipkin, list("\x0c", "\x00")},
		{"spans with ids", DecodeZipkin, list("\x0c", "\x0a\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x0a\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x00")},
		{"annotations without fields", DecodeZipkin, list("\x0c\x00\x00\x00\x01\x0f\x00\x06\x0c", "\x00")},
		{"tags", DecodeBatch, list("\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x00\x0f\x00\x02\x0c", "\x0b\x00\x01\x00\x00\x00\x00\x08\x00\x02\x00\x00\x00\x00\x00")},
		{"spans that are not there", DecodeBatch, list("\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x00\x00\x0f\x00\x02\x0c", "\x00")},
		{"spans that may be there", DecodeBatch, list("\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x00\x00\x0f\x00\x02\x0c", strings.Repeat("\x00", spanNeeds.least()))},
	}
	for _, tt := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = tt.decode(tt.body)
		runtime.ReadMemStats(&after)
		got := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(tt.body))
		t.Logf("%s: %.1f bytes for each", tt.name, got)
		if got > maxAmplification {
			t.Errorf("%s: %.0f bytes were allocated for each of the body, want at most %d", tt.name, got, maxAmplification)
		}
	}
}

// FuzzDecoders holds what every decoder promises: a fault or spans that have all
// they need, and never a panic.
func FuzzDecoders(f *testing.F) {
	for _, d := range decoders() {
		f.Add(d.good)
	}
	for _, c := range wiretest.BinaryCases() {
		if len(c.Datagram) < 1000 {
			f.Add(c.Datagram)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for name, d := range decoders() {
			batch, err := d.decode(in)
			if err != nil {
				if _, ok := errors.AsType[*ingest.Fault](err); !ok || ingest.ReasonOf(err) == ingest.Panicked {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			for _, span := range batch.Spans {
				if span.Process == nil || span.Process.Service == "" {
					t.Errorf("%s: a span without a service", name)
				}
			}
		}
	})
}

// Whatever ours reads of a body, thrift's own reader reads too, and the same.
func FuzzDecodeBatch(f *testing.F) {
	f.Add(wiretest.Body(everything()))
	f.Add(wiretest.Body(wiretest.Batch("svc", 1, 2)))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := DecodeBatch(body)
		if err != nil {
			return
		}
		in := thrift.NewTMemoryBuffer()
		in.Buffer = bytes.NewBuffer(body)
		var batch jaeger.Batch
		if err := batch.Read(context.Background(), thrift.NewTBinaryProtocolConf(in, nil)); err != nil {
			t.Fatalf("thrift cannot read the batch that we can: %v", err)
		}
		want := convertBatch(&batch)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{}), cmp.Comparer(sameFloat)); diff != "" {
			t.Errorf("batch (-thrift +ours):\n%s", diff)
		}
	})
}

func BenchmarkDecodeBinary(b *testing.B) {
	datagram := wiretest.Binary(wiretest.Batch("svc", 1, 1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeBinary(datagram); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/span")
}
