package allinone

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/transport"
	zipkintransport "github.com/uber/jaeger-client-go/transport/zipkin"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

const (
	thriftType = "application/x-thrift"
	jsonType   = "application/json"
)

// jaeger-client-go's own senders over HTTP are understood, and their traces come
// back.
func TestJaegerClientOverHTTP(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	zipkin, err := zipkintransport.NewHTTPTransport("http://" + b.Addrs()[Zipkin] + "/api/v1/spans")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		listener string
		sender   jaeger.Transport
	}{
		{CollectorHTTP, transport.NewHTTPTransport("http://" + b.Addrs()[CollectorHTTP] + "/api/traces")},
		{Zipkin, zipkin},
	}
	for _, tt := range tests {
		t.Run(tt.listener, func(t *testing.T) {
			t.Parallel()
			service := "svc-" + tt.listener
			tracer, closer := jaeger.NewTracer(service, jaeger.NewConstSampler(true), jaeger.NewRemoteReporter(tt.sender))
			span := tracer.StartSpan("op")
			span.SetTag("n", 5)
			span.Finish()
			if err := closer.Close(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, b, func(s loss.Account) bool { return s.Listeners[tt.listener].Spans == 1 })
			got := traces(t, b, "/api/traces/"+span.Context().(jaeger.SpanContext).TraceID().String())
			if len(got) != 1 || len(got[0].Spans) != 1 {
				t.Fatalf("got %+v, want one trace of one span", got)
			}
			if s := got[0].Spans[0]; s.Service() != service || s.Operation != "op" {
				t.Errorf("got %s: %s, want %s: op", s.Service(), s.Operation, service)
			}
			if n, _ := got[0].Spans[0].Tag("n"); n.String() != "5" {
				t.Errorf("got tag n %s, want 5", n)
			}
		})
	}
}

// Batches sent in the binary protocol are accounted by client, as others are.
func TestGapsOnTheBinaryPort(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dialTo(t, b, "udp", AgentBinary)
	for _, seq := range []int64{1, 4} {
		batch := wiretest.Batch("svc", int(seq), 1)
		batch.SeqNo = &seq
		send(t, conn, wiretest.Binary(batch))
	}
	closeBackend(t, b)
	if got := b.Stats().Totals.BatchesMissing; got != 2 {
		t.Errorf("got %d batches missing, want 2", got)
	}
}

func zipped(content []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(content) // to memory
	_ = w.Close()
	return buf.Bytes()
}

// What Jaeger 1.62 was measured to answer; that gzip is unpacked is Jaeger 2's.
func TestCollectorAnswers(t *testing.T) {
	t.Parallel()
	good := wiretest.Body(wiretest.Batch("svc", 1, 3))
	const unread = "Unable to process request body: "
	tests := []struct {
		name, method, path, contentType, encoding string
		body                                      []byte
		want                                      answer
		reason                                    ingest.Reason
	}{
		{"good", "POST", "/api/traces", thriftType, "", good, answer{202, ""}, ""},
		{"with format", "POST", "/api/traces?format=jaeger.thrift", thriftType, "", good, answer{202, ""}, ""},
		{"other type", "POST", "/api/traces", "application/vnd.apache.thrift.binary; charset=x", "", good, answer{202, ""}, ""},
		{"gzip", "POST", "/api/traces", thriftType, "gzip", zipped(good), answer{202, ""}, ""},
		{"text", "POST", "/api/traces", thriftType, "", []byte("this is not thrift"), answer{400, unread + "Unknown data type 116\n"}, ingest.Malformed},
		{"empty", "POST", "/api/traces", thriftType, "", nil, answer{400, unread + "*jaeger.Batch field 0 read error: EOF\n"}, ingest.Truncated},
		{"one zero", "POST", "/api/traces", thriftType, "", []byte{0}, answer{400, unread + "Required field Process is not set\n"}, ingest.Incomplete},
		{"no gzip", "POST", "/api/traces", thriftType, "gzip", good, answer{415, unread + "the content encoding is not supported, only gzip is (gzip: invalid header)\n"}, ingest.Encoding},
		{"cut gzip", "POST", "/api/traces", thriftType, "gzip", zipped(good)[:40], answer{400, unread + "the body could not be read to its end (unexpected EOF)\n"}, ingest.Unreadable},
		{"other packing", "POST", "/api/traces", thriftType, "br", good, answer{415, unread + "the content encoding is not supported, only gzip is (br)\n"}, ingest.Encoding},
		{"too large", "POST", "/api/traces", thriftType, "", make([]byte, ingest.MaxBody+1), answer{413, unread + "the body is too large: send smaller batches\n"}, ingest.TooLarge},
		{"gzip bomb", "POST", "/api/traces", thriftType, "gzip", zipped(make([]byte, 10*ingest.MaxBody)), answer{413, unread + "the body is too large: send smaller batches\n"}, ingest.TooLarge},
		{"JSON", "POST", "/api/traces", jsonType, "", []byte("{}"), answer{400, "Unsupported content type: application/json\n"}, ingest.ContentType},
		{"no type", "POST", "/api/traces", "", "", good, answer{400, "Cannot parse content type: mime: no media type\n"}, ingest.ContentType},
		{"get", "GET", "/api/traces", "", "", nil, answer{405, ""}, ""},
		{"root", "POST", "/", thriftType, "", good, answer{404, "404 page not found\n"}, ingest.Misdirected},
		{"slash too many", "POST", "/api/traces/", thriftType, "", good, answer{404, "404 page not found\n"}, ingest.Misdirected},
		{"wrong path", "GET", "/wrong", "", "", nil, answer{404, "404 page not found\n"}, ""},
		{"sampling", "GET", "/api/sampling?service=x", "", "", nil, answer{200, `{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			headers := []string{"Content-Type", tt.contentType, "Content-Encoding", tt.encoding}
			got := request(t, b, CollectorHTTP, tt.method, tt.path, bytes.NewReader(tt.body), headers...)
			if got != tt.want {
				t.Errorf("got %d %q, want %d %q", got.Status, got.Body, tt.want.Status, tt.want.Body)
			}
			checkAccount(t, b, CollectorHTTP, tt.want.Status == 202, tt.reason)
		})
	}
}

// checkAccount expects three spans of one batch, or one reject, or nothing.
func checkAccount(t *testing.T, b *Backend, listener string, accepted bool, reason ingest.Reason) {
	t.Helper()
	stats := b.Stats()
	l := stats.Listeners[listener]
	if accepted != (l.Batches == 1) || accepted != (stats.Store.Spans == 3) {
		t.Errorf("got %d batches and %d spans stored, want them accepted: %v", l.Batches, stats.Store.Spans, accepted)
	}
	if reason == "" {
		if n := stats.UndecodableTotal(); n != 0 {
			t.Errorf("got rejects %v, want none", l.Undecodable)
		}
	} else if l.Undecodable[string(reason)] != 1 || stats.UndecodableTotal() != 1 || stats.Lossless() {
		t.Errorf("got rejects %v, lossless %v, want one for %q", l.Undecodable, stats.Lossless(), reason)
	}
}

func TestZipkinAnswers(t *testing.T) {
	t.Parallel()
	thrift := wiretest.ZipkinBody(wiretest.ZipkinSpans("svc", 1, 3)...)
	span := `{"traceId":"a","id":"b","localEndpoint":{"serviceName":"svc"}}`
	json := []byte("[" + span + "," + span + "," + span + "]")
	tests := []struct {
		name, method, path, contentType, encoding string
		body                                      []byte
		want                                      answer
		reason                                    ingest.Reason
	}{
		{"v2 JSON", "POST", "/api/v2/spans", jsonType, "", json, answer{202, ""}, ""},
		{"v2 without a type", "POST", "/api/v2/spans", "", "", json, answer{202, ""}, ""},
		{"v2 gzip", "POST", "/api/v2/spans", jsonType, "gzip", zipped(json), answer{202, ""}, ""},
		{"v1 thrift", "POST", "/api/v1/spans", thriftType, "", thrift, answer{202, ""}, ""},
		{"v1 JSON", "POST", "/api/v1/spans", jsonType, "", json, answer{202, ""}, ""},
		{"v2 text", "POST", "/api/v2/spans", jsonType, "", []byte("hello"), answer{400, "invalid character 'h' looking for beginning of value\n"}, ingest.Malformed},
		{"v2 cut", "POST", "/api/v2/spans", jsonType, "", json[:20], answer{400, "unexpected end of JSON input\n"}, ingest.Truncated},
		{"v2 thrift", "POST", "/api/v2/spans", thriftType, "", thrift, answer{400, "the content type is not supported (application/x-thrift)\n"}, ingest.ContentType},
		{"v2 protobuf", "POST", "/api/v2/spans", "application/x-protobuf", "", nil, answer{400, "the content type is not supported (application/x-protobuf)\n"}, ingest.ContentType},
		{"v2 too large", "POST", "/api/v2/spans", jsonType, "", bytes.Repeat([]byte(" "), ingest.MaxBody+1), answer{413, "the body is too large: send smaller batches\n"}, ingest.TooLarge},
		{"get", "GET", "/api/v2/spans", "", "", nil, answer{405, ""}, ""},
		{"Jaeger's path", "POST", "/api/traces", thriftType, "", thrift, answer{404, "404 page not found\n"}, ingest.Misdirected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			headers := []string{"Content-Type", tt.contentType, "Content-Encoding", tt.encoding}
			got := request(t, b, Zipkin, tt.method, tt.path, bytes.NewReader(tt.body), headers...)
			if got != tt.want {
				t.Errorf("got %d %q, want %d %q", got.Status, got.Body, tt.want.Status, tt.want.Body)
			}
			checkAccount(t, b, Zipkin, tt.want.Status == 202, tt.reason)
		})
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// FuzzUpload posts what the fuzzer makes to each of the receivers of thrift and
// Zipkin over HTTP: it is stored, or refused and counted.
func FuzzUpload(f *testing.F) {
	f.Add(wiretest.Body(wiretest.Batch("svc", 1, 3)))
	f.Add(wiretest.ZipkinBody(wiretest.ZipkinSpans("svc", 1, 3)...))
	f.Add([]byte(`[{"traceId":"a","id":"b","localEndpoint":{"serviceName":"svc"},"annotations":[{"timestamp":1,"value":"e"}]}]`))
	f.Add(zipped([]byte("x")))
	b := start(f, Options{MaxMemory: minMaxMemory})
	targets := []struct{ listener, path, contentType, encoding string }{
		{CollectorHTTP, "/api/traces", thriftType, ""},
		{CollectorHTTP, "/api/traces", thriftType, "gzip"},
		{Zipkin, "/api/v1/spans", thriftType, ""},
		{Zipkin, "/api/v1/spans", jsonType, ""},
		{Zipkin, "/api/v2/spans", jsonType, ""},
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, to := range targets {
			before := b.Stats()
			got := request(t, b, to.listener, "POST", to.path, bytes.NewReader(content),
				"Content-Type", to.contentType, "Content-Encoding", to.encoding)
			after := b.Stats()
			stored, refused := after.Batches-before.Batches, after.UndecodableTotal()-before.UndecodableTotal()
			if stored+refused != 1 || (got.Status == 202) != (stored == 1) {
				t.Errorf("%s: %d %q, %d stored and %d refused", to.path, got.Status, got.Body, stored, refused)
			}
			if after.Listeners[to.listener].Undecodable[string(ingest.Panicked)] > 0 {
				t.Errorf("%s: the decoder panicked", to.path)
			}
		}
	})
}
