//go:build storage

package deploy

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// clusterTimeout bounds how long a cluster takes to make its replicas, or to see
// that a node has gone.
const clusterTimeout = time.Minute

// TestCluster goes on from one Elasticsearch node to three, as the cluster's file
// says, loses one of them, and at last has the old indices deleted.
func TestCluster(t *testing.T) {
	t.Parallel()
	p := newProject(t, "compose.elasticsearch.yaml", elasticsearchEnv...)
	p.own(t)
	elasticsearchImage(t, p)
	p.compose(t, upTimeout, "up", "-d")
	trace := p.proveWell(t)
	want := p.spans(t, trace)
	if want == 0 {
		t.Fatalf("one node has no trace %s", trace)
	}
	p.compose(t, runTimeout, "down")

	p.file = "deploy/compose.elasticsearch-cluster.yaml"
	p.compose(t, upTimeout, "up", "-d")
	p.waitHealth(t, "green", 3)
	if got := p.spans(t, trace); got != want {
		t.Errorf("after the move to three nodes, trace %s has %d spans, want %d", trace, got, want)
	}
	p.addReplicas(t)
	p.waitHealth(t, "green", 3)
	p.proveWell(t)
	if got := p.replicas(t); got != "1" {
		t.Errorf("today's index has %s replicas, want 1", got)
	}

	p.compose(t, runTimeout, "stop", "elasticsearch3")
	p.waitHealth(t, "yellow", 2)
	p.compose(t, runTimeout, "run", "--rm", "check")
	if got := p.spans(t, trace); got != want {
		t.Errorf("without the third node, trace %s has %d spans, want %d", trace, got, want)
	}

	p.compose(t, runTimeout, "run", "--rm", "retention")
	if got := p.spans(t, trace); got != want {
		t.Errorf("after retention of seven days, trace %s has %d spans, want %d", trace, got, want)
	}
	p.env = append(p.env, "RETENTION_DAYS=0")
	p.compose(t, runTimeout, "run", "--rm", "retention")
	if got := p.spans(t, trace); got != 0 {
		t.Errorf("after retention of no day, trace %s has %d spans, want none", trace, got)
	}
	p.compose(t, runTimeout, "down", "-v")
}

// elasticsearch asks a node of the cluster.
func (p *project) elasticsearch(t *testing.T, path string, answer any) bool {
	t.Helper()
	body, ok := p.curl(t, "http://localhost:9200"+path)
	if !ok {
		return false
	}
	if err := json.Unmarshal([]byte(body), answer); err != nil {
		t.Fatalf("%s: got %q: %v", path, body, err)
	}
	return true
}

// waitHealth waits until the cluster has the state and that many nodes.
func (p *project) waitHealth(t *testing.T, status string, nodes int) {
	t.Helper()
	deadline := time.Now().Add(clusterTimeout)
	for {
		var got struct {
			Status string `json:"status"`
			Nodes  int    `json:"number_of_nodes"`
		}
		// The node itself waits; this loop is for its patience with a loaded machine.
		p.elasticsearch(t, "/_cluster/health?timeout=10s&wait_for_status="+status, &got)
		if got.Status == status && got.Nodes == nodes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s the cluster is %+v, want %s with %d nodes", clusterTimeout, got, status, nodes)
		}
	}
}

// addReplicas runs the line that the cluster's file has for indices from before.
func (p *project) addReplicas(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("../../" + p.file)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^#   curl (-X PUT) '(\S+)' -H '([^']+)' -d '([^']+)'$`).FindStringSubmatch(string(text))
	if line == nil {
		t.Fatalf("%s has no line for replicas", p.file)
	}
	if body, ok := p.curl(t, "-X", "PUT", line[2], "-H", line[3], "-d", line[4]); !ok || !strings.Contains(body, `"acknowledged":true`) {
		t.Errorf("%s: got %q", line[0], body)
	}
}

// replicas is what today's index of spans has.
func (p *project) replicas(t *testing.T) string {
	t.Helper()
	var got map[string]struct {
		Settings struct {
			Index struct {
				Replicas string `json:"number_of_replicas"`
			} `json:"index"`
		} `json:"settings"`
	}
	index := "jaeger-span-" + time.Now().UTC().Format(time.DateOnly)
	if !p.elasticsearch(t, "/"+index+"/_settings", &got) {
		t.Fatalf("there is no index %s", index)
	}
	return got[index].Settings.Index.Replicas
}
