package tracer

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
)

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

// closeTracer closes without hurry.
func closeTracer(t *testing.T, tr interface {
	Close(ctx context.Context) error
}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// makeSpans finishes n spans.
func makeSpans(tr opentracing.Tracer, n int) {
	for range n {
		tr.StartSpan("work").Finish()
	}
}

// CheckBalance fails the test unless every finished span of stats, a tracer's Stats,
// is counted somewhere.
func checkBalance(t *testing.T, stats any) {
	t.Helper()
	raw, err := json.Marshal(stats)
	if err != nil {
		t.Fatal(err)
	}
	s := map[string]int64{}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	sum := s["queued"] + s["dropped"] + s["too_large"] + s["refused"] + s["failed"] + s["sent"] + s["after_close"]
	if s["finished"] != sum {
		t.Errorf("finished %d, but found %d: %s", s["finished"], sum, raw)
	}
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// closedTCP returns the address of a loopback port that nothing listens on.
func closedTCP(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
