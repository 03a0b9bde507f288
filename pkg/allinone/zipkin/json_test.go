package zipkin

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/trace"
)

const micros = 1_700_000_000_000_000

func tag(key string, value trace.Value) trace.Tag { return trace.Tag{Key: key, Value: value} }

func at(micro int64) time.Time { return time.UnixMicro(micros + micro).UTC() }

const sampleJSON = `[{
  "traceId": "463ac35c9f6413ad48485a3953bb6124", "id": "a2fb4a1d1a96d312", "parentId": "0020000000000001",
  "name": "get /", "kind": "CLIENT", "timestamp": 1700000000000000, "duration": 207000, "debug": true,
  "localEndpoint": {"serviceName": "shop", "ipv4": "127.0.0.1", "port": 8080},
  "remoteEndpoint": {"serviceName": "till", "ipv6": "::1", "port": 9000},
  "annotations": [{"timestamp": 1700000000000005, "value": "sent"}],
  "tags": {"http.path": "/", "error": "refused"}
}, {"traceId": "1", "id": "2", "parentId": "2", "name": "bare", "localEndpoint": null}]`

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	got, err := DecodeJSON([]byte(sampleJSON))
	if err != nil {
		t.Fatal(err)
	}
	id := trace.TraceID{High: 0x463ac35c9f6413ad, Low: 0x48485a3953bb6124}
	want := ingest.Batch{Spans: []trace.Span{
		{
			TraceID: id, SpanID: 0xa2fb4a1d1a96d312, Operation: "get /", Flags: 2, Start: at(0), Duration: 207 * time.Millisecond,
			References: []trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: 0x20000000000001}},
			Tags: []trace.Tag{
				tag("span.kind", trace.String("client")),
				tag("error", trace.Bool(true)),
				tag("otel.status_code", trace.String("ERROR")),
				tag("error", trace.String("refused")),
				tag("http.path", trace.String("/")),
				tag("peer.service", trace.String("till")),
				tag("net.host.ip", trace.String("127.0.0.1")),
				tag("net.host.port", trace.Int64(8080)),
				tag("net.peer.ip", trace.String("::1")),
				tag("net.peer.port", trace.Int64(9000)),
			},
			Logs:    []trace.Log{{Time: at(5), Fields: []trace.Tag{tag("event", trace.String("sent"))}}},
			Process: &trace.Process{Service: "shop"},
		},
		{
			TraceID: trace.TraceID{Low: 1}, SpanID: 2, Operation: "bare", Start: time.UnixMicro(0).UTC(),
			Tags:    []trace.Tag{tag("otel.zipkin.absentField.startTime", trace.Bool(true))},
			Process: &trace.Process{Service: "OTLPResourceNoServiceName"},
		},
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

const sampleJSONv1 = `[{
  "traceId": "2", "id": "4", "parentId": "3", "name": "pay", "timestamp": 1700000000000000, "duration": 5,
  "annotations": [{"timestamp": 1700000000000000, "value": "sr", "endpoint": {"serviceName": "till", "ipv4": "127.0.0.1"}}],
  "binaryAnnotations": [{"key": "http.path", "value": "/"}, {"key": "paid", "value": true}]
}]`

func TestDecodeJSONv1(t *testing.T) {
	t.Parallel()
	got, err := DecodeJSONv1([]byte(sampleJSONv1))
	if err != nil {
		t.Fatal(err)
	}
	id := trace.TraceID{Low: 2}
	want := ingest.Batch{Spans: []trace.Span{{
		TraceID: id, SpanID: 4, Operation: "pay", Start: at(0), Duration: 5 * time.Microsecond,
		References: []trace.Reference{{Type: trace.ChildOf, TraceID: id, SpanID: 3}},
		Tags: []trace.Tag{
			tag("http.path", trace.String("/")), tag("paid", trace.Bool(true)), tag("span.kind", trace.String("server")),
		},
		Process: &trace.Process{Service: "till", Tags: []trace.Tag{tag("ip", trace.Int64(0x7f000001))}},
	}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(trace.Value{})); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
}

func TestDecodeJSONFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		decode func([]byte) (ingest.Batch, error)
		body   string
		want   ingest.Reason
	}{
		{"empty", DecodeJSON, "", ingest.Empty},
		{"no list", DecodeJSON, `{"id": "1"}`, ingest.Malformed},
		{"cut", DecodeJSON, sampleJSON[:200], ingest.Truncated},
		{"list not closed", DecodeJSON, sampleJSON[:len(sampleJSON)-1], ingest.Truncated},
		{"and more", DecodeJSON, "[] []", ingest.Malformed},
		{"without ids", DecodeJSON, `[{"name": "x"}]`, ingest.Malformed},
		{"wrong type", DecodeJSON, `[{"id": 5}]`, ingest.Malformed},
		{"long id", DecodeJSON, `[{"id": "12345678901234567", "traceId": "1"}]`, ingest.Malformed},
		{"thrift", DecodeJSON, "\x0c\x00", ingest.Malformed},
		{"v1 without ids", DecodeJSONv1, `[{}]`, ingest.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			batch, err := tt.decode([]byte(tt.body))
			if err == nil || ingest.ReasonOf(err) != tt.want {
				t.Errorf("got reason %q (%v, %d spans), want %q", ingest.ReasonOf(err), err, len(batch.Spans), tt.want)
			}
		})
	}
}

// maxAmplification is the most that a byte of a body may make a decoder allocate.
const maxAmplification = 60

// The most that each decoder can be made to allocate for a byte, by lists of the
// smallest things that it accepts.
func TestDecodersBoundMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(head []byte, element string) []byte {
		return append(head, strings.Repeat(element, size/len(element))...)
	}
	tests := []struct {
		name   string
		decode func([]byte) (ingest.Batch, error)
		body   []byte
	}{
		{"objects", DecodeJSON, fill([]byte("["), "{},")},
		{"spans", DecodeJSON, fill([]byte("["), `{"id":"1","traceId":"1"},`)},
		{"annotations", DecodeJSON, fill([]byte(`[{"id":"1","traceId":"1","annotations":[`), "{},")},
		{"annotations v1", DecodeJSONv1, fill([]byte(`[{"id":"1","traceId":"1","annotations":[`), "{},")},
		{"tags v1", DecodeJSONv1, fill([]byte(`[{"id":"1","traceId":"1","binaryAnnotations":[`), "{},")},
		{"lists", DecodeJSON, bytes.Repeat([]byte("["), size)},
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

// FuzzDecode checks that both decoders return a fault, or spans with a process.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(sampleJSON))
	f.Add([]byte(sampleJSONv1))
	f.Fuzz(func(t *testing.T, in []byte) {
		for name, decode := range map[string]func([]byte) (ingest.Batch, error){"v1": DecodeJSONv1, "v2": DecodeJSON} {
			batch, err := decode(in)
			if _, ok := errors.AsType[*ingest.Fault](err); err != nil && !ok {
				t.Errorf("%s: %v is not a fault", name, err)
			}
			for _, span := range batch.Spans {
				if span.Process == nil || span.Process.Service == "" {
					t.Errorf("%s: a span without a service", name)
				}
			}
		}
	})
}
