//go:build storage

package stores

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

// engines are all search engines, by name.
var engines = map[string]func(*testing.T, SearchOptions) []*SearchNode{
	Elasticsearch7().String(): Elasticsearch,
	Elasticsearch8().String(): func(t *testing.T, o SearchOptions) []*SearchNode {
		t.Helper()
		o.Version = 8
		return Elasticsearch(t, o)
	},
	OpenSearch2().String(): OpenSearch,
}

func TestSearchKeepsWhatItWasGiven(t *testing.T) {
	for name, start := range engines {
		t.Run(name, func(t *testing.T) {
			n := start(t, SearchOptions{})[0]
			t.Logf("ready after %s", n.StartedIn.Round(time.Millisecond))
			logMemory(t, &n.Node)
			var root struct{ Version struct{ Number string } }
			decode(t, get(t, n, "/"), &root)
			if !strings.HasSuffix(name, " "+root.Version.Number) {
				t.Errorf("it is version %s, want %s", root.Version.Number, name)
			}

			put(t, n, "/kept/_doc/1", `{"spans":1}`)
			again(t, &n.Node, n.Restart)
			put(t, n, "/kept/_doc/2", `{"spans":2}`)
			again(t, &n.Node, killAndStart(&n.Node))
			for id, want := range map[string]string{"1": `{"spans":1}`, "2": `{"spans":2}`} {
				if got := get(t, n, "/kept/_source/"+id); got != want {
					t.Errorf("document %s: got %s, want %s", id, got, want)
				}
			}
		})
	}
}

// TestElasticsearchAsks leaves out of what it asks for one thing at a time.
func TestElasticsearchAsks(t *testing.T) {
	n := Elasticsearch(t, SearchOptions{Version: 8, Password: true, TLS: true})[0]
	t.Logf("ready after %s", n.StartedIn.Round(time.Millisecond))
	logMemory(t, &n.Node)
	tests := []struct {
		name, want string
		change     func(*SearchNode)
	}{
		{"all", "200", func(*SearchNode) {}},
		{"no password", "401 missing authentication credentials", func(n *SearchNode) { n.User = "" }},
		{"wrong password", "401 unable to authenticate user [elastic]", func(n *SearchNode) { n.Password = "wrong" }},
		{"no tls", "EOF", func(n *SearchNode) { n.URL = "http://" + n.Addr }},
		{"another authority", "certificate signed by unknown authority", func(n *SearchNode) { n.CAFile = newCertificate(t).caFile }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := *n
			test.change(&client)
			answer, err := client.Do(t.Context(), http.MethodGet, "/", "")
			got := fmt.Sprint(answer.Status, " ", answer.Body, err)
			for _, want := range strings.SplitN(test.want, " ", 2) {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %q in it", got, want)
				}
			}
		})
	}
}

func TestStoppedSearchHasAnAddress(t *testing.T) {
	n := Elasticsearch(t, SearchOptions{Stopped: true})[0]
	if _, err := n.Do(t.Context(), http.MethodGet, "/", ""); err == nil {
		t.Error("it answers before its start")
	}
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	get(t, n, "/")
	if err := n.Start(); err == nil {
		t.Error("a second start: got nil, want an error")
	}
}

func TestSearchThatCannotStart(t *testing.T) {
	n := Elasticsearch(t, SearchOptions{Stopped: true, Settings: []string{"no.such.setting=1"}})[0]
	if err := n.Start(); !errors.Is(err, process.ErrEndedEarly) {
		t.Fatalf("got %v, want %v", err, process.ErrEndedEarly)
	}
	if got, want := n.Output(), "unknown setting [no.such.setting]"; !strings.Contains(got, want) {
		t.Errorf("it printed %q, want %q in it", got, want)
	}
}

// TestElasticsearchCluster loses one node of three, and no document with it.
func TestElasticsearchCluster(t *testing.T) {
	for _, version := range []int{7, 8} {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			nodes := Elasticsearch(t, SearchOptions{Version: version, Nodes: 3})
			t.Logf("ready after %s", nodes[2].StartedIn.Round(time.Millisecond))
			put(t, nodes[0], "/kept", `{"settings":{"number_of_shards":3,"number_of_replicas":1}}`)
			waitHealth(t, nodes[0], "green", 3)
			put(t, nodes[0], "/kept/_doc/1?refresh=true", `{"spans":1}`)
			for i, n := range nodes {
				logMemory(t, &n.Node)
				if err := n.Kill(); err != nil {
					t.Fatal(err)
				}
				other := nodes[(i+1)%len(nodes)]
				waitHealth(t, other, "yellow", 2)
				if got, want := get(t, other, "/kept/_source/1"), `{"spans":1}`; got != want {
					t.Errorf("without node %d: got %s, want %s", i+1, got, want)
				}
				if err := n.Start(); err != nil {
					t.Fatal(err)
				}
				waitHealth(t, other, "green", 3)
			}
		})
	}
}

// waitHealth fails the test when the cluster is not soon of that many nodes with
// the status or a better one.
func waitHealth(t *testing.T, n *SearchNode, status string, nodes int) {
	t.Helper()
	var got struct {
		TimedOut bool `json:"timed_out"`
		Status   string
		Nodes    int `json:"number_of_nodes"`
	}
	query := fmt.Sprintf("timeout=50s&wait_for_no_relocating_shards=true&wait_for_status=%s&wait_for_nodes=%d", status, nodes)
	answer, err := n.Do(t.Context(), http.MethodGet, "/_cluster/health?"+query, "")
	if err != nil {
		t.Fatal(err)
	}
	decode(t, answer.Body, &got)
	if got.TimedOut || got.Nodes != nodes {
		t.Fatalf("got %+v, want status %s of %d nodes", got, status, nodes)
	}
}

// again runs a restart, and expects another process after it.
func again(t *testing.T, n *Node, restart func() error) {
	t.Helper()
	id := n.proc.ID()
	if err := restart(); err != nil {
		t.Fatal(err)
	}
	if n.proc.ID() == id {
		t.Error("it is the same process as before")
	}
}

// killAndStart is a restart after the kernel ran out of memory.
func killAndStart(n *Node) func() error {
	return func() error {
		if err := n.Kill(); err != nil {
			return err
		}
		return n.Start()
	}
}

// get returns what the node answers, which must be a success.
func get(t *testing.T, n *SearchNode, path string) string {
	t.Helper()
	got, err := n.Do(t.Context(), http.MethodGet, path, "")
	if err != nil || got.Status != http.StatusOK {
		t.Fatalf("GET %s: got %+v, %v", path, got, err)
	}
	return got.Body
}

func put(t *testing.T, n *SearchNode, path, body string) {
	t.Helper()
	got, err := n.Do(t.Context(), http.MethodPut, path, body)
	if err != nil || got.Status/100 != 2 {
		t.Fatalf("PUT %s: got %+v, %v", path, got, err)
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
}
