package allinone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// ListenError is a port that could not be had.
type ListenError struct {
	// Name is the listener's: AgentCompact, Query or Sampling.
	Name string
	// Network is udp or tcp, Addr the host:port that was asked for.
	Network, Addr string
	Err           error
}

// Error names the listener; the system's words name the address.
func (e *ListenError) Error() string { return fmt.Sprintf("%s port: %v", e.Name, e.Err) }

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// sockets are all that a backend listens on.
type sockets struct {
	agent           *net.UDPConn
	query, sampling net.Listener
}

// listen opens every socket or none. The error joins a *ListenError for each one
// that could not be had.
func listen(opts Options) (sockets, error) {
	var s sockets
	var faults []error
	ctx := context.Background() // only name resolution waits; the host is an address as a rule
	var config net.ListenConfig

	addr := hostPort(opts.Host, opts.AgentPort)
	if conn, err := config.ListenPacket(ctx, "udp", addr); err != nil {
		faults = append(faults, &ListenError{Name: AgentCompact, Network: "udp", Addr: addr, Err: err})
	} else {
		s.agent = conn.(*net.UDPConn)
	}
	tcp := func(name string, port int) net.Listener {
		addr := hostPort(opts.Host, port)
		l, err := config.Listen(ctx, "tcp", addr)
		if err != nil {
			faults = append(faults, &ListenError{Name: name, Network: "tcp", Addr: addr, Err: err})
			return nil
		}
		return l
	}
	s.query = tcp(Query, opts.QueryPort)
	s.sampling = tcp(Sampling, opts.SamplingPort)
	if len(faults) > 0 {
		s.close()
		return sockets{}, errors.Join(faults...)
	}
	return s, nil
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// close gives back the sockets that are open, when a backend cannot start.
func (s *sockets) close() {
	if s.agent != nil {
		_ = s.agent.Close()
	}
	for _, l := range []net.Listener{s.query, s.sampling} {
		if l != nil {
			_ = l.Close()
		}
	}
}

func (s *sockets) addrs() map[string]string {
	return map[string]string{
		AgentCompact: s.agent.LocalAddr().String(),
		Query:        s.query.Addr().String(),
		Sampling:     s.sampling.Addr().String(),
	}
}
