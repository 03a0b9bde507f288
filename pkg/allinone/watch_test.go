package allinone

import (
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
)

// Whoever speaks something else than HTTP is told of in the log; on a port for
// spans it counts as a loss.
func TestWrongProtocolOnHTTPPorts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, listener, first string
		reason                ingest.Reason
		counts                bool
	}{
		{"TLS to the collector", CollectorHTTP, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", ingest.TLS, true},
		{"TLS to the page", Query, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", ingest.TLS, false},
		{"gRPC to the collector", CollectorHTTP, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ingest.HTTP2, true},
		{"thrift to Zipkin", Zipkin, string(wiretest.Compact(wiretest.Batch("s", 1, 1))), thrift.CompactThrift, true},
		{"noise to health", Health, "\x00\x01\x02", ingest.Foreign, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logBook
			b := start(t, Options{Logger: log.logger()})
			conn := dialTo(t, b, "tcp", tt.listener)
			send(t, conn, []byte(tt.first))
			_ = conn.Close()
			request(t, b, tt.listener, "GET", "/", nil) // connections are accepted in turn
			closeBackend(t, b)
			lines := log.lines(t, "no batch of spans")
			if len(lines) != 1 || lines[0]["reason"] != string(tt.reason) || lines[0]["listener"] != tt.listener || lines[0]["from"] != "127.0.0.1" {
				t.Errorf("got lines %v, want one about %q on %s", lines, tt.reason, tt.listener)
			}
			stats := b.Stats()
			if got := stats.Listeners[tt.listener].Undecodable[string(tt.reason)] == 1; got != tt.counts || stats.Lossless() == tt.counts {
				t.Errorf("counted %v, lossless %v, want counted %v", got, stats.Lossless(), tt.counts)
			}
		})
	}
}

// Spans that are posted to a port that does not accept them are counted, whatever
// it answers, and the log says where they belong.
func TestMisdirectedSpans(t *testing.T) {
	t.Parallel()
	tests := []struct {
		listener, path, contentType, belongs string
	}{
		{Query, "/api/traces", thriftType, CollectorHTTP},
		{Health, "/api/traces", thriftType, CollectorHTTP},
		{Sampling, "/api/v2/spans", jsonType, Zipkin},
		{CollectorHTTP, "/v1/traces", "application/x-protobuf", OTLPHTTP},
		{Query, "/", thriftType, ""},
		{OTLPHTTP, "/api/v2/spans", jsonType, Zipkin},
		{OTLPHTTP, "/nowhere", thriftType, ""},
		{OTLPGRPC, "/v1/traces", "application/x-protobuf", OTLPHTTP},
		{CollectorGRPC, "/api/traces", thriftType, CollectorHTTP},
		{CollectorHTTP, "/jaeger.api_v2.CollectorService/PostSpans", "application/grpc", CollectorGRPC},
	}
	for _, tt := range tests {
		t.Run(tt.listener+tt.path, func(t *testing.T) {
			t.Parallel()
			var log logBook
			b := start(t, Options{Logger: log.logger()})
			for range 2 {
				request(t, b, tt.listener, "POST", tt.path, strings.NewReader("spans"), "Content-Type", tt.contentType)
			}
			if got := b.Stats().Listeners[tt.listener].Undecodable[string(ingest.Misdirected)]; got != 2 {
				t.Errorf("got %d misdirected, want 2", got)
			}
			lines := log.lines(t, "no batch of spans")
			if len(lines) != 1 {
				t.Fatalf("got %d lines, want one", len(lines))
			}
			if text := lines[0]["error"].(string); tt.belongs != "" && !strings.Contains(text, "belongs on "+b.Addrs()[tt.belongs]) {
				t.Errorf("got %q, want it to name %s", text, b.Addrs()[tt.belongs])
			}
		})
	}
}

// Asking is no mistake.
func TestRequestsThatAreNoSpans(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	request(t, b, Query, "POST", "/api/transform", strings.NewReader("{}"), "Content-Type", jsonType)
	request(t, b, Query, "GET", "/api/traces?service=x", nil)
	request(t, b, Health, "POST", "/", nil)
	if stats := b.Stats(); !stats.Lossless() {
		t.Errorf("got stats %+v, want no loss", stats)
	}
}
