package process

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// portTries bounds how often a program is moved to other ports.
const portTries = 3

var (
	// ErrEndedEarly is what EndedEarly returns of a program that has ended.
	ErrEndedEarly = errors.New("ended before it was ready")
	// errPortTaken is the reason of a program that cannot have one of its ports.
	errPortTaken = errors.New("another program took one of its ports")
)

// OnFreePorts returns what start returns, which picks free ports and runs a program on
// them. Another program may take one in the meantime: start then returns the error of
// EndedEarly, and is called again, up to three times in all. Any other error fails the
// test at once.
func OnFreePorts[T any](t *testing.T, name string, start func() (T, error)) T {
	t.Helper()
	for try := 1; ; try++ {
		got, err := start()
		if err == nil {
			return got
		}
		if !errors.Is(err, errPortTaken) || try == portTries {
			t.Fatalf("%s: %v", name, err)
		}
		t.Logf("%s: %v; trying other ports", name, err)
	}
}

// EndedEarly returns ErrEndedEarly, with the reason, of a program that has ended before
// it was ready, and nil while it runs.
func (p *Process) EndedEarly() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	code, output := p.Code(), p.Output()
	if portTaken(output) {
		return fmt.Errorf("%w: %w", ErrEndedEarly, errPortTaken)
	}
	return fmt.Errorf("%w, with exit status %d:\n%s", ErrEndedEarly, code, tail(output))
}

// portTaken reports whether a program printed that it cannot listen.
func portTaken(output string) bool {
	output = strings.ToLower(output)
	for _, words := range []string{
		"address already in use",       // Go, Java
		"failed to bind to",            // Elasticsearch, OpenSearch
		"failed to bind port",          // Cassandra, for its clients
		"is in use by another process", // Cassandra, for other nodes
	} {
		if strings.Contains(output, words) {
			return true
		}
	}
	return false
}
