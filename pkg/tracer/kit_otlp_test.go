package tracer

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/config"
)

// otlpCollector is an OTLP collector whose answers a test chooses.
type otlpCollector struct {
	coltracepb.UnimplementedTraceServiceServer
	url string

	mu       sync.Mutex
	requests []*coltracepb.ExportTraceServiceRequest
	headers  []map[string][]string
}

// newHTTPCollector answers over HTTP; answer gets the number of the request after
// it was read.
func newHTTPCollector(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) *otlpCollector {
	t.Helper()
	c := &otlpCollector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := readBody(t, r)
		request := &coltracepb.ExportTraceServiceRequest{}
		if err := proto.Unmarshal(body, request); err != nil {
			t.Errorf("the request does not decode: %v", err)
		}
		answer(w, r, c.record(request, r.Header))
	}))
	t.Cleanup(server.Close)
	c.url = server.URL + "/v1/traces"
	return c
}

func readBody(t *testing.T, r *http.Request) []byte {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		var plain io.Reader
		if plain, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(plain)
		}
	}
	if err != nil {
		t.Errorf("reading the request: %v", err)
	}
	return body
}

// protobuf answers with the partial success, if there is one.
func protobuf(t *testing.T, partial *coltracepb.ExportTracePartialSuccess) func(http.ResponseWriter, *http.Request, int) {
	t.Helper()
	body, err := proto.Marshal(&coltracepb.ExportTraceServiceResponse{PartialSuccess: partial})
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(body)
	}
}

// grpcCollector answers over gRPC.
type grpcCollector struct {
	*otlpCollector
	answer func(n int) (*coltracepb.ExportTraceServiceResponse, error)
}

func newGRPCCollector(t *testing.T, answer func(n int) (*coltracepb.ExportTraceServiceResponse, error)) *otlpCollector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveGRPC(t, listener, answer)
}

func serveGRPC(
	t *testing.T, listener net.Listener, answer func(n int) (*coltracepb.ExportTraceServiceResponse, error),
	opts ...grpc.ServerOption,
) *otlpCollector {
	t.Helper()
	c := &otlpCollector{url: "grpc://" + listener.Addr().String()}
	server := grpc.NewServer(opts...)
	coltracepb.RegisterTraceServiceServer(server, grpcCollector{c, answer})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return c
}

// accept takes everything.
func accept(int) (*coltracepb.ExportTraceServiceResponse, error) {
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

// textOf returns attributes as text.
func textOf(attributes []*commonpb.KeyValue) map[string]string {
	text := map[string]string{}
	for _, kv := range attributes {
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			text[kv.Key] = v.StringValue
		default:
			text[kv.Key] = kv.Value.String()
		}
	}
	return text
}

// otelConfig sends every span to url, when the tracer is closed.
func otelConfig(url string) config.Config {
	cfg := udpConfig(1)
	cfg.Tracer = config.TracerOTel
	cfg.Propagation = nil
	cfg.Reporter.Collector = config.Collector{Endpoint: url, User: "joe", Password: "hunter2"}
	cfg.Reporter.FlushInterval = time.Hour
	return cfg
}

// record returns the number of the request, from 1.
func (c *otlpCollector) record(r *coltracepb.ExportTraceServiceRequest, header map[string][]string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	c.headers = append(c.headers, header)
	return len(c.requests)
}

func (c *otlpCollector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.requests)
}

// header returns a header of the first request.
func (c *otlpCollector) header(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.headers[0][name], ", ")
}

// spans returns the spans of all requests by name.
func (c *otlpCollector) spans() map[string]*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := map[string]*tracepb.Span{}
	for _, r := range c.requests {
		for _, rs := range r.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				for _, span := range ss.Spans {
					spans[span.Name] = span
				}
			}
		}
	}
	return spans
}

// Export implements coltracepb.TraceServiceServer.
func (c grpcCollector) Export(
	ctx context.Context, r *coltracepb.ExportTraceServiceRequest,
) (*coltracepb.ExportTraceServiceResponse, error) {
	header, _ := metadata.FromIncomingContext(ctx)
	return c.answer(c.record(r, header))
}
