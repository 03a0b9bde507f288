// Package graceful ends HTTP servers in time, and without cutting off a request.
// Start at Wrap.
package graceful

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// firstByte is how long a connection that was just made may take for the first byte
// of its request once the server is to end. A request that was sent is read sooner.
const firstByte = 100 * time.Millisecond

// Server is an HTTP server whose Shutdown does not wait for connections on which
// nothing was ever asked. A browser keeps some ready, and net/http gives each of them
// five seconds.
type Server struct {
	*http.Server
	mu     sync.Mutex
	silent map[net.Conn]struct{}
}

// Wrap returns server as one that ends in time. It takes the server's ConnState.
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

// Shutdown accepts no more connections and waits for answers that are under way, until
// ctx ends; see http.Server.Shutdown.
func (s *Server) Shutdown(ctx context.Context) error {
	enough := time.AfterFunc(firstByte, s.closeSilent)
	defer enough.Stop()
	return s.Server.Shutdown(ctx) //nolint:wrapcheck // it is that method
}

// closeSilent ends the connections on which nothing has come.
func (s *Server) closeSilent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.silent {
		_ = conn.Close()
	}
}
