// Package testkit has what the tests of the tracer's packages share: agents and
// collectors that keep what they receive, configurations, logs. Start at NewSink.
package testkit

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

// Eventually polls until ok holds, and fails the test if that takes too long.
func Eventually(t *testing.T, what string, ok func() bool) {
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

// ClosedPort returns a loopback UDP port that nothing listens on. It lies below
// the ports that the system hands out by itself.
func ClosedPort(t *testing.T) int {
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

// Logs collects what is logged.
type Logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Logger returns a logger that writes to l.
func (l *Logs) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Want fails the test if a line with all the parts is missing.
func (l *Logs) Want(t *testing.T, parts ...string) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
			return
		}
	}
	t.Errorf("no log line has %q, got:\n%s", parts, l)
}

// Counter is a metric that a test can read.
type Counter struct{ atomic.Int64 }

// Inc implements metrics.Counter.
func (c *Counter) Inc(delta int64) { c.Add(delta) }

// CloseTracer closes without hurry.
func CloseTracer(t *testing.T, tr interface {
	Close(ctx context.Context) error
},
) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// MakeSpans finishes n spans.
func MakeSpans(tr opentracing.Tracer, n int) {
	for range n {
		tr.StartSpan("work").Finish()
	}
}

// CheckBalance fails the test unless every finished span of stats, a tracer's Stats,
// is counted somewhere.
func CheckBalance(t *testing.T, stats any) {
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

// ListenTCP listens on a free loopback port.
func ListenTCP(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// ClosedTCP returns the address of a loopback port that nothing listens on.
func ClosedTCP(t *testing.T) string {
	t.Helper()
	listener := ListenTCP(t)
	_ = listener.Close()
	return listener.Addr().String()
}
