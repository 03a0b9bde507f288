// Package graceful runs HTTP servers and stops them in time, without aborting a
// request. Start at Serve.
package graceful

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// firstByte is how long a new connection has for the first byte of its request when
// the server shuts down. A request that was sent is read sooner.
const firstByte = 100 * time.Millisecond

// Server is an HTTP server that serves until it is closed. It does not wait for
// connections without any request: a browser opens some in advance, and net/http waits
// five seconds for each.
type Server struct {
	server *http.Server
	failed chan error
	silent sync.Map // the connections without any request
}

// Serve serves on l until Close. It replaces the server's ConnState.
func Serve(l net.Listener, server *http.Server) *Server {
	s := &Server{server: server, failed: make(chan error, 1)}
	server.ConnState = s.note
	go func() {
		defer close(s.failed)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s
}

// Failed returns a channel that gets the error when serving ends without Close.
func (s *Server) Failed() <-chan error { return s.failed }

func (s *Server) note(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.silent.Store(conn, nil)
	} else {
		s.silent.Delete(conn)
	}
}

// Close accepts no more connections and waits for the requests in flight. Those that
// are not done when ctx ends are cut off, which is an error.
func (s *Server) Close(ctx context.Context) error {
	enough := time.AfterFunc(firstByte, s.closeSilent)
	defer enough.Stop()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop serving: requests in progress were cut off: %w", err), s.server.Close())
	}
	return errors.Join(err, <-s.failed)
}

func (s *Server) closeSilent() {
	for conn := range s.silent.Range {
		_ = conn.(net.Conn).Close()
	}
}
