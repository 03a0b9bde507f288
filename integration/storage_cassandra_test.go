//go:build storage && linux

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/stores"
)

// cassandraKeyspace is the one that deploy/jaeger/cassandra.yaml names.
const cassandraKeyspace = "jaeger_v1_dc1"

// cassandraEnv are the variables of deploy/jaeger/cassandra.yaml for one node.
func cassandraEnv(addr string) string { return fmt.Sprintf("JAEGER_CASSANDRA_SERVERS=[%q]", addr) }

// cassandraFlags tell check-jaeger of one node.
func cassandraFlags(addr string) []string {
	return []string{"--storage", "cassandra", "--cassandra-hosts", addr}
}

// wellInCassandra are the codes of a check that finds all in order.
func wellInCassandra() []string {
	return []string{"canary-delivered", "cassandra-answers", "cassandra-keyspace-found", "cassandra-replicated"}
}

// TestStorageCassandra has Jaeger 2.13 keep its traces in Cassandra 4.1, in a
// schema of its own making.
func TestStorageCassandra(t *testing.T) {
	c := stores.Cassandra(t, stores.CassandraOptions{})
	t.Logf("the store was ready after %s", c.StartedIn.Round(100*time.Millisecond))
	j := deployedJaeger(t, "cassandra.yaml", cassandraEnv(c.Addr))
	j.start(t)
	callAll(t, j)
	wellStored(t, j, cassandraFlags(c.Addr), wellInCassandra()...)
	wantKeyspace(t, c)

	before := storedTraces(t, j)
	j.stop(t)
	if err := c.Restart(); err != nil {
		t.Fatalf("restart the store: %v", err)
	}
	j.start(t)
	if diff := cmp.Diff(before, storedTraces(t, j)); diff != "" {
		t.Errorf("traces before and after a restart of Jaeger and of the store (-before +after):\n%s", diff)
	}
	wellStored(t, j, cassandraFlags(c.Addr), wellInCassandra()...)
}

// wantKeyspace expects the keyspace as Jaeger documents it, replicated once, its
// tables, and the days after which Cassandra forgets a span.
func wantKeyspace(t *testing.T, c *stores.CassandraNode) {
	t.Helper()
	got := make(map[string]int)
	for _, row := range cql(t, c, "SELECT table_name, default_time_to_live FROM system_schema.tables WHERE keyspace_name = ?", cassandraKeyspace) {
		got[row["table_name"].(string)] = row["default_time_to_live"].(int)
	}
	const week = 7 * 24 * 60 * 60
	want := map[string]int{
		"traces": week, "service_names": week, "operation_names_v2": week, "service_operation_index": week,
		"service_name_index": week, "duration_index": week, "tag_index": week, "dependencies_v2": week,
		"operation_throughput": 0, "sampling_probabilities": 0, "leases": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables with the seconds that rows live (-want +got):\n%s", diff)
	}
	rows := cql(t, c, "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?", cassandraKeyspace)
	if len(rows) != 1 {
		t.Fatalf("got %d keyspaces %s, want 1", len(rows), cassandraKeyspace)
	}
	wantReplication := map[string]string{
		"class": "org.apache.cassandra.locator.NetworkTopologyStrategy", stores.Datacenter: "1",
	}
	if diff := cmp.Diff(wantReplication, rows[0]["replication"]); diff != "" {
		t.Errorf("replication (-want +got):\n%s", diff)
	}
}

// cql asks the node and fails the test unless it answers.
func cql(t *testing.T, c *stores.CassandraNode, statement string, values ...any) []map[string]any {
	t.Helper()
	rows, err := c.Query(t.Context(), statement, values...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestStorageCassandraFaults breaks Jaeger on Cassandra in the ways that the
// catalogue has, and heals it as check-jaeger says.
func TestStorageCassandraFaults(t *testing.T) {
	c := stores.Cassandra(t, stores.CassandraOptions{Password: true, Stopped: true})
	credentials := []string{"JAEGER_CASSANDRA_USERNAME=cassandra", "JAEGER_CASSANDRA_PASSWORD=cassandra"}
	known := []string{"--storage-user", "cassandra", "--storage-password", "cassandra"}
	flags := cassandraFlags(c.Addr)

	t.Run("started before Cassandra", func(t *testing.T) {
		j := deployedJaeger(t, "cassandra.yaml", append(credentials, cassandraEnv(c.Addr))...)
		storageFault{
			faultCase: faultCase{
				flags: append(known, flags...), exit: 1, hop: "storage", code: "cassandra-refused", hint: "nc -vz 127.0.0.1",
				maybe: []string{"still starting", "use its service name"},
			},
			says: "unable to connect to initial hosts: dial tcp " + c.Addr + ": connect: connection refused",
		}.check(t, j, place{})
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		j.start(t)
		wellStored(t, j, append(known, flags...), wellInCassandra()...)
	})
	for _, w := range cassandraFaults(c.Addr, credentials, known) {
		t.Run(w.how, func(t *testing.T) {
			j := deployedJaeger(t, "cassandra.yaml", w.env...)
			w.check(t, j, place{})
			j = j.with(w.fix...)
			j.start(t)
			wellStored(t, j, append(cassandraFlags(c.Addr), w.known...), wellInCassandra()...)
		})
	}
	t.Run("a data center that is not there", func(t *testing.T) {
		// Cassandra 4 refuses the keyspace that the schema job of Jaeger 1 makes
		// then, and Jaeger finds none.
		_, err := c.Query(t.Context(), "CREATE KEYSPACE jaeger_v1_dc1_wrong WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': '1'}")
		if err == nil || !strings.Contains(err.Error(), "Unrecognized strategy option {dc1}") {
			t.Errorf("a keyspace in data center dc1: got %v, want it refused", err)
		}
		// Jaeger 2 asks the nodes that there are, and stores all the same.
		j := deployedJaeger(t, "cassandra.yaml", append(credentials, cassandraEnv(c.Addr), "JAEGER_CASSANDRA_DC=dc1")...)
		j.start(t)
		w := faultCase{exit: 0, hop: "storage", code: "cassandra-datacenter-wrong", hint: "--cassandra-dc " + stores.Datacenter}
		w.flags = slices.Concat([]string{"--query-url", j.queryURL(), "--cassandra-dc", "dc1"}, j.sendFlags(t), known, flags)
		w.examine(t, place{})
		wellStored(t, j, slices.Concat(known, flags, []string{"--cassandra-dc", stores.Datacenter}), wellInCassandra()...)
	})
}

// cassandraFaults are those of a Jaeger that is told too little, or wrong.
func cassandraFaults(addr string, credentials, known []string) []storageFault {
	flags := cassandraFlags(addr)
	return []storageFault{
		{
			faultCase: faultCase{
				how: "no password", flags: flags,
				exit: 1, hop: "storage", code: "cassandra-unauthorized", hint: "--storage-user cassandra --storage-password",
			},
			env:  []string{cassandraEnv(addr)},
			says: "authentication required",
			fix:  credentials, known: known,
		},
		{
			faultCase: faultCase{
				how: "a wrong password", flags: append(flags, "--storage-user", "cassandra", "--storage-password", "guess"),
				exit: 1, hop: "storage", code: "cassandra-unauthorized", hint: "--storage-user cassandra --storage-password",
			},
			env:  []string{cassandraEnv(addr), "JAEGER_CASSANDRA_USERNAME=cassandra", "JAEGER_CASSANDRA_PASSWORD=guess"},
			says: "Provided username cassandra and/or password are incorrect",
			fix:  credentials, known: append([]string{"--cassandra-keyspace", cassandraKeyspace}, known...),
		},
		{
			faultCase: faultCase{
				how: "no keyspace", flags: slices.Concat(flags, known, []string{"--cassandra-keyspace", "jaeger_other"}),
				exit: 1, hop: "storage", code: "cassandra-keyspace-missing", hint: "create: true",
			},
			env: slices.Concat(credentials, []string{
				cassandraEnv(addr), "JAEGER_CASSANDRA_KEYSPACE=jaeger_other", "JAEGER_CASSANDRA_CREATE_SCHEMA=false",
			}),
			says: "Keyspace 'jaeger_other' does not exist",
			fix:  []string{"JAEGER_CASSANDRA_CREATE_SCHEMA=true"}, known: append([]string{"--cassandra-keyspace", "jaeger_other"}, known...),
		},
	}
}
