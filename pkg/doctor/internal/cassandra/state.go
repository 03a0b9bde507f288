package cassandra

import (
	"cmp"
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

func stateProbe(id, title string, codes []probe.Code, check func(*probe.Env, *cqlConn, clusterNode) probe.Finding) probe.Probe {
	return probe.Probe{
		ID:    id,
		Hop:   probe.HopStorage,
		Title: title,
		Needs: []string{idAnswers},
		After: storage.RelatedProbes(),
		Codes: append(codes, codeStateUnknown),
		Run: func(ctx context.Context, env *probe.Env) probe.Finding {
			node, ok := probe.Result[clusterNode](env, idAnswers)
			if !ok {
				return probe.NotUsed("no Cassandra to query")
			}
			conn, err := dialCQL(ctx, env, node.addr)
			if err != nil {
				return stateUnknown(err)
			}
			defer conn.close()
			return check(env, conn, node)
		},
		Finalize: storage.Finalize(stopsJaeger()),
	}
}

// StateProbes returns the probes of what the storage holds.
func StateProbes() []probe.Probe {
	return []probe.Probe{
		stateProbe(idKeyspace, "the keyspace has Jaeger's tables",
			[]probe.Code{codeKeyspaceFound, codeNoKeyspace, codeNoTables}, checkKeyspace),
		stateProbe(idReplication, "the keyspace is replicated in the data center that Jaeger uses",
			[]probe.Code{codeReplicated, codeDatacenter, codeFewNodes, codeUnavailable},
			checkReplication),
	}
}

func stateUnknown(err error) probe.Finding {
	return probe.Unknown(codeStateUnknown, "cannot read Cassandra's state: %v", err).
		Hint("grant the user SELECT on system_schema.keyspaces, system_schema.tables and Jaeger's keyspace to check this")
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

// requiredTables are the tables that Jaeger writes spans to and reads them
// from (plugin/storage/cassandra/schema/v004.cql.tmpl).
func requiredTables() []string {
	return []string{
		"traces", "service_names", "operation_names_v2", "service_operation_index", "service_name_index",
		"duration_index", "tag_index",
	}
}

func checkKeyspace(env *probe.Env, conn *cqlConn, node clusterNode) probe.Finding {
	k, names, err := findKeyspace(env, conn)
	if err != nil {
		return stateUnknown(err)
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
		return stateUnknown(err)
	}
	missing := slices.DeleteFunc(requiredTables(), func(name string) bool { return slices.Contains(rows, table{name}) })
	if len(missing) > 0 {
		return probe.Fail(codeNoTables, "keyspace %s has no table %s: the schema is incomplete", k.Name, probe.List(missing)).
			Saw("Jaeger prints: unconfigured table " + missing[0]).
			Hint(schemaJob(node, k.Name))
	}
	return probe.OK(codeKeyspaceFound, "keyspace %s has all %d span tables", k.Name, len(requiredTables()))
}

func cqlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func noKeyspace(env *probe.Env, node clusterNode, names []string) probe.Finding {
	name := cmp.Or(env.Storage.Keyspace, "jaeger_v1_"+node.Datacenter)
	f := probe.Fail(codeNoKeyspace, "no keyspace %s", name).
		Saw("keyspaces: " + strings.Join(names, ", ")).
		Saw(fmt.Sprintf("Jaeger prints: Keyspace '%s' does not exist, and: no connections were made when creating the session", name))
	for _, other := range names {
		if strings.HasPrefix(other, "jaeger") {
			f = f.Hint("CASSANDRA_KEYSPACE=" + other + " (Jaeger 1); schema: {keyspace: " + other + "} (Jaeger 2)")
		}
	}
	return f.Hint(schemaJob(node, name), "schema: {create: true} (Jaeger 2, whose keyspace is jaeger_dc1 by default)")
}

func schemaJob(node clusterNode, name string) string {
	host, _, _ := net.SplitHostPort(node.addr)
	return fmt.Sprintf("docker run --rm -e CQLSH_HOST=%s -e MODE=test -e DATACENTER=%s -e KEYSPACE=%s jaegertracing/jaeger-cassandra-schema:1.62.0",
		host, node.Datacenter, name)
}

func checkReplication(env *probe.Env, conn *cqlConn, node clusterNode) probe.Finding {
	k, _, err := findKeyspace(env, conn)
	if err != nil {
		return stateUnknown(err)
	}
	if k == nil {
		return probe.NotUsed("no keyspace to check")
	}
	peers, err := cqlQueryRows[clusterNode](conn, cqlOne, "SELECT JSON data_center FROM system.peers")
	if err != nil {
		return stateUnknown(err)
	}
	nodes := map[string]int{node.Datacenter: 1}
	for _, p := range peers {
		nodes[p.Datacenter]++
	}
	wanted := cmp.Or(env.Storage.Datacenter, node.Datacenter)
	line := fmt.Sprintf("keyspace %s: %s", k.Name, describeReplication(k))
	f := judgeReplication(k, wanted, nodes).Saw(line, fmt.Sprintf("nodes by data center: %v", nodes))
	if f.Status != probe.StatusOK {
		return f
	}
	// Query one of Jaeger's own tables at Jaeger's own consistency level.
	// Another probe reports a missing table.
	_, err = cqlQueryRows[map[string]any](conn, cqlLocalOne, fmt.Sprintf("SELECT JSON service_name FROM %q.service_names LIMIT 1", k.Name))
	server, isServerError := errors.AsType[*cqlServerError](err)
	switch {
	case isServerError && server.code == cqlUnavailable:
		return probe.Fail(codeUnavailable, "cannot read from keyspace %s: %s", k.Name, server.message).
			Saw(line, consistencyLine).Hint("nodetool status " + k.Name)
	case err != nil && (!isServerError || server.code != cqlInvalid):
		return stateUnknown(err).Saw(line)
	}
	return f
}

const consistencyLine = "Jaeger prints: Error reading service_names from storage: Cannot achieve consistency level LOCAL_ONE"

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
		return probe.Fail(codeDatacenter, "no node in data center %s", datacenter).Saw(consistencyLine).
			Hint("--cassandra-dc " + there[0] + ", and the same for Jaeger: --cassandra.local-dc (Jaeger 1), connection: {local_dc: " + there[0] + "} (Jaeger 2)")
	case factor == 0:
		return probe.Fail(codeDatacenter, "keyspace %s has no replica in data center %s", k.Name, datacenter).
			Saw(consistencyLine).Hint(alter, "MODE=test, or DATACENTER="+datacenter+" for the schema job")
	case factor > have:
		return probe.Warn(codeFewNodes, "keyspace %s requires %s, but there %s %s", k.Name,
			plural.Of(factor, "replica", "replicas"), plural.Word(have, "is", "are"), plural.Of(have, "node", "nodes")).
			Hint(alter)
	}
	return probe.OK(codeReplicated, "keyspace %s has %s in data center %s", k.Name, plural.Of(factor, "replica", "replicas"), datacenter)
}
