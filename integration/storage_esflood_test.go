//go:build storage && linux

package integration

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/stores"
)

const (
	// floodTimeout bounds how long Elasticsearch takes to see that its disk is
	// full: it looks each 10 s here.
	floodTimeout = time.Minute
	floodPoll    = 200 * time.Millisecond
)

// watermarks make any disk too full, or give back the marks that the node has.
func watermarks(value string) string {
	const prefix = `"cluster.routing.allocation.disk.watermark.`
	return `{"transient":{` + prefix + `low":` + value + `,` + prefix + `high":` + value + `,` + prefix + `flood_stage":` + value + `}}`
}

// TestStorageElasticsearchFlood fills the disk: Jaeger goes on to accept spans, and
// Elasticsearch stores none of them.
func TestStorageElasticsearchFlood(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{})[0]
	j := deployedJaeger(t, "elasticsearch.yaml", esEnv(es.URL))
	j.start(t)
	wellStored(t, j, esFlags(es.URL), wellInES()...)

	putJSON(t, es.URL+"/_cluster/settings", watermarks(`"100pb"`))
	awaitTrue(t, "two indices that are read-only", floodTimeout, func() bool { return readOnlyIndices(t, es) == 2 })
	r, code := checkStored(t, place{}, over14268{j}, esFlags(es.URL))
	flooded := faultCase{exit: 1, hop: "storage", code: "es-read-only"}
	f, _ := r.decisive(flooded)
	if code != flooded.exit || f.Code != flooded.code || f.Hop != flooded.hop {
		t.Errorf("got exit code %d and finding %s at hop %s, want %d, %s at %s\n%s",
			code, f.Code, f.Hop, flooded.exit, flooded.code, flooded.hop, r)
	}
	// Jaeger itself is content.
	if !slices.ContainsFunc(r.Findings, func(f labFinding) bool { return f.Code == "collector-accepts" && f.Status == "ok" }) {
		t.Errorf("no finding that the collector accepts spans\n%s", r)
	}
	for _, says := range []string{"Elasticsearch part of bulk request failed", "read-only-allow-delete block"} {
		awaitTrue(t, "jaeger's line "+says, floodTimeout, func() bool { return strings.Contains(j.proc.Output(), says) })
	}

	putJSON(t, es.URL+"/_cluster/settings", watermarks("null"))
	_, unblock, found := strings.Cut(strings.Join(f.Hints, "\n"), "free disk space first, then: ")
	unblock, _, _ = strings.Cut(unblock, "\n")
	if !found {
		t.Fatalf("no line that removes the block\n%s", r)
	}
	got := process.Run(t, runTimeout, process.Command{
		Path: "/bin/sh", Args: []string{"-c", unblock}, Env: []string{"PATH=" + os.Getenv("PATH")},
	})
	if got.Code != 0 || !strings.Contains(got.Stdout, `"acknowledged":true`) {
		t.Fatalf("%s: exit code %d\n%s%s", unblock, got.Code, got.Stdout, got.Stderr)
	}
	if n := readOnlyIndices(t, es); n != 0 {
		t.Errorf("%d indices are read-only after %s, want 0", n, unblock)
	}
	wellStored(t, j, esFlags(es.URL), wellInES()...)
}

// TestStorageElasticsearchBlocks sets each block that closes Jaeger's indices, and removes
// it with the printed command.
func TestStorageElasticsearchBlocks(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{})[0]
	j := deployedJaeger(t, "elasticsearch.yaml", esEnv(es.URL))
	j.start(t)
	wellStored(t, j, esFlags(es.URL), wellInES()...)
	for _, block := range []struct{ path, body string }{
		{"/jaeger-*/_settings", `{"index.blocks.write":true}`},
		{"/jaeger-*/_settings", `{"index.blocks.read_only":true}`},
		{"/_cluster/settings", `{"transient":{"cluster.blocks.read_only":true}}`},
		{"/_cluster/settings", `{"persistent":{"cluster.blocks.read_only":true}}`},
	} {
		putJSON(t, es.URL+block.path, block.body)
		r, code := checkStored(t, place{}, over14268{j}, esFlags(es.URL))
		f, fix := r.decisive(faultCase{exit: 1, code: "es-read-only"})
		if code != 1 || f.Code != "es-read-only" {
			t.Errorf("%s: got exit code %d and finding %s, want 1 and es-read-only\n%s", block.body, code, f.Code, r)
		}
		got := process.Run(t, runTimeout, process.Command{
			Path: "/bin/sh", Args: []string{"-c", fix}, Env: []string{"PATH=" + os.Getenv("PATH")},
		})
		if !strings.Contains(got.Stdout, `"acknowledged":true`) {
			t.Fatalf("%s: the fix %q printed %s%s", block.body, fix, got.Stdout, got.Stderr)
		}
	}
	wellStored(t, j, esFlags(es.URL), wellInES()...)
}

// readOnlyIndices counts those of Jaeger's that the flood has closed.
func readOnlyIndices(t *testing.T, es *stores.SearchNode) int {
	t.Helper()
	settings := fetch(t.Context(), t, es.URL+"/jaeger-*/_settings?filter_path=*.settings.index.blocks")
	return strings.Count(string(settings), `"read_only_allow_delete":"true"`)
}

// over14268 is a Jaeger that gets its spans over HTTP, which returns 202.
type over14268 struct{ *deployed }

func (o over14268) sendFlags(*testing.T) []string {
	return []string{"--collector-endpoint", "http://" + o.collector + "/api/traces"}
}

// putJSON fails the test unless the answer is 200.
func putJSON(t *testing.T, url, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: runTimeout}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var text bytes.Buffer
		_, _ = text.ReadFrom(resp.Body)
		t.Fatalf("PUT %s %s: %s: %s", url, body, resp.Status, &text)
	}
}

// awaitTrue asks until the answer is yes, and fails the test after the timeout.
func awaitTrue(t *testing.T, what string, timeout time.Duration, ask func() bool) {
	t.Helper()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(floodPoll)
	defer tick.Stop()
	for !ask() {
		select {
		case <-deadline.C:
			t.Fatalf("not seen within %s: %s", timeout, what)
		case <-tick.C:
		}
	}
}
