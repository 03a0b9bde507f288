package stores

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// SearchOptions say how a search engine runs. The zero value is one node that asks
// for no password and does not speak TLS.
type SearchOptions struct {
	// Version is Elasticsearch's major version, 7 or 8; 0 is 7.
	Version int
	// Password has Elasticsearch 8 ask for a user and a password, and TLS has it
	// speak HTTPS and nothing else. For the others, see Guard.
	Password, TLS bool
	// Nodes is how many form the cluster; 0 is 1.
	Nodes int
	// Host is the address that the HTTP server listens on; empty is 127.0.0.1.
	// With 0.0.0.0, other network namespaces reach it.
	Host string
	// Settings are added to each node's own, each as key=value.
	Settings []string
	// Stopped leaves the nodes stopped: their addresses are known, and nobody
	// listens there until Start.
	Stopped bool
}

// SearchNode is a node of Elasticsearch or OpenSearch.
type SearchNode struct {
	Node
	// URL is its HTTP address, without a slash at the end.
	URL string
	// User and Password are what it asks for; empty without.
	User, Password string
	// CAFile is what clients are to trust; empty without TLS.
	CAFile string
}

// Elasticsearch runs Elasticsearch 7.17 or 8.19 for a test and returns its nodes
// when all have joined the cluster. It has the server's own parts, and 8.19 the
// security; it lacks what is a module and not on Maven Central: no ILM, no ingest,
// no scripts, no reindex.
func Elasticsearch(t *testing.T, o SearchOptions) []*SearchNode {
	t.Helper()
	switch o.Version {
	case 0, 7:
		return startAll(t, elasticsearch7(), o, freePort)
	case 8:
		return startAll(t, elasticsearch8(), o, freePort)
	default:
		t.Fatalf("no Elasticsearch %d: it is 7 or 8", o.Version)
		return nil
	}
}

// OpenSearch runs OpenSearch 2 as Elasticsearch does Elasticsearch 7.17.
func OpenSearch(t *testing.T, o SearchOptions) []*SearchNode {
	t.Helper()
	return startAll(t, openSearch2(), o, freePort)
}

func startAll(t *testing.T, e engine, o SearchOptions, free ports) []*SearchNode {
	t.Helper()
	if (o.Password || o.TLS) && e.secure == nil {
		t.Fatalf("%s has neither password nor TLS here: see Guard", e)
	}
	e.java, e.classpath = Need(t, e.Distribution)
	if o.Stopped {
		return e.nodes(t, o, free)
	}
	return process.OnFreePorts(t, e.String(), func() ([]*SearchNode, error) {
		t.Helper()
		nodes := e.nodes(t, o, free)
		err := launchAll(nodes)
		if err == nil {
			return nodes, nil
		}
		for _, n := range nodes {
			if n.proc != nil {
				err = cmp.Or(n.proc.EndedEarly(), err) // the others wait for one that ended
			}
		}
		for _, n := range nodes {
			_ = n.Kill()
		}
		return nil, err
	})
}

// launchAll starts all nodes at once: the first is not ready before it has found the
// others.
func launchAll(nodes []*SearchNode) error {
	started := time.Now()
	for _, n := range nodes {
		if err := n.Launch(); err != nil {
			return err
		}
	}
	for _, n := range nodes {
		if err := n.WaitReady(); err != nil {
			return err
		}
		n.StartedIn = time.Since(started)
	}
	return nil
}

// nodes returns the nodes of a cluster that know of each other.
func (e engine) nodes(t *testing.T, o SearchOptions, free ports) []*SearchNode {
	t.Helper()
	count := max(o.Nodes, 1)
	var names, addrs []string
	var own [][]string
	for i := range count {
		name, port := "node-"+strconv.Itoa(i+1), free(t)
		names, addrs = append(names, name), append(addrs, at(port))
		own = append(own, []string{"node.name=" + name, "transport.port=" + strconv.Itoa(port)})
	}
	discovery := []string{"discovery.type=single-node"}
	if count > 1 {
		discovery = []string{
			"discovery.seed_hosts=" + strings.Join(addrs, ","),
			e.masters + "=" + strings.Join(names, ","),
		}
	}
	var nodes []*SearchNode
	for i := range count {
		n := e.node(t, o, free(t), slices.Concat(own[i], discovery, o.Settings))
		n.ready = n.joined(count)
		nodes = append(nodes, n)
	}
	return nodes
}

// node writes what one node needs below a directory of the test.
func (e engine) node(t *testing.T, o SearchOptions, port int, settings []string) *SearchNode {
	t.Helper()
	home := t.TempDir()
	n := &SearchNode{URL: "http://" + at(port)}
	n.t, n.Addr = t, at(port)
	logging := filepath.Join(home, "log4j2.properties")
	write(t, logging, log4j)
	var security []string
	if e.secure != nil {
		security = e.secure(t, n, home, o)
	}
	n.command = process.Command{Path: e.java, Dir: home, Args: slices.Concat(
		jvmOptions(home), []string{"-Dlog4j.configurationFile=" + logging, "-Dlog4j2.disable.jmx=true"},
		e.program(t, e, home),
		[]string{
			"cluster.name=otdemo", "transport.host=" + loopback, "path.data=" + filepath.Join(home, "data"),
			"http.host=" + cmp.Or(o.Host, loopback), "http.port=" + strconv.Itoa(port),
			// The machine's own disk may be fuller than the defaults allow; a test that
			// wants the flood sets a lower mark, and the node sees it within 10 s.
			"cluster.routing.allocation.disk.watermark.low=99%",
			"cluster.routing.allocation.disk.watermark.high=99%",
			"cluster.routing.allocation.disk.watermark.flood_stage=99%",
			"cluster.info.update.interval=10s",
		},
		security, settings,
	)}
	return n
}

// joined returns a question that is answered when the node is in a cluster of
// count nodes or more and all primary shards are there.
func (n *SearchNode) joined(count int) func(context.Context) error {
	return func(ctx context.Context) error {
		path := "/_cluster/health?timeout=1s&wait_for_status=yellow&wait_for_nodes=%3E%3D" + strconv.Itoa(count)
		resp, err := n.Do(ctx, http.MethodGet, path, "")
		if err != nil {
			return fmt.Errorf("ask for its health: %w", err)
		}
		if resp.Status != http.StatusOK {
			return fmt.Errorf("ask for its health: status %d", resp.Status)
		}
		return nil
	}
}

// Answer is what a node says to a request.
type Answer struct {
	Status int
	Body   string
}

// Do asks with the node's own user over a connection of its own. The body is JSON;
// empty sends none.
func (n *SearchNode) Do(ctx context.Context, method, path, body string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.URL+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if n.User != "" {
		req.SetBasicAuth(n.User, n.Password)
	}
	// Kept-alive connections would outlive the test.
	transport := &http.Transport{DisableKeepAlives: true}
	if n.CAFile != "" {
		roots, err := trust(n.CAFile)
		if err != nil {
			return Answer{}, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return Answer{Status: resp.StatusCode, Body: string(text)}, nil
}
