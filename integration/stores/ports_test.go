//go:build storage

package stores

import (
	"net"
	"slices"
	"testing"
)

// taken returns ports of which the nth is one that another program has got meanwhile.
func taken(t *testing.T, n int) (free ports, held int) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", at(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	held = l.Addr().(*net.TCPAddr).Port
	asked := 0
	return func(t *testing.T) int {
		t.Helper()
		if asked++; asked == n {
			return held
		}
		return freePort(t)
	}, held
}

// A store whose port was taken between its choice and its start is moved to others,
// whichever of its ports it is.
func TestStoresMoveFromTakenPorts(t *testing.T) {
	search := func(e engine, o SearchOptions) func(*testing.T, ports) *Node {
		return func(t *testing.T, free ports) *Node {
			t.Helper()
			return &startAll(t, e, o, free)[0].Node
		}
	}
	zipkin := func(t *testing.T, free ports) *Node {
		t.Helper()
		return &zipkinOn(t, free).Node
	}
	cassandra := func(t *testing.T, free ports) *Node {
		t.Helper()
		return &cassandraOn(t, CassandraOptions{}, free).Node
	}
	for _, tt := range []struct {
		name  string
		nth   int
		start func(*testing.T, ports) *Node
	}{
		{"Zipkin", 1, zipkin},
		{"Elasticsearch 7, for nodes", 1, search(elasticsearch7(), SearchOptions{})},
		{"Elasticsearch 7, for clients", 2, search(elasticsearch7(), SearchOptions{})},
		{"Elasticsearch 8, for clients", 2, search(elasticsearch8(), SearchOptions{})},
		{"OpenSearch 2, for clients", 2, search(openSearch2(), SearchOptions{})},
		{"Cassandra, for clients", 1, cassandra},
		{"Cassandra, for nodes", 2, cassandra},
	} {
		t.Run(tt.name, func(t *testing.T) {
			free, held := taken(t, tt.nth)
			n := tt.start(t, free)
			if slices.Contains([]string{"", at(held)}, n.Addr) || n.StartedIn == 0 {
				t.Errorf("it runs at %q after %v, want it on another port than %d", n.Addr, n.StartedIn, held)
			}
			if err := n.Stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
}
