//go:build storage

package stores

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestCassandraKeepsWhatItWasGiven(t *testing.T) {
	c := Cassandra(t, CassandraOptions{})
	t.Logf("ready after %s", c.StartedIn.Round(time.Millisecond))
	logMemory(t, &c.Node)

	ask(t, c, "CREATE KEYSPACE kept WITH replication = {'class': 'NetworkTopologyStrategy', '"+Datacenter+"': 1}")
	ask(t, c, "CREATE TABLE kept.spans (id int PRIMARY KEY)")
	ask(t, c, "INSERT INTO kept.spans (id) VALUES (?)", 1)
	again(t, &c.Node, c.Restart)
	ask(t, c, "INSERT INTO kept.spans (id) VALUES (?)", 2)
	wait(t, logged)
	again(t, &c.Node, killAndStart(&c.Node))
	if got, want := fmt.Sprint(ask(t, c, "SELECT count(*) FROM kept.spans")), "[map[count:2]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// logged is ample for the commit log to be complete up to a write: Cassandra marks
// how far it is every 100 ms, and after a kill reads no farther than the last mark.
const logged = time.Second

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// TestCassandraAsks leaves out of what it asks for one thing at a time.
func TestCassandraAsks(t *testing.T) {
	c := Cassandra(t, CassandraOptions{Password: true, TLS: true})
	t.Logf("ready after %s", c.StartedIn.Round(time.Millisecond))
	logMemory(t, &c.Node)
	tests := []struct {
		name, want string
		change     func(*CassandraNode)
	}{
		{"all", "", func(*CassandraNode) {}},
		{"no password", "authentication required", func(c *CassandraNode) { c.User, c.Password = "", "" }},
		{"wrong password", "Provided username cassandra and/or password are incorrect", func(c *CassandraNode) { c.Password = "wrong" }},
		// The client takes the alert of TLS for an answer, whose first byte is 21.
		{"no tls", "unsupported protocol response version: 21", func(c *CassandraNode) { c.CAFile = "" }},
		{"another authority", "certificate signed by unknown authority", func(c *CassandraNode) { c.CAFile = newCertificate(t).caFile }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := *c
			test.change(&client)
			_, err := client.Query(t.Context(), "SELECT role FROM system_auth.roles")
			if test.want == "" && err != nil {
				t.Errorf("got %v, want nil", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func ask(t *testing.T, c *CassandraNode, statement string, values ...any) []map[string]any {
	t.Helper()
	rows, err := c.Query(t.Context(), statement, values...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// logMemory tells what the docs say about sizes: the most that was resident.
func logMemory(t *testing.T, n *Node) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.proc.ID()))
	if err != nil {
		return // no Linux
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); name == "VmHWM" {
			t.Logf("memory: %s at most, %s of it heap", strings.TrimSpace(value), heap)
		}
	}
}
