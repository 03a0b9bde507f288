package cassandra

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/plural"
)

// cassandraState makes a probe that asks a node that answers.
func cassandraState(id, title string, codes []probe.Code, ask func(*probe.Env, *cqlConn, cassandraNode) probe.Finding) probe.Probe {
	return probe.Probe{
		ID:    id,
		Hop:   probe.HopStorage,
		Title: title,
		Needs: []string{idCassandra},
		After: storage.AboutStorage(),
		Codes: append(codes, codeCassandraState),
		Run: func(ctx context.Context, env *probe.Env) probe.Finding {
			node, ok := probe.Result[cassandraNode](env, idCassandra)
			if !ok {
				return probe.NotUsed("there is no Cassandra to ask")
			}
			conn, err := dialCQL(ctx, env, node.addr)
			if err != nil {
				return cassandraSilent(err)
			}
			defer conn.close()
			return ask(env, conn, node)
		},
		Finalize: storage.SettleStorage(cassandraStopsJaeger),
	}
}

// StateProbes returns the probes of what the storage holds.
func StateProbes() []probe.Probe {
	return []probe.Probe{
		cassandraState(idCassandraKeyspace, "the keyspace has the tables of Jaeger",
			[]probe.Code{codeCassandraKeyspace, codeCassandraNoKeyspace, codeCassandraNoTables}, askKeyspace),
		cassandraState(idCassandraReplication, "the keyspace is replicated where Jaeger asks",
			[]probe.Code{codeCassandraReplicated, codeCassandraDatacenter, codeCassandraFewNodes, codeCassandraUnavailable},
			askReplication),
	}
}

func cassandraSilent(err error) probe.Finding {
	return probe.Found(probe.StatusUnknown, codeCassandraState, "Cassandra does not tell: %v", err).
		Hint("give the user SELECT on system_schema.keyspaces, system_schema.tables and Jaeger's keyspace, to check this")
}

// keyspace is a row of system_schema.keyspaces.
type keyspace struct {
	Name        string            `json:"keyspace_name"`
	Replication map[string]string `json:"replication"`
}

// class is the strategy without its package.
func (k keyspace) class() string {
	class := k.Replication["class"]
	return class[strings.LastIndex(class, ".")+1:]
}

// findKeyspace returns Jaeger's keyspace, and the names of all that may be.
func findKeyspace(env *probe.Env, conn *cqlConn) (*keyspace, []string, error) {
	all, err := cqlQueryRows[keyspace](conn, cqlOne, "SELECT JSON keyspace_name, replication FROM system_schema.keyspaces")
	if err != nil {
		return nil, nil, err
	}
	wanted := env.Storage.Keyspace
	var names []string
	var match *keyspace
	for i, k := range all {
		if k.Name == wanted || wanted == "" && match == nil && strings.HasPrefix(k.Name, "jaeger") {
			match = &all[i]
		}
		if !strings.HasPrefix(k.Name, "system") {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return match, names, nil
}

// cassandraTables are the tables that Jaeger writes spans to and reads them
// from (plugin/storage/cassandra/schema/v004.cql.tmpl).
func cassandraTables() []string {
	return []string{
		"traces", "service_names", "operation_names_v2", "service_operation_index", "service_name_index",
		"duration_index", "tag_index",
	}
}

func askKeyspace(env *probe.Env, conn *cqlConn, node cassandraNode) probe.Finding {
	k, names, err := findKeyspace(env, conn)
	if err != nil {
		return cassandraSilent(err)
	}
	if k == nil {
		return noKeyspace(env, node, names)
	}
	type table struct {
		Name string `json:"table_name"`
	}
	rows, err := cqlQueryRows[table](conn, cqlOne,
		"SELECT JSON table_name FROM system_schema.tables WHERE keyspace_name = "+cqlQuote(k.Name))
	if err != nil {
		return cassandraSilent(err)
	}
	missing := slices.DeleteFunc(cassandraTables(), func(name string) bool { return slices.Contains(rows, table{name}) })
	if len(missing) > 0 {
		return probe.Found(probe.StatusFail, codeCassandraNoTables, "keyspace %s has no table %s: the schema is not complete", k.Name, probe.List(missing)).
			Saw("Jaeger prints: unconfigured table " + missing[0]).
			Hint(schemaJob(node, k.Name))
	}
	return probe.Found(probe.StatusOK, codeCassandraKeyspace, "keyspace %s has all %d tables of spans", k.Name, len(cassandraTables()))
}

func cqlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func noKeyspace(env *probe.Env, node cassandraNode, names []string) probe.Finding {
	name := env.Storage.Keyspace
	if name == "" {
		name = "jaeger_v1_" + node.Datacenter
	}
	f := probe.Found(probe.StatusFail, codeCassandraNoKeyspace, "there is no keyspace %s", name).
		Saw("keyspaces: " + strings.Join(names, ", ")).
		Saw(fmt.Sprintf("Jaeger prints: Keyspace '%s' does not exist, and: no connections were made when creating the session", name))
	for _, other := range names {
		if strings.HasPrefix(other, "jaeger") {
			f = f.Hint("CASSANDRA_KEYSPACE=" + other + " (Jaeger 1); schema: {keyspace: " + other + "} (Jaeger 2)")
		}
	}
	return f.Hint(schemaJob(node, name), "schema: {create: true} (Jaeger 2, whose keyspace is jaeger_dc1 by default)")
}

// schemaJob is the container that makes the schema.
func schemaJob(node cassandraNode, name string) string {
	host, _, _ := net.SplitHostPort(node.addr)
	return fmt.Sprintf("docker run --rm -e CQLSH_HOST=%s -e MODE=test -e DATACENTER=%s -e KEYSPACE=%s jaegertracing/jaeger-cassandra-schema:1.62.0",
		host, node.Datacenter, name)
}

func askReplication(env *probe.Env, conn *cqlConn, node cassandraNode) probe.Finding {
	k, _, err := findKeyspace(env, conn)
	if err != nil {
		return cassandraSilent(err)
	}
	if k == nil {
		return probe.NotUsed("there is no keyspace to look at")
	}
	peers, err := cqlQueryRows[cassandraNode](conn, cqlOne, "SELECT JSON data_center FROM system.peers")
	if err != nil {
		return cassandraSilent(err)
	}
	nodes := map[string]int{node.Datacenter: 1}
	for _, p := range peers {
		nodes[p.Datacenter]++
	}
	wanted := env.Storage.Datacenter
	if wanted == "" {
		wanted = node.Datacenter
	}
	line := fmt.Sprintf("keyspace %s: %s", k.Name, describeReplication(k))
	f := judgeReplication(k, wanted, nodes).Saw(line, fmt.Sprintf("nodes by data center: %v", nodes))
	if f.Status != probe.StatusOK {
		return f
	}
	// Jaeger's own consistency level, on one of its own tables. That the table is
	// missing is for another probe to say.
	_, err = cqlQueryRows[map[string]any](conn, cqlLocalOne, fmt.Sprintf("SELECT JSON service_name FROM %q.service_names LIMIT 1", k.Name))
	server, told := errors.AsType[*cqlServerError](err)
	switch {
	case told && server.code == cqlUnavailable:
		return probe.Found(probe.StatusFail, codeCassandraUnavailable, "reading from keyspace %s fails: %s", k.Name, server.message).
			Saw(line, saysConsistency).Hint("nodetool status " + k.Name)
	case err != nil && (!told || server.code != cqlInvalid):
		return cassandraSilent(err).Saw(line)
	}
	return f
}

const saysConsistency = "Jaeger prints: Error reading service_names from storage: Cannot achieve consistency level LOCAL_ONE"

// describeReplication is the strategy with its options, in order.
func describeReplication(k *keyspace) string {
	var options []string
	for option, value := range k.Replication {
		if option != "class" {
			options = append(options, option+" "+value)
		}
	}
	slices.Sort(options)
	return k.class() + " " + strings.Join(options, ", ")
}

// judgeReplication compares the options of a keyspace with the nodes there are.
func judgeReplication(k *keyspace, datacenter string, nodes map[string]int) probe.Finding {
	option, have := datacenter, nodes[datacenter]
	if k.class() != "NetworkTopologyStrategy" {
		option, have = "replication_factor", 0
		for _, n := range nodes {
			have += n
		}
	}
	// A transient replica is written as 3/1.
	text, _, _ := strings.Cut(k.Replication[option], "/")
	factor, _ := strconv.Atoi(text)
	alter := fmt.Sprintf("cqlsh -e \"ALTER KEYSPACE %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': 1}\"", k.Name, datacenter)
	switch {
	case nodes[datacenter] == 0:
		there := slices.Sorted(maps.Keys(nodes))
		return probe.Found(probe.StatusFail, codeCassandraDatacenter, "there is no node in data center %s", datacenter).Saw(saysConsistency).
			Hint("--cassandra-dc " + there[0] + ", and the same for Jaeger: --cassandra.local-dc (Jaeger 1), connection: {local_dc: " + there[0] + "} (Jaeger 2)")
	case factor == 0:
		return probe.Found(probe.StatusFail, codeCassandraDatacenter, "keyspace %s has no replica in data center %s", k.Name, datacenter).
			Saw(saysConsistency).Hint(alter, "MODE=test, or DATACENTER="+datacenter+" for the schema job")
	case factor > have:
		return probe.Found(probe.StatusWarn, codeCassandraFewNodes, "keyspace %s wants %s, and there %s %s for them", k.Name,
			plural.Of(factor, "replica", "replicas"), plural.Word(have, "is", "are"), plural.Of(have, "node", "nodes")).
			Hint(alter)
	}
	return probe.Found(probe.StatusOK, codeCassandraReplicated, "keyspace %s has replicas for data center %s: %d", k.Name, datacenter, factor)
}
