package integration

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// datagram sends garbage to one of the UDP ports.
func (s *soak) datagram(ctx context.Context) {
	send(ctx, "udp", s.pick("agent-"), garbage(ctx))
	s.noise.Add(1)
}

// connection sends garbage to one of the TCP ports: bytes that are no protocol,
// requests that stall, bodies that are not what they say.
func (s *soak) connection(ctx context.Context) {
	defer s.noise.Add(1)
	anywhere := s.pick("collector-", "zipkin", "otlp-", "query", "sampling", "health")
	switch mathrand.IntN(4) {
	case 0:
		send(ctx, "tcp", anywhere, garbage(ctx))
	case 1:
		send(ctx, "tcp", anywhere, []byte("POST /api/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nslow"))
	case 2:
		post(ctx, "http://"+s.pick("collector-http")+"/api/traces", "application/x-thrift", "", garbage(ctx))
		post(ctx, "http://"+s.pick("zipkin")+"/api/v2/spans", "application/json", "", garbage(ctx))
		post(ctx, "http://"+s.pick("otlp-http")+"/v1/traces", "application/x-protobuf", "", garbage(ctx))
	default:
		post(ctx, "http://"+s.pick("otlp-http")+"/v1/traces", "application/json", "gzip", bomb())
		post(ctx, "http://"+s.pick("zipkin")+"/api/v2/spans", "application/json", "gzip", bomb())
	}
}

// send writes once and closes; the answer is of no interest, nor is a refusal.
func send(ctx context.Context, network, addr string, payload []byte) {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return
	}
	_, _ = conn.Write(payload)
	_ = conn.Close()
}

func post(ctx context.Context, url, contentType, encoding string, body []byte) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	if resp, err := client.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
		resp.Body.Close()
	}
}

// garbage returns a datagram that is none: noise, or a batch of a stranger that is
// cut or has some bytes changed. Some of these are batches still.
func garbage(ctx context.Context) []byte {
	noise := make([]byte, 1+mathrand.IntN(2000))
	_, _ = rand.Read(noise) // never fails
	batch := foreignBatch(ctx)
	switch mathrand.IntN(4) {
	case 0:
		return noise
	case 1:
		return batch[:mathrand.IntN(len(batch))]
	case 2:
		return append([]byte{0x82, 0x21, 0x00, 0x09}, append([]byte("emitBatch"), noise...)...)
	default:
		for range 1 + mathrand.IntN(8) {
			batch[mathrand.IntN(len(batch))] = noise[mathrand.IntN(len(noise))]
		}
		return batch
	}
}

// foreignBatch returns a batch in compact thrift of a client that is not counted.
func foreignBatch(ctx context.Context) []byte {
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: "stranger"}}
	for i := range 20 {
		batch.Spans = append(batch.Spans, &jaeger.Span{
			TraceIdLow: mathrand.Int64(), SpanId: int64(i + 1), OperationName: fmt.Sprint("op", i),
			StartTime: time.Now().UnixMicro(), Duration: 5,
		})
	}
	buf := thrift.NewTMemoryBuffer()
	client := agent.NewAgentClientFactory(buf, thrift.NewTCompactProtocolFactoryConf(nil))
	if err := client.EmitBatch(ctx, batch); err != nil {
		panic(err) // writing to memory fails on nil spans only
	}
	return buf.Bytes()
}

// bomb returns 16 MiB of blanks, packed into 16 KiB.
func bomb() []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(bytes.Repeat([]byte{' '}, 16<<20)) // to memory
	_ = w.Close()
	return buf.Bytes()
}
