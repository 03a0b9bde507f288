package stores

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

const (
	// startTimeout is ample: on two cores that do nothing else, each store is ready
	// within 15 s.
	startTimeout = 3 * time.Minute
	// startPoll is short beside what a start takes.
	startPoll = 50 * time.Millisecond
	// askTimeout bounds one question to a store that starts.
	askTimeout = 5 * time.Second
)

// Node is one process of a store. Its data stands in a directory that is as long
// there as its test runs, so that Start after Stop or Kill finds all of it. A Node
// belongs to the test that made it, of which subtests may stop and start it; its
// methods may not be called at the same time.
type Node struct {
	// Addr is the host:port that clients connect to. It stays the same.
	Addr string
	// StartedIn is what the last start took until the store answered.
	StartedIn time.Duration

	t       *testing.T
	command process.Command
	// ready returns nil when the store does what clients ask.
	ready func(ctx context.Context) error
	proc  *process.Process
}

// Start starts a node that is stopped, and returns nil once it answers.
func (n *Node) Start() error {
	started := time.Now()
	if err := n.Launch(); err != nil {
		return err
	}
	if err := n.WaitReady(); err != nil {
		return err
	}
	n.StartedIn = time.Since(started)
	return nil
}

// Launch starts a node that is stopped and does not wait for it: clients meet it
// as it starts.
func (n *Node) Launch() error {
	if n.proc != nil {
		return errors.New("it runs already")
	}
	n.proc = process.Start(n.t, n.command)
	return nil
}

// WaitReady returns nil once a launched node answers, or an error after three
// minutes or when it ends.
func (n *Node) WaitReady() error {
	ctx, cancel := context.WithTimeout(n.t.Context(), startTimeout)
	defer cancel()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		last := n.ask(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-n.proc.Done():
			return n.proc.EndedEarly()
		case <-ctx.Done():
			return fmt.Errorf("not ready within %s: %w", startTimeout, last)
		case <-tick.C:
		}
	}
}

func (n *Node) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return n.ready(ctx)
}

// Stop ends the node as a package manager or Docker does, by SIGTERM, and waits
// for it. It returns nil when the node ended by that.
func (n *Node) Stop() error {
	if n.proc == nil {
		return nil
	}
	defer func() { n.proc = nil }()
	err := n.proc.Stop()
	// A JVM that ends by a signal says so with the status that a shell would give.
	if code := n.proc.Code(); code == 128+int(syscall.SIGTERM) {
		return nil
	}
	return err
}

// Kill ends the node at once: it cannot save anything. Elasticsearch has what it
// has acknowledged; Cassandra loses what it took in the last 100 ms.
func (n *Node) Kill() error {
	if n.proc == nil {
		return nil
	}
	defer func() { n.proc = nil }()
	return n.proc.Kill()
}

// Restart is Stop and Start.
func (n *Node) Restart() error {
	if err := n.Stop(); err != nil {
		return err
	}
	return n.Start()
}

// Output returns what the running node has printed since it was started, which is
// also in a file of the test's artifact directory.
func (n *Node) Output() string {
	if n.proc == nil {
		return ""
	}
	return n.proc.Output()
}

// Ports from firstPort on are below those that Linux and others give to outgoing
// connections, so that none of these takes a node's port while it is stopped.
const (
	firstPort = 20000
	portCount = 10000
	portTries = 100
)

// ports returns a port that is free, as freePort does.
type ports func(*testing.T) int

// freePort returns a port of the loopback interface that was free a moment ago. A store
// that is started at once moves to another one when it was taken meanwhile; the address
// of one that is left stopped is known already, and cannot change.
func freePort(t *testing.T) int {
	t.Helper()
	for range portTries {
		port := firstPort + rand.IntN(portCount)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", at(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatalf("no free port from %d to %d", firstPort, firstPort+portCount-1)
	return 0
}

// loopback is where nodes listen.
const loopback = "127.0.0.1"

// at returns the host:port of a port of the loopback interface.
func at(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
