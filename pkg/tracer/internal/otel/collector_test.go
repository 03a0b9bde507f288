package otel

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

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// OTLPCollector is an OTLP collector whose answers a test chooses.
type OTLPCollector struct {
	coltracepb.UnimplementedTraceServiceServer
	URL string

	mu       sync.Mutex
	Requests []*coltracepb.ExportTraceServiceRequest
	headers  []map[string][]string
}

// NewHTTPCollector answers over HTTP; answer gets the number of the request after
// it was read.
func NewHTTPCollector(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) *OTLPCollector {
	t.Helper()
	c := &OTLPCollector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := readBody(t, r)
		request := &coltracepb.ExportTraceServiceRequest{}
		if err := proto.Unmarshal(body, request); err != nil {
			t.Errorf("the request does not decode: %v", err)
		}
		answer(w, r, c.Record(request, r.Header))
	}))
	t.Cleanup(server.Close)
	c.URL = server.URL + "/v1/traces"
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

// Protobuf answers with the partial success, if there is one.
func Protobuf(t *testing.T, partial *coltracepb.ExportTracePartialSuccess) func(http.ResponseWriter, *http.Request, int) {
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
	*OTLPCollector
	answer func(n int) (*coltracepb.ExportTraceServiceResponse, error)
}

// NewGRPCCollector is NewHTTPCollector for gRPC.
func NewGRPCCollector(t *testing.T, answer func(n int) (*coltracepb.ExportTraceServiceResponse, error)) *OTLPCollector {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ServeGRPC(t, listener, answer)
}

// ServeGRPC serves OTLP on a listener until the end of the test.
func ServeGRPC(
	t *testing.T, listener net.Listener, answer func(n int) (*coltracepb.ExportTraceServiceResponse, error),
	opts ...grpc.ServerOption,
) *OTLPCollector {
	t.Helper()
	c := &OTLPCollector{URL: "grpc://" + listener.Addr().String()}
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

// Accept takes everything.
func Accept(int) (*coltracepb.ExportTraceServiceResponse, error) {
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

// TextOf returns attributes as text.
func TextOf(attributes []*commonpb.KeyValue) map[string]string {
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

// OtelConfig sends every span to url, when the tracer is closed.
func OtelConfig(url string) config.Config {
	cfg := testkit.UDPConfig(1)
	cfg.Tracer = config.TracerOTel
	cfg.Propagation = nil
	cfg.Reporter.Collector = config.Collector{Endpoint: url, User: "joe", Password: "hunter2"}
	cfg.Reporter.FlushInterval = time.Hour
	return cfg
}

// Record returns the number of the request, from 1.
func (c *OTLPCollector) Record(r *coltracepb.ExportTraceServiceRequest, header map[string][]string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Requests = append(c.Requests, r)
	c.headers = append(c.headers, header)
	return len(c.Requests)
}

// Count returns the number of requests so far.
func (c *OTLPCollector) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.Requests)
}

// Header returns a header of the first request.
func (c *OTLPCollector) Header(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.headers[0][name], ", ")
}

// Spans returns the spans of all requests by name.
func (c *OTLPCollector) Spans() map[string]*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := map[string]*tracepb.Span{}
	for _, r := range c.Requests {
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

func (c grpcCollector) Export(
	ctx context.Context, r *coltracepb.ExportTraceServiceRequest,
) (*coltracepb.ExportTraceServiceResponse, error) {
	header, _ := metadata.FromIncomingContext(ctx)
	return c.answer(c.Record(r, header))
}
