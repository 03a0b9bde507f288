//go:build storage && linux

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/stores"
	"github.com/otdemo/otdemo/integration/wire"
)

const (
	// storeAway is the time for which the store is away.
	storeAway = time.Minute
	// heldFor is the end of the outage, when Jaeger is full and accepts no more spans.
	heldFor = 10 * time.Second
	// drainTimeout bounds how long Jaeger takes to store what has waited.
	drainTimeout = 3 * time.Minute
)

// TestStorageOutage kills Elasticsearch for a minute under more load than Jaeger has
// room for, in the memory that the compose file gives to it. Every span that Jaeger
// has accepted is stored when Elasticsearch is back.
func TestStorageOutage(t *testing.T) {
	t.Parallel()
	es := stores.Elasticsearch(t, stores.SearchOptions{})[0]
	j := deployedJaeger(t, "elasticsearch.yaml", esEnv(es.URL))
	outage{
		jaeger: j, memory: asComposed(t, j, "compose.elasticsearch.yaml"), end: es.Kill, start: es.Start,
		stored: func() int64 { return storedIn(t, es) },
		ids:    func() int64 { return idsIn(t, es) },
	}.survive(t)
}

// TestStorageCassandraOutage does the same to Cassandra.
func TestStorageCassandraOutage(t *testing.T) {
	t.Parallel()
	c := stores.Cassandra(t, stores.CassandraOptions{})
	j := deployedJaeger(t, "cassandra.yaml", cassandraEnv(c.Addr))
	stored := func() int64 {
		rows := cql(t, c, "SELECT COUNT(*) AS spans FROM "+cassandraKeyspace+".traces")
		return rows[0]["spans"].(int64)
	}
	outage{
		jaeger: j, memory: asComposed(t, j, "compose.cassandra.yaml"),
		// A Cassandra that is killed loses what it has acknowledged in the last 100 ms.
		end: c.Stop, start: c.Start,
		// A span that is written twice is the same row.
		stored: stored, ids: stored,
	}.survive(t)
}

// TestStorageLargeRequest sends more spans at once than the queue has room for. A
// batch of them all would never find room, and be dropped after it was accepted.
func TestStorageLargeRequest(t *testing.T) {
	t.Parallel()
	const spans = 120_000
	j := deployedJaeger(t, "memory.yaml")
	j.start(t)
	l := newLoad(t, j)
	if accepted, err := l.post(t.Context(), wire.OTLPSpans(loadService, [16]byte{15: 1}, 1, spans, "")); err != nil || !accepted {
		t.Fatalf("a request of %d spans: got accepted %t and error %v, want it accepted", spans, accepted, err)
	}
	sent := regexp.MustCompile(`(?m)^otelcol_exporter_sent_spans_total\{.* (\S+)$`)
	awaitTrue(t, "all spans of the request are stored", acceptTimeout, func() bool {
		if strings.Contains(j.proc.Output(), "Rejecting data") {
			t.Fatal("jaeger has accepted the request, and rejected its spans")
		}
		got := sent.FindSubmatch(fetch(t.Context(), t, "http://"+j.metrics+"/metrics"))
		if got == nil {
			return false
		}
		n, err := strconv.ParseFloat(string(got[1]), 64)
		return err == nil && n == spans
	})
}

// asComposed has Jaeger run with the memory that the compose file gives to it.
func asComposed(t *testing.T, j *deployed, file string) *lab.Memory {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	_, jaeger, _ := strings.Cut(string(text), "  jaeger:\n")
	jaeger, _, _ = strings.Cut(jaeger, "\n\n")
	limit := regexp.MustCompile(`(?m)^    mem_limit: (\d+)m$`).FindStringSubmatch(jaeger)
	goLimit := regexp.MustCompile(`(?m)^      GOMEMLIMIT: (\S+)$`).FindStringSubmatch(jaeger)
	if limit == nil || goLimit == nil {
		t.Fatalf("%s limits no memory of Jaeger:\n%s", file, jaeger)
	}
	mib, err := strconv.ParseInt(limit[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	m := lab.NewMemory(t, mib<<20)
	j.command = m.Command(t, j.command)
	j.command.Env = append(j.command.Env, "GOMEMLIMIT="+goLimit[1])
	return m
}

// outage is a store that goes away under load, and comes back.
type outage struct {
	jaeger *deployed
	memory *lab.Memory
	// end and start are the store's.
	end, start func() error
	// stored counts the spans in the store, and ids counts their ids: a write that is
	// tried again may store a span twice.
	stored, ids func() int64
}

func (o outage) survive(t *testing.T) {
	t.Helper()
	o.jaeger.start(t)
	l := newLoad(t, o.jaeger)
	l.start(t)
	l.await(t, "spans are accepted", func() bool { return l.accepted.Load() > 0 })
	awaitTrue(t, "spans are stored", drainTimeout, func() bool { return o.stored() > 0 })
	if err := o.end(); err != nil {
		t.Fatal(err)
	}
	o.pass(t, l, storeAway-heldFor)
	full := l.accepted.Load()
	o.pass(t, l, heldFor)
	held := l.accepted.Load()
	t.Logf("at the end of the outage: %d spans accepted, %d requests refused, %d MiB of memory at most",
		held, l.refused.Load(), o.peak(t)>>20)
	if held != full {
		t.Errorf("%d spans were accepted in the last %s of the outage, want no room for any", held-full, heldFor)
	}
	if err := o.start(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	l.await(t, "spans are accepted again", func() bool { return l.accepted.Load() > held })
	accepted := l.stop(t)
	awaitTrue(t, fmt.Sprintf("all %d accepted spans are stored", accepted), drainTimeout, func() bool {
		o.mustLive(t, l)
		return o.stored() >= accepted
	})
	stored, ids := o.stored(), o.ids()
	t.Logf("%d spans accepted, %d stored within %s of the store's return, %d of them twice; %d MiB of memory at most",
		accepted, ids, time.Since(started).Round(time.Second), stored-ids, o.peak(t)>>20)
	if ids != accepted {
		t.Errorf("%d spans are stored, want the %d that were accepted", ids, accepted)
	}
}

// pass returns when the time is over, and ends the test if Jaeger ends before.
func (o outage) pass(t *testing.T, l *otlpLoad, d time.Duration) {
	t.Helper()
	select {
	case <-o.jaeger.proc.Done():
		o.mustLive(t, l)
	case <-time.After(d):
	}
}

// mustLive ends the test if Jaeger has ended.
func (o outage) mustLive(t *testing.T, l *otlpLoad) {
	t.Helper()
	select {
	case <-o.jaeger.proc.Done():
		t.Fatalf("jaeger ended with exit status %d, %d kills for memory, and had accepted %d spans",
			o.jaeger.proc.Code(), o.memory.Kills(t), l.accepted.Load())
	default:
	}
}

// peak is the most memory that Jaeger has had, in bytes.
func (o outage) peak(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.jaeger.proc.ID()))
	if err != nil {
		t.Fatal(err)
	}
	kib := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(text)
	if kib == nil {
		t.Fatalf("no VmHWM in %s", text)
	}
	n, err := strconv.ParseInt(string(kib[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// storedIn counts the spans of the load in Elasticsearch.
func storedIn(t *testing.T, es *stores.SearchNode) int64 {
	t.Helper()
	var got struct {
		Count int64 `json:"count"`
	}
	askStore(t, es, "/jaeger-span-*/_count?q=process.serviceName:"+loadService, &got)
	return got.Count
}

// idsIn counts the ids of the spans of the load in Elasticsearch, exactly.
func idsIn(t *testing.T, es *stores.SearchNode) (n int64) {
	t.Helper()
	if _, err := es.Do(t.Context(), http.MethodPost, "/jaeger-span-*/_refresh", ""); err != nil {
		t.Fatal(err)
	}
	const query = `{"size":0,"query":{"term":{"process.serviceName":%q}},"aggs":{"ids":{"composite":` +
		`{"size":10000,"sources":[{"id":{"terms":{"field":"spanID"}}}]%s}}}}`
	for after := ""; ; {
		answer, err := es.Do(t.Context(), http.MethodPost, "/jaeger-span-*/_search", fmt.Sprintf(query, loadService, after))
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Aggregations struct {
				IDs struct {
					After   json.RawMessage   `json:"after_key"`
					Buckets []json.RawMessage `json:"buckets"`
				} `json:"ids"`
			} `json:"aggregations"`
		}
		if err := json.Unmarshal([]byte(answer.Body), &page); err != nil || answer.Status != http.StatusOK {
			t.Fatalf("the store answered %d %s: %v", answer.Status, answer.Body, err)
		}
		ids := page.Aggregations.IDs
		if len(ids.Buckets) == 0 {
			return n
		}
		n += int64(len(ids.Buckets))
		after = `,"after":` + string(ids.After)
	}
}
