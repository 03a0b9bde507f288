package cassandra

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

const (
	idCassandra            = "cassandra-answers"
	idCassandraKeyspace    = "cassandra-keyspace"
	idCassandraReplication = "cassandra-replication"
)

const (
	codeCassandraAnswers      probe.Code = "cassandra-answers"
	codeCassandraHost         probe.Code = "cassandra-host-invalid"
	codeCassandraRefused      probe.Code = "cassandra-refused"
	codeCassandraUnresolved   probe.Code = "cassandra-unresolved"
	codeCassandraTimeout      probe.Code = "cassandra-timeout"
	codeCassandraTLS          probe.Code = "cassandra-tls-mismatch"
	codeCassandraCertificate  probe.Code = "cassandra-certificate"
	codeCassandraNotCQL       probe.Code = "cassandra-not-cql"
	codeCassandraUnreachable  probe.Code = "cassandra-unreachable"
	codeCassandraUnauthorized probe.Code = "cassandra-unauthorized"
	codeCassandraState        probe.Code = "cassandra-state-unknown"
	codeCassandraKeyspace     probe.Code = "cassandra-keyspace-found"
	codeCassandraNoKeyspace   probe.Code = "cassandra-keyspace-missing"
	codeCassandraNoTables     probe.Code = "cassandra-tables-missing"
	codeCassandraReplicated   probe.Code = "cassandra-replicated"
	codeCassandraDatacenter   probe.Code = "cassandra-datacenter-wrong"
	codeCassandraFewNodes     probe.Code = "cassandra-few-nodes"
	codeCassandraUnavailable  probe.Code = "cassandra-unavailable"
)

func cassandraFaults() probe.FaultCodes {
	return probe.FaultCodes{
		Refused: codeCassandraRefused, Unresolved: codeCassandraUnresolved, Timeout: codeCassandraTimeout,
		TLS: codeCassandraTLS, Certificate: codeCassandraCertificate, Protocol: codeCassandraNotCQL,
		Other: codeCassandraUnreachable,
	}
}

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:         idCassandra,
		Hop:        probe.HopStorage,
		Title:      "the given Cassandra answers as Jaeger asks",
		Codes:      append(cassandraFaults().All(), codeCassandraAnswers, codeCassandraHost, codeCassandraUnauthorized),
		Run:        runCassandra,
		RunsBeside: storage.AboutStorage(),
		Finalize:   storage.SettleStorage(cassandraStopsJaeger),
	}
}

// cassandraNode is what cassandra-answers learns: a node that answers.
type cassandraNode struct {
	addr string
	// Of system.local:
	Cluster    string `json:"cluster_name"`
	Datacenter string `json:"data_center"`
	Version    string `json:"release_version"`
}

// cassandraPort is where nodes listen, with TLS or without.
const cassandraPort = "9042"

func runCassandra(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Storage.Kind != probe.StorageCassandra {
		return probe.NotUsed("--storage cassandra was not asked for")
	}
	findings := make([]probe.Finding, len(env.Storage.CassandraHosts))
	nodes := make([]*cassandraNode, len(findings))
	var wg sync.WaitGroup
	for i, host := range env.Storage.CassandraHosts {
		wg.Go(func() { findings[i], nodes[i] = reachCassandra(ctx, env, host) })
	}
	wg.Wait()
	// Jaeger starts when one of its hosts answers.
	good := slices.IndexFunc(nodes, func(n *cassandraNode) bool { return n != nil })
	bad := slices.Index(nodes, nil)
	if good < 0 {
		return findings[bad]
	}
	env.Publish(*nodes[good])
	if bad < 0 {
		return findings[good]
	}
	f := findings[bad]
	f.Status = probe.StatusWarn
	f.Fact += fmt.Sprintf(" (another of the %d hosts answers)", len(nodes))
	return f
}

func reachCassandra(ctx context.Context, env *probe.Env, host string) (probe.Finding, *cassandraNode) {
	addr := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		addr = net.JoinHostPort(strings.Trim(host, "[]"), cassandraPort)
	}
	if host == "" || strings.Contains(host, "/") {
		return probe.Found(probe.StatusFail, codeCassandraHost, "the host %q is not of the form host or host:port", probe.BareText(host)).
			AtHop(probe.HopConfig).Hint("--cassandra-hosts localhost"), nil
	}
	conn, err := dialCQL(ctx, env, addr)
	if err != nil {
		return silentCassandra(ctx, env, addr, err), nil
	}
	defer conn.close()
	locals, err := cqlQueryRows[cassandraNode](conn, cqlOne, "SELECT JSON cluster_name, data_center, release_version FROM system.local")
	if err != nil {
		return silentCassandra(ctx, env, addr, err), nil
	}
	if len(locals) != 1 {
		return silentCassandra(ctx, env, addr, errNotCQL), nil
	}
	node := locals[0]
	node.addr = addr
	f := probe.Found(probe.StatusOK, codeCassandraAnswers, "%s answers: Cassandra %s, data center %s", addr, node.Version, node.Datacenter).
		Saw(fmt.Sprintf("cluster %q, native protocol %d, authenticator %q", node.Cluster, cqlVersion, conn.authenticator))
	if !env.Storage.TLS {
		f = f.Saw(saysPlain)
	}
	return f, &node
}

// plainJaeger2 is what a Jaeger 2 needs for a node without TLS.
const plainJaeger2 = "connection: {tls: {insecure: true}} (Jaeger 2)"

// saysPlain is what it prints without that, while Jaeger 1 speaks no TLS unless
// told to. Measured with 2.13.
const saysPlain = "without TLS, which takes " + plainJaeger2 + "; else it prints: " +
	"unable to connect to initial hosts: tls: first record does not look like a TLS handshake"

// silentCassandra is the finding for a node that cannot be asked.
func silentCassandra(ctx context.Context, env *probe.Env, addr string, err error) probe.Finding {
	host, port, _ := net.SplitHostPort(addr)
	says := "Jaeger prints: gocql: unable to create session: unable to connect to initial hosts: " + err.Error()
	if server, ok := errors.AsType[*cqlServerError](err); ok && server.code == cqlBadCredentials {
		f := probe.Found(probe.StatusFail, codeCassandraUnauthorized, "%s wants a user and a password", addr)
		if env.Storage.User != "" {
			f.Fact = fmt.Sprintf("%s does not take user %s with this password", addr, env.Storage.User)
		}
		return f.Saw("AUTH_RESPONSE: "+server.message, says).
			Hint(
				"CASSANDRA_USERNAME=... CASSANDRA_PASSWORD=... (Jaeger 1)",
				"connection: {auth: {basic: {username: ..., password: ...}}} (Jaeger 2)",
				"--storage-user cassandra --storage-password ...",
			)
	}
	var record tls.RecordHeaderError
	closed := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
	var f probe.Finding
	switch {
	case errors.As(err, &record):
		f = probe.Found(probe.StatusFail, codeCassandraTLS, "%s speaks no TLS", addr).
			Hint("leave --storage-tls out, and --cassandra.tls.enabled (Jaeger 1); " + plainJaeger2)
	case (closed || errors.Is(err, errNotCQL)) && !env.Storage.TLS && probe.SpeaksTLS(ctx, env, addr):
		f = probe.Found(probe.StatusFail, codeCassandraTLS, "%s speaks TLS", addr).
			Hint("--storage-tls; --cassandra.tls.enabled (Jaeger 1); connection: {tls: {insecure: false}}, the default (Jaeger 2)")
	case errors.Is(err, errNotCQL), errors.Is(err, errCQLSilent):
		// Measured with 1.62: Jaeger prints nothing and waits.
		return probe.Found(probe.StatusFail, codeCassandraNotCQL, "%s does not speak Cassandra's protocol: %v", addr, err).
			Saw("Jaeger prints nothing and waits").
			Hint("--cassandra-hosts " + net.JoinHostPort(host, cassandraPort))
	default:
		f = cassandraFaults().Finding(&url.URL{Scheme: "cql", Host: addr}, err)
		switch f.Code {
		case codeCassandraCertificate:
			f = f.Hint("--storage-ca ca.pem; --cassandra.tls.ca=ca.pem (Jaeger 1); connection: {tls: {ca_file: ca.pem}} (Jaeger 2)").
				Saw(probe.Presented(err)...)
		case codeCassandraUnresolved:
			f = f.Hint("getent hosts " + host)
		case codeCassandraRefused:
			f = f.Hint("nc -vz "+host+" "+port).Maybe(
				probe.Cause{Text: "it is still starting, which takes up to a minute", Command: "docker logs --tail 20 cassandra"},
				probe.Cause{Text: "it runs in another container: use its service's name"},
			)
		default:
			f = f.Hint("nc -vz " + host + " " + port)
		}
	}
	return f.Saw(says)
}

// cassandraStopsJaeger reports whether a Jaeger that finds this exits at its start. What may be so
// only from here, such as a name that does not resolve, is left out.
func cassandraStopsJaeger(c probe.Code) bool {
	switch c {
	case codeCassandraHost, codeCassandraRefused, codeCassandraTLS, codeCassandraCertificate, codeCassandraNotCQL,
		codeCassandraUnauthorized, codeCassandraNoKeyspace:
		return true
	default:
		return false
	}
}
