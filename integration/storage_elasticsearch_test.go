//go:build storage && linux

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/stores"
)

// esEnv are the variables of deploy/jaeger/elasticsearch.yaml for one server.
func esEnv(url string) string { return fmt.Sprintf("JAEGER_ES_URLS=[%q]", url) }

// esFlags tell check-jaeger of one server.
func esFlags(url string) []string { return []string{"--storage", "elasticsearch", "--es-url", url} }

// wellInES are the codes of a check that finds all in order.
func wellInES() []string {
	return []string{
		"canary-delivered", "es-answers", "es-health-good", "es-takes-writes", "es-shards-free",
		"es-indices-found", "es-mapping-keyword",
	}
}

// TestStorageElasticsearch has Jaeger 2.13 keep its traces in Elasticsearch 7.17.
func TestStorageElasticsearch(t *testing.T) {
	proveElasticsearch(t, stores.Elasticsearch(t, stores.SearchOptions{})[0])
}

// TestStorageOpenSearch has Jaeger 2.13 keep its traces in OpenSearch 2.
func TestStorageOpenSearch(t *testing.T) {
	proveElasticsearch(t, stores.OpenSearch(t, stores.SearchOptions{})[0])
}

// TestStorageElasticsearch8 has it keep them in Elasticsearch 8 as that starts by
// itself: with TLS, and a password.
func TestStorageElasticsearch8(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{Version: 8, Password: true, TLS: true})[0]
	proveElasticsearch(t, es, "JAEGER_ES_USERNAME="+es.User, "JAEGER_ES_PASSWORD="+es.Password, "JAEGER_ES_CA="+es.CAFile)
}

// proveElasticsearch has deploy/'s Jaeger, with env, keep traces over a restart.
func proveElasticsearch(t *testing.T, es *stores.SearchNode, env ...string) {
	t.Helper()
	t.Logf("the store was ready after %s", es.StartedIn.Round(100*time.Millisecond))
	flags := esFlags(es.URL)
	if es.Password != "" {
		flags = append(flags, "--storage-user", es.User, "--storage-password", es.Password, "--storage-ca", es.CAFile)
	}
	j := deployedJaeger(t, "elasticsearch.yaml", append(env, esEnv(es.URL))...)
	j.start(t)
	callAll(t, j)
	wellStored(t, j, flags, wellInES()...)
	wantIndices(t, es, storedCalls)

	before := storedTraces(t, j)
	j.stop(t)
	if err := es.Restart(); err != nil {
		t.Fatalf("restart the store: %v", err)
	}
	j.start(t)
	if diff := cmp.Diff(before, storedTraces(t, j)); diff != "" {
		t.Errorf("traces before and after a restart of Jaeger and of the store (-before +after):\n%s", diff)
	}
	wellStored(t, j, flags, wellInES()...)
}

// TestStorageTwoJaegers has a Jaeger 1 write what a Jaeger 2 is to read, as in the
// middle of a move: it does not find ids of 64 bits, and what the check prints has
// them found.
func TestStorageTwoJaegers(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{})[0]
	one := startV1(t, "elasticsearch", "--es.server-urls="+es.URL, "--es.num-shards=1", "--es.num-replicas=0")
	two := deployedJaeger(t, "elasticsearch.yaml", esEnv(es.URL))
	two.start(t)
	flags := slices.Concat([]string{"--query-url", two.queryURL(), "--timeout", "12s"}, one.sendFlags(t), esFlags(es.URL))
	const fix = "OTDEMO_TRACE_ID_128BIT=true"
	for _, tt := range []struct {
		env  []string
		exit int
		code string
	}{
		{nil, 1, "es-canary-id-short"},
		{[]string{fix}, 0, "canary-delivered"},
	} {
		got := place{}.check(t, tt.env, flags...)
		var r labReport
		if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
			t.Fatalf("check-jaeger printed %q: %v", got.Stdout, err)
		}
		f, printed := r.decisive(faultCase{exit: tt.exit, code: tt.code})
		if got.Code != tt.exit || f.Code != tt.code {
			t.Errorf("with %q: got exit code %d and %s, want %d and %s\n%s", tt.env, got.Code, f.Code, tt.exit, tt.code, got.Stdout)
		}
		if tt.exit != 0 && !strings.Contains(printed, fix) {
			t.Errorf("got the fix %q, want %q in it", printed, fix)
		}
	}
}

// TestStorageElasticsearchV1 has Jaeger 1.62 keep its traces there, with the flags
// of its documentation.
func TestStorageElasticsearchV1(t *testing.T) {
	es := stores.Elasticsearch(t, stores.SearchOptions{})[0]
	j := startV1(t, "elasticsearch", "--es.server-urls="+es.URL, "--es.num-shards=1", "--es.num-replicas=0",
		// The default of 2000 drops half of what comes while the first index is made.
		"--collector.queue-size=20000")
	callAll(t, j)
	wellStored(t, j, esFlags(es.URL), wellInES()...)
	wantIndices(t, es, storedCalls)

	before := storedTraces(t, j)
	j.stop(t)
	if err := es.Restart(); err != nil {
		t.Fatalf("restart the store: %v", err)
	}
	j.start(t)
	if diff := cmp.Diff(before, storedTraces(t, j)); diff != "" {
		t.Errorf("traces before and after a restart of Jaeger and of the store (-before +after):\n%s", diff)
	}
}

// wantIndices expects the indices that Jaeger documents, one a day for spans and
// one for services, with all spans of so many calls.
func wantIndices(t *testing.T, es *stores.SearchNode, calls int) {
	t.Helper()
	var indices []struct {
		Name     string `json:"index"`
		Primary  string `json:"pri"`
		Replicas string `json:"rep"`
		Docs     string `json:"docs.count"`
	}
	askStore(t, es, "/_cat/indices/*jaeger*?format=json&h=index,pri,rep,docs.count&s=index", &indices)
	day := time.Now().UTC().Format(time.DateOnly)
	got := make(map[string]string)
	for _, i := range indices {
		got[i.Name] = i.Primary + "+" + i.Replicas
	}
	want := map[string]string{"jaeger-span-" + day: "1+0", "jaeger-service-" + day: "1+0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("indices with their shards and replicas (-want +got):\n%s", diff)
	}
	var spans struct {
		Count int `json:"count"`
	}
	// The canaries of check-jaeger are there too, and are no part of this.
	askStore(t, es, "/jaeger-span-"+day+"/_count?q=process.serviceName:otdemo-client+OR+process.serviceName:otdemo-server", &spans)
	if want := (clientSpans + serverSpans) * calls; spans.Count != want {
		t.Errorf("spans in the store: got %d, want %d", spans.Count, want)
	}
}

// askStore reads what es answers to GET of path.
func askStore(t *testing.T, es *stores.SearchNode, path string, into any) {
	t.Helper()
	answer, err := es.Do(t.Context(), http.MethodGet, path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
		t.Fatalf("%s: the store answered %d %s: %v", path, answer.Status, answer.Body, err)
	}
}
