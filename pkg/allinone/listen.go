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

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// ListenError is a port that could not be opened.
type ListenError struct {
	// Name is the listener's, as in Listeners.
	Name string
	// Network is udp or tcp, Addr the requested host:port.
	Network, Addr string
	// Holder is the program that has the port, as "jaeger (pid 12)"; "" if
	// unknown.
	Holder string
	Err    error
}

// Error names the listener and the holder; the system's words name the address.
func (e *ListenError) Error() string {
	text := fmt.Sprintf("%s port: %v", e.Name, e.Err)
	if e.Holder != "" {
		text += " by " + e.Holder
	}
	return text
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// listen opens every socket or none, by the name of the listener. The error joins a
// *ListenError for each one that could not be opened.
func listen(opts Options) (map[string]ingest.Socket, error) {
	all := make(map[string]ingest.Socket)
	var faults []error
	for _, l := range Listeners() {
		port := opts.Ports[l.Name]
		if port == Off {
			continue
		}
		socket, err := open(l, opts.Host, port)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all[l.Name] = socket
	}
	if len(faults) > 0 {
		for _, s := range all {
			_ = s.Close()
		}
	}
	return all, errors.Join(faults...)
}

// open opens the socket of a listener. The error is a *ListenError.
func open(l Listener, host string, port int) (s ingest.Socket, err error) {
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	ctx := context.Background() // only name resolution waits; the host is usually an address
	var config net.ListenConfig
	if l.Network == "udp" {
		var conn net.PacketConn
		conn, err = config.ListenPacket(ctx, l.Network, addr)
		s.UDP, _ = conn.(*net.UDPConn)
	} else {
		s.TCP, err = config.Listen(ctx, l.Network, addr)
	}
	if err == nil {
		return s, nil
	}
	fault := &ListenError{Name: l.Name, Network: l.Network, Addr: addr, Err: err}
	if errors.Is(err, syscall.EADDRINUSE) {
		fault.Holder = holder(l.Network, port)
	}
	return s, fault
}

// checkPorts rejects ports of listeners that do not exist: mistyped names.
func checkPorts(ports map[string]int) error {
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		if !slices.ContainsFunc(Listeners(), func(l Listener) bool { return l.Name == name }) {
			return fmt.Errorf("no listener is called %q", name)
		}
	}
	return nil
}
