package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// listenTimeout is ample for a Jaeger, which listens after 100 ms.
	listenTimeout = 30 * time.Second
	listenPoll    = 5 * time.Millisecond
)

// States of a socket in /proc/net, as in the kernel's include/net/tcp_states.h.
const (
	stateListen = "0A" // of TCP
	stateBound  = "07" // of UDP, not connected
)

// AwaitListeners waits until each port, such as "tcp/16686", is listened on at
// the machine, and fails the test when done is closed before.
func (m *Machine) AwaitListeners(t *testing.T, done <-chan struct{}, ports ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), listenTimeout)
	defer cancel()
	tick := time.NewTicker(listenPoll)
	defer tick.Stop()
	for {
		missing, err := m.missing(ports)
		if err != nil {
			t.Fatal(err)
		}
		if len(missing) == 0 {
			return
		}
		select {
		case <-done:
			t.Fatalf("ended before it listened on %s", missing)
		case <-ctx.Done():
			t.Fatalf("does not listen on %s after %s", missing, listenTimeout)
		case <-tick.C:
		}
	}
}

// missing returns those of the ports that nobody listens on.
func (m *Machine) missing(ports []string) ([]string, error) {
	var missing []string
	for _, p := range ports {
		network, port, _ := strings.Cut(p, "/")
		open, err := m.listens(network, port)
		if err != nil {
			return nil, err
		}
		if !open {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

// listens reads the sockets of the machine, which the kernel shows to whoever can
// see a process on it.
func (m *Machine) listens(network, port string) (bool, error) {
	number, err := strconv.Atoi(port)
	if err != nil {
		return false, fmt.Errorf("port %q: %w", port, err)
	}
	state := map[string]string{"tcp": stateListen, "udp": stateBound}[network]
	sockets, err := m.sockets(network, number)
	return slices.ContainsFunc(sockets, func(f []string) bool { return f[3] == state }), err
}

// Drops returns how many datagrams found the buffer of a UDP port's sockets full,
// which is what the kernel counts in the last column of its table.
func (m *Machine) Drops(t *testing.T, port int) int64 {
	t.Helper()
	sockets, err := m.sockets("udp", port)
	if err != nil {
		t.Fatal(err)
	}
	var drops int64
	for _, f := range sockets {
		n, err := strconv.ParseInt(f[len(f)-1], 10, 64)
		if err != nil {
			t.Fatalf("drops of udp port %d: %v", port, err)
		}
		drops += n
	}
	return drops
}

// sockets returns the lines of /proc/net for the sockets at a port, in fields:
// sl local_address rem_address st ... drops.
func (m *Machine) sockets(network string, port int) ([][]string, error) {
	var found [][]string
	for _, family := range []string{"", "6"} {
		table, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(m.pid), "net", network+family))
		if err != nil {
			return nil, fmt.Errorf("list the sockets of a machine: %w", err)
		}
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				found = append(found, f)
			}
		}
	}
	return found, nil
}
