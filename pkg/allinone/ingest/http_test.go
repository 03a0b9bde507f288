package ingest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otdemo/otdemo/pkg/graceful"
)

// oneConn is a listener that has one connection to accept.
type oneConn struct {
	conns chan net.Conn
	once  sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	conn, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.conns) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

// A client that does not finish what it has begun is sent away in time.
func TestLimitsOfAServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       time.Duration
	}{
		{"nothing", "", HeaderTimeout},
		{"headers that do not end", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", HeaderTimeout},
		{"a body that does not end", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab", RequestTimeout},
		{"no further request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", idleTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
				}), slog.New(slog.DiscardHandler))
				l := &oneConn{conns: make(chan net.Conn, 1)}
				running := graceful.Serve(l, server)
				client, theirs := net.Pipe()
				l.conns <- theirs
				start := time.Now()
				go func() { _, _ = io.WriteString(client, tt.text) }()
				_, _ = io.Copy(io.Discard, client) // until it is closed
				if got := time.Since(start); got != tt.want {
					t.Errorf("the client was sent away after %v, want %v", got, tt.want)
				}
				_ = client.Close()
				if err := running.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
