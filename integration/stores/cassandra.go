package stores

import (
	"cmp"
	"context"
	_ "embed" // its configuration
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/gocql/gocql"

	"github.com/otdemo/otdemo/integration/process"
)

//go:embed java/cassandra.yaml
var cassandraConfig string

//go:embed java/logback.xml
var logback string

// CassandraOptions say how Cassandra runs. The zero value asks for no password
// and does not speak TLS.
type CassandraOptions struct {
	// Host is the address that it listens on; empty is 127.0.0.1. With 0.0.0.0,
	// other network namespaces reach it.
	Host string
	// Password has it ask for a user and a password.
	Password bool
	// TLS has it speak TLS to clients and nothing else.
	TLS bool
	// Stopped leaves it stopped: its address is known, and nobody listens there
	// until Start.
	Stopped bool
}

// CassandraNode is a cluster of one node in the data center Datacenter.
type CassandraNode struct {
	Node
	// Port is the port of Addr, which Jaeger 1 wants apart.
	Port int
	// User and Password are what it asks for; empty without.
	User, Password string
	// CAFile is what clients are to trust; empty without TLS.
	CAFile string
}

// Datacenter is the name that Cassandra gives to the data center of a node that
// knows of none.
const Datacenter = "datacenter1"

// superuser is the user that a fresh Cassandra has, and the user's password.
const superuser = "cassandra"

// Cassandra runs Cassandra 4.1 for a test and returns once it answers queries.
func Cassandra(t *testing.T, o CassandraOptions) *CassandraNode {
	t.Helper()
	return cassandraOn(t, o, freePort)
}

func cassandraOn(t *testing.T, o CassandraOptions, free ports) *CassandraNode {
	t.Helper()
	if o.Stopped {
		return newCassandra(t, o, free)
	}
	return process.OnFreePorts(t, Cassandra4().String(), func() (*CassandraNode, error) {
		t.Helper()
		c := newCassandra(t, o, free)
		return c, c.Start()
	})
}

// newCassandra writes what a node needs below a directory of the test.
func newCassandra(t *testing.T, o CassandraOptions, free ports) *CassandraNode {
	t.Helper()
	d := Cassandra4()
	java, classpath := Need(t, d)
	agent, err := d.jarNamed("jamm-0.3.2.jar")
	if err != nil {
		t.Fatal(err)
	}
	home, port := t.TempDir(), free(t)
	c := &CassandraNode{Port: port}
	c.t, c.Addr, c.ready = t, at(port), c.answers
	values := map[string]any{
		"Data": filepath.Join(home, "data"), "Host": cmp.Or(o.Host, loopback), "Port": port,
		"StorageHost": loopback, "StoragePort": free(t), "Password": o.Password, "PEM": "",
	}
	if o.Password {
		c.User, c.Password = superuser, superuser
	}
	if o.TLS {
		pair := newCertificate(t)
		c.CAFile, values["PEM"] = pair.caFile, pair.pemFile
	}
	config := filepath.Join(home, "cassandra.yaml")
	write(t, config, render(t, cassandraConfig, values))
	logging := filepath.Join(home, "logback.xml")
	write(t, logging, logback)
	c.command = process.Command{Path: java, Dir: home, Args: slices.Concat(
		jvmOptions(home), CassandraJVM(),
		[]string{
			"-Dcassandra.config=file://" + config, "-Dlogback.configurationFile=" + logging,
			"-Dcassandra.storagedir=" + home,
			// Without it, no statement can be prepared: it measures each one, and the
			// JDK tells nobody else the size of a lambda.
			"-javaagent:" + agent,
			"-cp", classpath, "org.apache.cassandra.service.CassandraDaemon",
		},
	)}
	return c
}

// render fills in the configuration.
func render(t *testing.T, text string, values map[string]any) string {
	t.Helper()
	parsed, err := template.New("cassandra.yaml").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, values); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// CassandraJVM returns the options that open to Cassandra what JDK 17 has closed, as
// its own conf/jvm11-server.options does for JDK 11, and that spare the waits which
// only a cluster of several needs.
func CassandraJVM() []string {
	options := []string{
		"-Dcassandra-foreground=yes",
		"-Dcassandra.ring_delay_ms=100", "-Dcassandra.skip_wait_for_gossip_to_settle=0",
		"-Dcassandra.superuser_setup_delay_ms=0",
		"--add-exports=java.sql/java.sql=ALL-UNNAMED",
		"--add-exports=java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED",
		"--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED", "--add-exports=java.rmi/sun.rmi.server=ALL-UNNAMED",
		"--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
	}
	for _, name := range []string{
		"java.io", "java.lang", "java.lang.module", "java.nio", "java.util", "java.util.concurrent",
		"java.util.concurrent.atomic", "jdk.internal.loader", "jdk.internal.math", "jdk.internal.misc",
		"jdk.internal.module", "jdk.internal.ref", "jdk.internal.reflect", "jdk.internal.util.jar", "sun.nio.ch",
	} {
		options = append(options, "--add-opens=java.base/"+name+"=ALL-UNNAMED")
	}
	return options
}

// answers returns nil when it lets its user in and answers a query.
func (c *CassandraNode) answers(ctx context.Context) error {
	_, err := c.Query(ctx, "SELECT key FROM system.local")
	return err
}

// Query asks with the node's own user over a connection of its own, and returns
// the rows by the names of the columns.
func (c *CassandraNode) Query(ctx context.Context, statement string, values ...any) ([]map[string]any, error) {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return nil, fmt.Errorf("ask cassandra: %w", err)
	}
	cluster := gocql.NewCluster(host)
	cluster.Port, cluster.NumConns, cluster.ProtoVersion = c.Port, 1, 4
	cluster.Consistency = gocql.One
	cluster.ConnectTimeout, cluster.Timeout = askTimeout, askTimeout
	cluster.DisableInitialHostLookup = true
	cluster.Events.DisableNodeStatusEvents, cluster.Events.DisableTopologyEvents, cluster.Events.DisableSchemaEvents = true, true, true
	cluster.Logger = silent{}
	if c.User != "" {
		cluster.Authenticator = gocql.PasswordAuthenticator{Username: c.User, Password: c.Password}
	}
	if c.CAFile != "" {
		cluster.SslOpts = &gocql.SslOptions{CaPath: c.CAFile, EnableHostVerification: true}
	}
	session, err := cluster.CreateSession()
	if err != nil {
		return nil, fmt.Errorf("connect to cassandra: %w", err)
	}
	defer session.Close()
	rows, err := session.Query(statement, values...).WithContext(ctx).Iter().SliceMap()
	if err != nil {
		return nil, fmt.Errorf("ask cassandra %q: %w", statement, err)
	}
	return rows, nil
}

// silent keeps the client's complaints about a node that is not up yet to itself:
// the last error says the same.
type silent struct{}

func (silent) Print(...any)          {}
func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
