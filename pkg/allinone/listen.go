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
	if e.Holder == "" {
		return fmt.Sprintf("%s port: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s port: %v by %s", e.Name, e.Err, e.Holder)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// sockets are all that a backend listens on, by the listener's name.
type sockets map[string]ingest.Socket

// listen opens every socket or none. The error joins a *ListenError for each one
// that could not be opened.
func listen(opts Options) (sockets, error) {
	all := make(sockets)
	var faults []error
	for _, l := range Listeners() {
		port := opts.Ports[l.Name]
		if port == Off {
			continue
		}
		addr := net.JoinHostPort(opts.Host, strconv.Itoa(port))
		socket, err := open(l.Network, addr)
		if err != nil {
			fault := &ListenError{Name: l.Name, Network: l.Network, Addr: addr, Err: err}
			if errors.Is(err, syscall.EADDRINUSE) {
				fault.Holder = holder(l.Network, port)
			}
			faults = append(faults, fault)
			continue
		}
		all[l.Name] = socket
	}
	if len(faults) > 0 {
		for _, s := range all {
			_ = s.Close()
		}
		return nil, errors.Join(faults...)
	}
	return all, nil
}

func open(network, addr string) (ingest.Socket, error) {
	ctx := context.Background() // only name resolution waits; the host is usually an address
	var config net.ListenConfig
	if network == "udp" {
		conn, err := config.ListenPacket(ctx, network, addr)
		udp, _ := conn.(*net.UDPConn)
		return ingest.Socket{UDP: udp}, err
	}
	l, err := config.Listen(ctx, network, addr)
	return ingest.Socket{TCP: l}, err
}

func (all sockets) addrs() map[string]string {
	addrs := make(map[string]string)
	for name, s := range all {
		addrs[name] = s.Addr().String()
	}
	return addrs
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
