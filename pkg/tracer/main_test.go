package tracer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	j "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/pkg/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eventually polls until ok holds, and fails the test if that takes too long.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("timed out waiting: %s", what)
		}
	}
}

// closedPort returns a loopback UDP port that nothing listens on. It lies below
// the ports that the system hands out by itself.
func closedPort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(20000)
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err == nil {
			_ = conn.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// packet is a datagram as an agent sees it.
type packet struct {
	size  int
	seqID int32
	batch *j.Batch
}

// sink is an agent's UDP port that decodes what arrives with the generated code.
type sink struct {
	conn *net.UDPConn
	done chan struct{}

	mu      sync.Mutex
	packets []packet
	errs    []error
}

func newSink(t *testing.T, port int) *sink {
	t.Helper()
	return newSinkAt(t, "127.0.0.1", port)
}

func newSinkAt(t *testing.T, host string, port int) *sink {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	s := &sink{conn: conn, done: make(chan struct{})}
	go s.run()
	t.Cleanup(s.close)
	return s
}

func (s *sink) run() {
	defer close(s.done)
	buf := make([]byte, 1<<16)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		p, err := decodePacket(buf[:n])
		s.mu.Lock()
		s.packets = append(s.packets, p)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		s.mu.Unlock()
	}
}

func (s *sink) close() {
	_ = s.conn.Close()
	<-s.done
}

func (s *sink) port() int { return s.conn.LocalAddr().(*net.UDPAddr).Port }

func (s *sink) received() []packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.packets)
}

// spans returns what arrived, by span id, and fails the test on a datagram that
// does not decode and on a span that came twice.
func (s *sink) spans(t *testing.T) map[int64]*j.Span {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) > 0 {
		t.Fatalf("a datagram does not decode: %v", s.errs[0])
	}
	spans := map[int64]*j.Span{}
	for _, p := range s.packets {
		for _, span := range p.batch.Spans {
			if spans[span.SpanId] != nil {
				t.Fatalf("span %x came twice", span.SpanId)
			}
			spans[span.SpanId] = span
		}
	}
	return spans
}

func decodePacket(data []byte) (packet, error) {
	buf := thrift.NewTMemoryBuffer()
	buf.Write(data)
	proto := thrift.NewTCompactProtocolConf(buf, nil)
	ctx := context.Background()
	name, kind, seqID, err := proto.ReadMessageBegin(ctx)
	if err != nil {
		return packet{}, err
	}
	if name != "emitBatch" || kind != thrift.CALL {
		return packet{}, errors.New("unexpected message " + name)
	}
	var args agent.AgentEmitBatchArgs
	if err := args.Read(ctx, proto); err != nil {
		return packet{}, err
	}
	if args.Batch == nil || len(args.Batch.Spans) == 0 {
		return packet{}, errors.New("a batch without spans crashes real agents")
	}
	if buf.Len() > 0 {
		return packet{}, errors.New("bytes after the message")
	}
	return packet{size: len(data), seqID: seqID, batch: args.Batch}, nil
}

// logs collects what is logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// want fails the test if a line with all the parts is missing.
func (l *logs) want(t *testing.T, parts ...string) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
			return
		}
	}
	t.Errorf("no log line has %q, got:\n%s", parts, l)
}

// counter is a metric that a test can read.
type counter struct{ atomic.Int64 }

func (c *counter) Inc(delta int64) { c.Add(delta) }

// udpConfig sends every span to an agent on a loopback port, soon.
func udpConfig(port int) config.Config {
	cfg := config.Defaults()
	cfg.Service = "shop"
	cfg.Reporter.Agent.Host = "127.0.0.1"
	cfg.Reporter.Agent.Port = port
	cfg.Reporter.FlushInterval = 5 * time.Millisecond
	return cfg
}

func newTracer(t *testing.T, cfg config.Config) (*Tracer, *logs) {
	t.Helper()
	l := &logs{}
	tr, err := New(cfg, Options{Logger: l.logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTracer(t, tr) })
	return tr, l
}

// closeTracer closes without hurry.
func closeTracer(t *testing.T, tr *Tracer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// makeSpans finishes n spans.
func makeSpans(tr *Tracer, n int) {
	for range n {
		tr.StartSpan("work").Finish()
	}
}

// checkBalance fails the test unless every finished span stands somewhere.
func checkBalance(t *testing.T, s Stats) {
	t.Helper()
	sum := s.Queued + s.Dropped + s.TooLarge + s.Refused + s.Failed + s.Sent + s.AfterClose
	if s.Finished != sum {
		t.Errorf("the books do not close: finished %d, found %d: %+v", s.Finished, sum, s)
	}
}
