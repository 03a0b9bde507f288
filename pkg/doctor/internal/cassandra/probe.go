package cassandra

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

const (
	idAnswers     = "cassandra-answers"
	idKeyspace    = "cassandra-keyspace"
	idReplication = "cassandra-replication"
)

const (
	codeResponds      probe.Code = "cassandra-answers"
	codeHostInvalid   probe.Code = "cassandra-host-invalid"
	codeRefused       probe.Code = "cassandra-refused"
	codeUnresolved    probe.Code = "cassandra-unresolved"
	codeTimeout       probe.Code = "cassandra-timeout"
	codeTLS           probe.Code = "cassandra-tls-mismatch"
	codeCertificate   probe.Code = "cassandra-certificate"
	codeNotCQL        probe.Code = "cassandra-not-cql"
	codeUnreachable   probe.Code = "cassandra-unreachable"
	codeUnauthorized  probe.Code = "cassandra-unauthorized"
	codeStateUnknown  probe.Code = "cassandra-state-unknown"
	codeKeyspaceFound probe.Code = "cassandra-keyspace-found"
	codeNoKeyspace    probe.Code = "cassandra-keyspace-missing"
	codeNoTables      probe.Code = "cassandra-tables-missing"
	codeReplicated    probe.Code = "cassandra-replicated"
	codeDatacenter    probe.Code = "cassandra-datacenter-wrong"
	codeFewNodes      probe.Code = "cassandra-few-nodes"
	codeUnavailable   probe.Code = "cassandra-unavailable"
)

// Probe returns the probe.
func Probe() probe.Probe {
	return probe.Probe{
		ID:    idAnswers,
		Hop:   probe.HopStorage,
		Title: "the given Cassandra accepts Jaeger's requests",
		Codes: []probe.Code{
			codeResponds, codeHostInvalid, codeRefused, codeUnresolved, codeTimeout, codeTLS, codeCertificate, codeNotCQL, codeUnreachable,
			codeUnauthorized,
		},
		Run:        run,
		RunsBeside: storage.RelatedProbes(),
		Finalize:   storage.Finalize(stopsJaeger()),
	}
}

// clusterNode is the published result of cassandra-answers: a node that
// responds.
type clusterNode struct {
	addr string
	// Of system.local:
	Cluster    string `json:"cluster_name"`
	Datacenter string `json:"data_center"`
	Version    string `json:"release_version"`
}

// defaultPort is where nodes listen, with TLS or without.
const defaultPort = "9042"

func run(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Storage.Kind != probe.StorageCassandra {
		return probe.NotUsed("--storage cassandra is not set")
	}
	return storage.FirstOf(env, "hosts", env.Storage.CassandraHosts, func(host string) (probe.Finding, *clusterNode) { return reach(ctx, env, host) })
}

func reach(ctx context.Context, env *probe.Env, host string) (probe.Finding, *clusterNode) {
	addr := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		addr = net.JoinHostPort(strings.Trim(host, "[]"), defaultPort)
	}
	if host == "" || strings.Contains(host, "/") {
		return probe.Fail(codeHostInvalid, "the host %q must be of the form host or host:port", probe.BareText(host)).
			AtHop(probe.HopConfig).Hint("--cassandra-hosts localhost"), nil
	}
	conn, err := dialCQL(ctx, env, addr)
	if err != nil {
		return noResponse(ctx, env, addr, err), nil
	}
	defer conn.close()
	locals, err := cqlQueryRows[clusterNode](conn, cqlOne, "SELECT JSON cluster_name, data_center, release_version FROM system.local")
	if err != nil {
		return noResponse(ctx, env, addr, err), nil
	}
	if len(locals) != 1 {
		return noResponse(ctx, env, addr, errNotCQL), nil
	}
	node := locals[0]
	node.addr = addr
	f := probe.OK(codeResponds, "%s responds: Cassandra %s, data center %s", addr, node.Version, node.Datacenter).
		Saw(fmt.Sprintf("cluster %q, native protocol %d, authenticator %q", node.Cluster, cqlVersion, conn.authenticator))
	if !env.Storage.TLS {
		f = f.Saw(plainLine)
	}
	return f, &node
}

// plainJaeger2 is what a Jaeger 2 needs for a node without TLS.
const plainJaeger2 = "connection: {tls: {insecure: true}} (Jaeger 2)"

// plainLine is what Jaeger 2 prints without that setting; Jaeger 1 uses TLS
// only if configured. Measured with 2.13.
const plainLine = "without TLS, which requires " + plainJaeger2 + "; otherwise it prints: " +
	"unable to connect to initial hosts: tls: first record does not look like a TLS handshake"

func noResponse(ctx context.Context, env *probe.Env, addr string, err error) probe.Finding {
	host, port, _ := net.SplitHostPort(addr)
	logged := "Jaeger prints: gocql: unable to create session: unable to connect to initial hosts: " + err.Error()
	if server, ok := errors.AsType[*cqlServerError](err); ok && server.code == cqlBadCredentials {
		f := probe.Fail(codeUnauthorized, "%s requires a user and a password", addr)
		if env.Storage.User != "" {
			f.Fact = fmt.Sprintf("%s rejects user %s with this password", addr, env.Storage.User)
		}
		return f.Saw("AUTH_RESPONSE: "+server.message, logged).
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
		f = probe.Fail(codeTLS, "%s does not speak TLS", addr).
			Hint("leave --storage-tls out, and --cassandra.tls.enabled (Jaeger 1); " + plainJaeger2)
	case (closed || errors.Is(err, errNotCQL)) && !env.Storage.TLS && probe.SpeaksTLS(ctx, env, addr):
		f = probe.Fail(codeTLS, "%s speaks TLS", addr).
			Hint("--storage-tls; --cassandra.tls.enabled (Jaeger 1); connection: {tls: {insecure: false}}, the default (Jaeger 2)")
	case errors.Is(err, errNotCQL), errors.Is(err, errCQLSilent):
		// Measured with 1.62: Jaeger prints nothing and waits.
		return probe.Fail(codeNotCQL, "%s does not speak Cassandra's protocol: %v", addr, err).
			Saw("Jaeger prints nothing and waits").
			Hint("--cassandra-hosts " + net.JoinHostPort(host, defaultPort))
	default:
		connect := "nc -vz " + host + " " + port
		f = probe.Faults{
			probe.FaultRefused: probe.Finding{Code: codeRefused}.Hint(connect).
				Perhaps("it is still starting, which takes up to a minute", "docker logs --tail 20 cassandra").
				Perhaps("it runs in another container: use its service name", ""),
			probe.FaultUnresolved: probe.Finding{Code: codeUnresolved}.Hint("getent hosts " + host),
			probe.FaultTimeout:    probe.Finding{Code: codeTimeout}.Hint(connect),
			probe.FaultCertificate: probe.Finding{Code: codeCertificate}.Saw(probe.Presented(err)...).
				Hint("--storage-ca ca.pem; --cassandra.tls.ca=ca.pem (Jaeger 1); connection: {tls: {ca_file: ca.pem}} (Jaeger 2)"),
			probe.FaultOther: probe.Finding{Code: codeUnreachable}.Hint(connect),
		}.Finding(&url.URL{Scheme: "cql", Host: addr}, err)
	}
	return f.Saw(logged)
}

// stopsJaeger are the findings with which a Jaeger exits at its start. What may be
// so only from here, such as a name that does not resolve, is left out.
func stopsJaeger() []probe.Code {
	return []probe.Code{codeHostInvalid, codeRefused, codeTLS, codeCertificate, codeNotCQL, codeUnauthorized, codeNoKeyspace}
}
