package graceful

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// serve runs handler until the test closes it.
func serve(t *testing.T, handler http.HandlerFunc) (*Server, string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return Serve(l, &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}), l.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A connection on which nothing was asked ends with the server.
func TestSilentConnection(t *testing.T) {
	t.Parallel()
	s, addr := serve(t, func(http.ResponseWriter, *http.Request) {})
	silent := dial(t, addr)
	asking := dial(t, addr) // connections are accepted in turn, so the silent one is known
	if _, err := io.WriteString(asking, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := asking.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	// net/http would wait for five seconds.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // Read's own
		t.Errorf("got %v, want the end of the connection", err)
	}
}

// A request that is being answered is answered to its end.
func TestRequestUnderWay(t *testing.T) {
	t.Parallel()
	begun, ending := make(chan struct{}), make(chan struct{})
	s, addr := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-ending
		_, _ = io.WriteString(w, "whole")
	})
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	over := make(chan error, 1)
	go func() { over <- s.Close(t.Context()) }()
	timer := time.NewTimer(2 * firstByte)
	defer timer.Stop()
	<-timer.C
	close(ending)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) < 5 || string(answer[len(answer)-5:]) != "whole" {
		t.Errorf("got %q, %v", answer, err)
	}
}
