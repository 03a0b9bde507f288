package testkit

import (
	"io"
	"log"
	"net"
	"runtime"
	"sync"
	"testing"

	"sourcegraph.com/sourcegraph/appdash"
)

// collectFunc implements appdash.Collector.
type collectFunc func(appdash.SpanID, ...appdash.Annotation) error

// StartAppdash returns the address of a collector that the end of the test ends.
func StartAppdash(t *testing.T, listener net.Listener, breaks bool, collect collectFunc) string {
	t.Helper()
	l := &connListener{Listener: listener, breaks: breaks}
	server := appdash.NewServer(l, collect)
	server.Log = log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Start()
	}()
	t.Cleanup(func() { l.close(); <-done })
	return listener.Addr().String()
}

// connListener ends what Appdash's server has no end for: its goroutine, and its
// connections.
type connListener struct {
	net.Listener
	breaks bool

	mu    sync.Mutex
	conns []net.Conn
}

func (f collectFunc) Collect(span appdash.SpanID, list ...appdash.Annotation) error {
	return f(span, list...)
}

func (l *connListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			runtime.Goexit()
		}
		if l.breaks {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, conn)
		l.mu.Unlock()
		return conn, nil
	}
}

func (l *connListener) close() {
	_ = l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		_ = conn.Close()
	}
}
