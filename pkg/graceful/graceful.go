// Package graceful stops HTTP servers in time, without aborting a request.
// Start at Wrap.
package graceful

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// firstByte is how long a new connection has for the first byte of its request when
// the server shuts down. A request that was sent is read sooner.
const firstByte = 100 * time.Millisecond

// Server is an HTTP server whose Shutdown does not wait for connections without any
// request. A browser opens some in advance, and net/http waits five seconds for each.
type Server struct {
	*http.Server
	mu     sync.Mutex
	silent map[net.Conn]struct{}
}

// Wrap returns server with such a Shutdown. It replaces the server's ConnState.
func Wrap(server *http.Server) *Server {
	s := &Server{Server: server, silent: make(map[net.Conn]struct{})}
	server.ConnState = s.note
	return s
}

func (s *Server) note(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.silent[conn] = struct{}{}
	} else {
		delete(s.silent, conn)
	}
}

// Shutdown accepts no more connections and waits for the requests in flight until ctx
// ends; see http.Server.Shutdown.
func (s *Server) Shutdown(ctx context.Context) error {
	enough := time.AfterFunc(firstByte, s.closeSilent)
	defer enough.Stop()
	return s.Server.Shutdown(ctx) //nolint:wrapcheck // it is that method
}

// closeSilent closes the connections on which nothing was received.
func (s *Server) closeSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.silent {
		_ = conn.Close()
	}
}
