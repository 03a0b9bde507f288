package allinone

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"syscall"
)

// ListenError is a port that could not be had.
type ListenError struct {
	// Name is the listener's, as in Listeners.
	Name string
	// Network is udp or tcp, Addr the host:port that was asked for.
	Network, Addr string
	// Holder is the program that has the port, as "jaeger (pid 12)"; "" when that
	// cannot be told.
	Holder string
	Err    error
}

// Error names the listener and the holder; the system's words name the address.
func (e *ListenError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("%s port: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s port: %v by %s", e.Name, e.Err, e.Holder)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// sockets are all that a backend listens on, by the listener's name.
type sockets struct {
	udp map[string]*net.UDPConn
	tcp map[string]net.Listener
}

// listen opens every socket or none. The error joins a *ListenError for each one
// that could not be had.
func listen(opts Options) (sockets, error) {
	s := sockets{udp: make(map[string]*net.UDPConn), tcp: make(map[string]net.Listener)}
	var faults []error
	for _, l := range Listeners() {
		port := opts.Ports[l.Name]
		if port == Off {
			continue
		}
		addr := net.JoinHostPort(opts.Host, strconv.Itoa(port))
		if err := s.open(l, addr); err != nil {
			fault := &ListenError{Name: l.Name, Network: l.Network, Addr: addr, Err: err}
			if errors.Is(err, syscall.EADDRINUSE) {
				fault.Holder = holder(l.Network, addr)
			}
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		s.close()
		return sockets{}, errors.Join(faults...)
	}
	return s, nil
}

func (s *sockets) open(l Listener, addr string) error {
	ctx := context.Background() // only name resolution waits; the host is an address as a rule
	var config net.ListenConfig
	if l.Network == "udp" {
		conn, err := config.ListenPacket(ctx, l.Network, addr)
		if err == nil {
			s.udp[l.Name] = conn.(*net.UDPConn)
		}
		return err
	}
	tcp, err := config.Listen(ctx, l.Network, addr)
	if err == nil {
		s.tcp[l.Name] = tcp
	}
	return err
}

// close gives back the sockets that are open, when a backend cannot start.
func (s *sockets) close() {
	for _, conn := range s.udp {
		_ = conn.Close()
	}
	for _, l := range s.tcp {
		_ = l.Close()
	}
}

func (s *sockets) addrs() map[string]string {
	addrs := make(map[string]string)
	for name, conn := range s.udp {
		addrs[name] = conn.LocalAddr().String()
	}
	for name, l := range s.tcp {
		addrs[name] = l.Addr().String()
	}
	return addrs
}

// checkPorts refuses ports of listeners that do not exist, which would be mistyped
// names.
func checkPorts(ports map[string]int) error {
	unknown := maps.Clone(ports)
	for _, l := range Listeners() {
		delete(unknown, l.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		return fmt.Errorf("no listener is called %q", name)
	}
	return nil
}
