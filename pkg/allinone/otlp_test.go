package allinone

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// otlpMethod is the gRPC method for spans.
const otlpMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// otlpSpans are n spans of one trace, the first of which has that number. They are
// an ExportTraceServiceRequest, which has the fields of TracesData.
func otlpSpans(trace byte, n int) *tracepb.TracesData {
	scope := &tracepb.ScopeSpans{}
	for i := range n {
		scope.Spans = append(scope.Spans, &tracepb.Span{
			TraceId: append(make([]byte, 15), trace), SpanId: []byte{0, 0, 0, 0, 0, 1, byte(i >> 8), byte(i)}, Name: "op",
		})
	}
	return &tracepb.TracesData{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{scope}}}}
}

func grpcClient(t *testing.T, b *Backend, listener string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(b.Addrs()[listener], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// What a gRPC client is told is stored can be read back at once; what it is not
// told is counted.
func TestOTLPOverGRPC(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := grpcClient(t, b, OTLPGRPC)
	for i, opts := range [][]grpc.CallOption{nil, {grpc.UseCompressor(grpcgzip.Name)}} {
		id := byte(i + 1)
		if err := conn.Invoke(t.Context(), otlpMethod, otlpSpans(id, 1000), &tracepb.TracesData{}, opts...); err != nil {
			t.Fatal(err)
		}
		got := traces(t, b, "/api/traces/"+string(rune('0'+id)))
		if len(got) != 1 || len(got[0].Spans) != 1000 {
			t.Fatalf("got %d traces, want one of 1000 spans", len(got))
		}
	}
	if s := b.Stats(); s.Listeners[OTLPGRPC].Spans != 2000 || !s.Lossless() {
		t.Errorf("got stats %+v, want 2000 spans and no loss", s.Listeners)
	}
	bad := otlpSpans(3, 1)
	bad.ResourceSpans[0].ScopeSpans[0].Spans[0].SpanId = []byte{1}
	if err := conn.Invoke(t.Context(), otlpMethod, bad, &tracepb.TracesData{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a short id: got %v, want InvalidArgument", err)
	}
	if err := conn.Invoke(t.Context(), otlpMethod, otlpSpans(3, 200_000), &tracepb.TracesData{}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("8 MB: got %v, want ResourceExhausted", err)
	}
	want := loss.Rejects{string(ingest.Malformed): 1, string(ingest.TooLarge): 1}
	if got := b.Stats().Listeners[OTLPGRPC].Undecodable; got[string(ingest.Malformed)] != 1 || got[string(ingest.TooLarge)] != 1 || len(got) != 2 {
		t.Errorf("got rejects %v, want %v", got, want)
	}
}

// Metrics come to the same port from the same programs. They are refused, and no
// loss of spans.
func TestOtherSignalsAreNoLoss(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	err := grpcClient(t, b, OTLPGRPC).Invoke(t.Context(),
		"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", &tracepb.TracesData{}, &tracepb.TracesData{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v, want Unimplemented", err)
	}
	for _, listener := range []string{OTLPGRPC, CollectorGRPC} { // as a probe of Kubernetes does
		err := grpcClient(t, b, listener).Invoke(t.Context(), "/grpc.health.v1.Health/Check", &tracepb.TracesData{}, &tracepb.TracesData{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("got %v, want Unimplemented", err)
		}
	}
	if code, _ := postOTLP(t, b, "/v1/metrics", "application/json", []byte("{}"), ""); code != http.StatusNotFound {
		t.Errorf("got %d, want 404", code)
	}
	if s := b.Stats(); !s.Lossless() {
		t.Errorf("got rejects %+v, want none", s.Listeners)
	}
}

func postOTLP(t *testing.T, b *Backend, path, contentType string, body []byte, packing string) (code int, reply string) {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, "http://"+b.Addrs()[OTLPHTTP]+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if packing != "" {
		req.Header.Set("Content-Encoding", packing)
	}
	resp, err := httpClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func TestOTLPOverHTTP(t *testing.T) {
	t.Parallel()
	encoded, err := proto.Marshal(otlpSpans(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	const js, pb = "application/json", "application/x-protobuf"
	jsonSpan := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000001","spanId":"00000000000000bb"}]}]}]}`
	bomb := zipped(make([]byte, 64<<20))
	const media = "415 unsupported media type, supported: [application/json, application/x-protobuf]"
	tests := []struct {
		name, contentType, packing string
		body                       []byte
		code                       int
		want                       string // all of the reply, or its beginning when that ends in "..."
		spans                      int64
		reject                     ingest.Reason
	}{
		{"protobuf", pb, "", encoded, 200, "", 3, ""},
		{"protobuf in gzip", pb, "gzip", zipped(encoded), 200, "", 3, ""},
		{"json", js + "; charset=utf-8", "", []byte(jsonSpan), 200, `{"partialSuccess":{}}`, 1, ""},
		{"empty json", js, "", []byte("{}"), 200, `{"partialSuccess":{}}`, 0, ""},
		{"span without ids", js, "", []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}`), 200, `{"partialSuccess":{"rejectedSpans":"1",...`, 0, ingest.Incomplete},
		{"thrift", "application/x-thrift", "", encoded, 415, media, 0, ingest.ContentType},
		{"no content type", "", "", encoded, 415, media, 0, ingest.ContentType},
		{"json as protobuf", pb, "", []byte(jsonSpan), 400, "\x08\x03\x12...", 0, ingest.Malformed},
		{"broken json", js, "", []byte(jsonSpan[:50]), 400, `{"code":3,"message":"...`, 0, ingest.Malformed},
		{"a bomb", pb, "gzip", bomb, 413, "\x08\x08\x12...", 0, ingest.TooLarge},
		{"packed otherwise", js, "br", []byte("{}"), 415, `{"code":2,"message":"...`, 0, ingest.Encoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			code, reply := postOTLP(t, b, "/v1/traces", tt.contentType, tt.body, tt.packing)
			head, isHead := strings.CutSuffix(tt.want, "...")
			if code != tt.code || isHead && !strings.HasPrefix(reply, head) || !isHead && reply != tt.want {
				t.Errorf("got %d %q, want %d %q", code, reply, tt.code, tt.want)
			}
			got := b.Stats().Listeners[OTLPHTTP]
			if got.Spans != tt.spans {
				t.Errorf("got %d spans, want %d", got.Spans, tt.spans)
			}
			if tt.reject != "" && got.Undecodable[string(tt.reject)] != 1 || tt.reject == "" && len(got.Undecodable) > 0 {
				t.Errorf("got rejects %v, want one of %q", got.Undecodable, tt.reject)
			}
		})
	}
}

func TestOTLPOtherRequests(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	if code, _ := postOTLP(t, b, "/api/traces", "application/json", []byte("{}"), ""); code != http.StatusNotFound {
		t.Errorf("another path: got %d, want 404", code)
	}
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, "http://"+b.Addrs()[OTLPHTTP]+"/v1/traces", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := httpClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 405 || string(body) != "405 method not allowed, supported: [POST]" {
		t.Errorf("GET: got %d %q", resp.StatusCode, body)
	}
}
