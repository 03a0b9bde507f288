package testkit

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// Packet is a datagram as an agent sees it.
type Packet struct {
	Size  int
	Batch *j.Batch
}

// Sink is an agent's UDP port that decodes what arrives with the generated code.
type Sink struct {
	Conn *net.UDPConn
	done chan struct{}

	mu      sync.Mutex
	packets []Packet
	errs    []error
}

// NewSink listens on a loopback port; 0 is any free one.
func NewSink(t *testing.T, port int) *Sink {
	t.Helper()
	return NewSinkAt(t, "127.0.0.1", port)
}

// NewSinkAt is NewSink for another address.
func NewSinkAt(t *testing.T, host string, port int) *Sink {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	s := &Sink{Conn: conn, done: make(chan struct{})}
	go s.run()
	t.Cleanup(s.Close)
	return s
}

// DecodePacket decodes a datagram with the generated code.
func DecodePacket(data []byte) (Packet, error) {
	buf := thrift.NewTMemoryBuffer()
	buf.Write(data)
	proto := thrift.NewTCompactProtocolConf(buf, nil)
	ctx := context.Background()
	name, kind, _, err := proto.ReadMessageBegin(ctx)
	if err != nil {
		return Packet{}, err
	}
	if name != "emitBatch" || kind != thrift.CALL {
		return Packet{}, errors.New("unexpected message " + name)
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, proto); err != nil {
		return Packet{}, err
	}
	if args.Batch == nil || len(args.Batch.Spans) == 0 {
		return Packet{}, errors.New("a batch without spans crashes real agents")
	}
	if buf.Len() > 0 {
		return Packet{}, errors.New("bytes after the message")
	}
	return Packet{Size: len(data), Batch: args.Batch}, nil
}

func (s *Sink) run() {
	defer close(s.done)
	buf := make([]byte, 1<<16)
	for {
		n, err := s.Conn.Read(buf)
		if err != nil {
			return
		}
		p, err := DecodePacket(buf[:n])
		s.mu.Lock()
		s.packets = append(s.packets, p)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		s.mu.Unlock()
	}
}

// Close stops listening.
func (s *Sink) Close() {
	_ = s.Conn.Close()
	<-s.done
}

// Port returns the port.
func (s *Sink) Port() int { return s.Conn.LocalAddr().(*net.UDPAddr).Port }

// Received returns the datagrams so far.
func (s *Sink) Received() []Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.packets)
}

// Spans returns what arrived, by span id, and fails the test on a datagram that
// does not decode and on a span that came twice.
func (s *Sink) Spans(t *testing.T) map[int64]*j.Span {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) > 0 {
		t.Fatalf("a datagram does not decode: %v", s.errs[0])
	}
	spans := map[int64]*j.Span{}
	for _, p := range s.packets {
		for _, span := range p.Batch.Spans {
			if spans[span.SpanId] != nil {
				t.Fatalf("span %x came twice", span.SpanId)
			}
			spans[span.SpanId] = span
		}
	}
	return spans
}

// NewSpans makes n finished spans that no reporter has seen.
func NewSpans(n int) []*jaeger.Span {
	tr, _ := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter())
	spans := make([]*jaeger.Span, n)
	for i := range spans {
		spans[i] = tr.StartSpan("work").(*jaeger.Span)
		spans[i].Finish()
	}
	return spans
}

// ClientSpan is a span as nethttp makes it for a request: six tags, two logs.
func ClientSpan() *jaeger.Span {
	tr, _ := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter())
	root := tr.StartSpan("call")
	span := tr.StartSpan("HTTP GET", opentracing.ChildOf(root.Context()))
	ext.SpanKindRPCClient.Set(span)
	ext.Component.Set(span, "net/http")
	ext.HTTPMethod.Set(span, "GET")
	ext.HTTPUrl.Set(span, "http://localhost:8000/gettime")
	ext.HTTPStatusCode.Set(span, 200)
	ext.PeerAddress.Set(span, "localhost:8000")
	span.LogFields(log.String("event", "GetConn"))
	span.LogFields(log.String("event", "GotFirstResponseByte"))
	span.Finish()
	return span.(*jaeger.Span)
}

// BlackHole is a UDP port that reads and forgets. Its receive buffer is that of
// "otdemo all-in-one": our transport waits for a full one, the library's does not.
func BlackHole(tb testing.TB) int {
	tb.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}()
	tb.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// Median returns the median of times, which it sorts.
func Median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
