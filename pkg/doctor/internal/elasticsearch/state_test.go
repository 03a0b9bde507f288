package elasticsearch

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// esFake answers by the start of a path. The shapes are those of a real 7.17.29.
type esFake map[string]string

func (s esFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	for path, body := range s {
		if strings.Contains(r.URL.Path, path) {
			probetest.Answer(200, "Content-Type: application/json", body)(w, r)
			return
		}
	}
	probetest.Answer(404, "Content-Type: application/json", "{}")(w, r)
}

const (
	pathHealth   = "/_cluster/health"
	pathIndices  = "/_cat/indices/"
	pathBlocks   = "service-*/_settings"
	pathSettings = "/_cluster/settings"
	pathDisk     = "/_cat/allocation"
	pathPool     = "/_cat/thread_pool/write"
	pathMapping  = "/_mapping/field/serviceName"
	pathTemplate = "/_template"
	pathSearch   = "/_search"
)

// healthyES is a single node with the indices of DAY.
func healthyES(change map[string]string) esFake {
	s := esFake{
		pathHealth: `{"cluster_name":"lab","status":"yellow","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,
			"active_primary_shards":10,"active_shards":10,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":10}`,
		pathIndices: `[{"index":"jaeger-service-DAY","health":"yellow","docs.count":"2","pri":"5","rep":"1"},
			{"index":"jaeger-span-DAY","health":"yellow","docs.count":"10","pri":"5","rep":"1"}]`,
		pathBlocks:   `{}`,
		pathSettings: `{"defaults":{"cluster.max_shards_per_node":"1000","cluster.routing.allocation.disk.threshold_enabled":"true","cluster.routing.allocation.disk.watermark.flood_stage":"95%"}}`,
		pathDisk:     `[{"disk.avail":"77351645184","disk.total":"270553174016","disk.percent":"71","node":"n1"}]`,
		pathPool:     `[{"node_name":"n1","rejected":"0"}]`,
		pathMapping:  `{"jaeger-service-DAY":{"mappings":{"serviceName":{"full_name":"serviceName","mapping":{"serviceName":{"type":"keyword","ignore_above":256}}}}}}`,
		pathTemplate: `{"jaeger-span":{"index_patterns":["*jaeger-span-*"]},"jaeger-service":{"index_patterns":["*jaeger-service-*"]}}`,
	}
	maps.Copy(s, change)
	day := time.Now().UTC().Format(time.DateOnly)
	for path, body := range s {
		s[path] = strings.ReplaceAll(body, "DAY", day)
	}
	return s
}

func TestElasticsearchState(t *testing.T) {
	t.Parallel()
	delivered := map[string]probe.Outcome{probe.IDCanary: {Finding: probe.Finding{ID: probe.IDCanary, Status: probe.StatusOK}}}
	lost := map[string]probe.Outcome{probe.IDCanary: {Finding: probe.Finding{ID: probe.IDCanary, Status: probe.StatusFail, Code: probe.CodeCanaryLost}}}
	old := `[{"index":"jaeger-service-2020-01-01","health":"green","docs.count":"2","pri":"5","rep":"1"},
		{"index":"jaeger-span-2020-01-01","health":"green","docs.count":"9","pri":"5","rep":"1"}]`
	tests := map[string]struct {
		probe   string
		change  map[string]string
		earlier map[string]probe.Outcome
		prefix  string
		status  probe.Status
		code    probe.Code
		fact    string
	}{
		"health":   {idESHealth, nil, lost, "", probe.StatusOK, codeESHealthy, "the cluster is yellow: 1 node, 10 shards active, 10 unassigned"},
		"writable": {IDESWrites, nil, lost, "", probe.StatusOK, codeESWritable, "no index of Jaeger's is blocked, and no disk is too full"},
		"shards": {
			idESShards, nil, lost, "", probe.StatusOK, codeESShardsFree,
			"20 of 1000 shards are open (cluster.max_shards_per_node 1000, 1 data node)",
		},
		"indices": {idESIndices, nil, delivered, "", probe.StatusOK, codeESIndices, "1 index of spans, the newest is jaeger-span-DAY with 10 documents"},
		"mapping": {idESMapping, nil, lost, "", probe.StatusOK, codeESKeyword, "serviceName is a keyword in 1 index, and there is a template for the next"},
		"red": {
			idESHealth,
			map[string]string{pathIndices: `[{"index":"jaeger-span-DAY","health":"red"}]`},
			lost, "", probe.StatusFail, codeESRed, "1 index of Jaeger's is red: jaeger-span-DAY",
		},
		"red elsewhere": {
			idESHealth,
			map[string]string{pathHealth: `{"status":"red","number_of_nodes":3,"active_shards":9,"unassigned_shards":1}`},
			lost, "", probe.StatusWarn, codeESRed, "the cluster is red: 3 nodes, 9 shards active, 1 unassigned; none of Jaeger's indices is red",
		},
		"read-only": {
			IDESWrites,
			map[string]string{pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"read_only_allow_delete":"true"}}}}}`},
			lost, "", probe.StatusFail, CodeESReadOnly, "1 index of Jaeger's is read-only, by the flood stage of a disk: jaeger-span-DAY",
		},
		"an old one is read-only": {
			IDESWrites,
			map[string]string{
				pathIndices: old,
				pathBlocks:  `{"jaeger-span-2020-01-01":{"settings":{"index":{"blocks":{"read_only_allow_delete":"true"}}}}}`,
			},
			lost, "", probe.StatusWarn, CodeESReadOnly,
			"1 index of Jaeger's is read-only, by the flood stage of a disk: jaeger-span-2020-01-01",
		},
		"an old one is closed by a policy": {
			IDESWrites,
			map[string]string{pathIndices: old, pathBlocks: `{"jaeger-span-2020-01-01":{"settings":{"index":{"blocks":{"write":"true"}}}}}`},
			lost, "", probe.StatusOK, codeESWritable, "no index of Jaeger's is blocked, and no disk is too full",
		},
		"write block": {
			IDESWrites,
			map[string]string{pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"write":"true"}}}}}`},
			lost, "", probe.StatusFail, CodeESReadOnly, "jaeger-span-DAY takes no writes: it has a write block",
		},
		"disk full": {
			IDESWrites,
			map[string]string{pathDisk: `[{"disk.avail":"4","disk.total":"100","disk.percent":"96","node":"n1"},{"node":"UNASSIGNED"}]`},
			lost, "", probe.StatusWarn, codeESDiskFull, "the disk of n1 is fuller than the flood stage: its indices become read-only",
		},
		"rejections": {
			IDESWrites,
			map[string]string{pathPool: `[{"node_name":"n1","rejected":"12"}]`},
			lost, "", probe.StatusWarn, codeESRejects, "12 writes were rejected because a queue was full",
		},
		"rejections of long ago": {
			IDESWrites,
			map[string]string{pathPool: `[{"node_name":"n1","rejected":"12"}]`},
			delivered, "", probe.StatusOK, codeESWritable, "no index of Jaeger's is blocked, and no disk is too full",
		},
		"shards full tomorrow": {
			idESShards,
			map[string]string{pathSettings: `{"transient":{"cluster.max_shards_per_node":"25"},"defaults":{}}`},
			lost, "", probe.StatusWarn, codeESShardsFull,
			"20 of 25 shards are open (cluster.max_shards_per_node 25, 1 data node): there is an index for today and no room for tomorrow's 20",
		},
		"shards full today": {
			idESShards,
			map[string]string{pathSettings: `{"persistent":{"cluster.max_shards_per_node":"25"}}`, pathIndices: old},
			lost, "", probe.StatusFail, codeESShardsFull,
			"20 of 25 shards are open (cluster.max_shards_per_node 25, 1 data node): there is no room for the 20 of today's indices",
		},
		"other prefix": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"prod-jaeger-span-DAY"}]`},
			lost, "test", probe.StatusFail, codeESPrefix, "there is no index test-jaeger-span-*, but prod-jaeger-span-DAY: another index prefix",
		},
		"no index": {
			idESIndices,
			map[string]string{pathIndices: `[]`},
			delivered, "", probe.StatusWarn, codeESNoIndices,
			"a span was stored just now, and not here: there is no index of Jaeger's",
		},
		"not written": {
			idESIndices,
			map[string]string{pathIndices: old},
			delivered, "", probe.StatusWarn, codeESNotWritten,
			"a span was stored just now, and not here: 1 index of spans, the newest is jaeger-span-2020-01-01 with 9 documents",
		},
		"rollover has no date": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-000001","docs.count":"1"},{"index":"jaeger-span-000001","docs.count":"7"},{"index":"jaeger-span-000002","docs.count":"8"}]`},
			delivered, "", probe.StatusOK, codeESIndices, "2 indices of spans, the newest is jaeger-span-000002 with 8 documents",
		},
		"an index instead of an alias": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-write","docs.count":"1"},{"index":"jaeger-span-write","docs.count":"3"}]`},
			lost, "", probe.StatusFail, codeESNoAlias, "jaeger-span-write is an index and no alias: Jaeger writes into it and reads elsewhere",
		},
		"an index instead of an alias, beside daily ones": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"test-jaeger-service-DAY"},{"index":"test-jaeger-span-DAY"},{"index":"test-jaeger-span-write","docs.count":"3"}]`},
			lost, "test", probe.StatusFail, codeESNoAlias, "test-jaeger-span-write is an index and no alias: Jaeger writes into it and reads elsewhere",
		},
		"an index instead of an alias, of others": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-DAY"},{"index":"jaeger-span-DAY","docs.count":"10"},{"index":"test-jaeger-span-write","docs.count":"3"}]`},
			delivered, "", probe.StatusOK, codeESIndices, "1 index of spans, the newest is jaeger-span-DAY with 10 documents",
		},
		"text where an alias should be": {
			idESMapping,
			map[string]string{
				pathIndices: `[{"index":"jaeger-service-write"},{"index":"jaeger-span-write"}]`,
				pathMapping: `{"jaeger-service-write":{"mappings":{"serviceName":{"full_name":"serviceName","mapping":{"serviceName":{"type":"text"}}}}}}`,
			},
			lost, "", probe.StatusOK, codeESKeyword, "serviceName is a keyword in 1 index, and there is a template for the next",
		},
		"service index deleted": {
			idESIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-span-DAY"}]`},
			delivered, "", probe.StatusWarn, codeESNoServices,
			"there is 1 index of spans and none of services: Jaeger lists no service",
		},
		"text": {
			idESMapping,
			map[string]string{pathMapping: `{"jaeger-service-DAY":{"mappings":{"serviceName":{"full_name":"serviceName","mapping":{"serviceName":{"type":"text","fields":{"keyword":{"type":"keyword"}}}}}}}}`},
			lost, "", probe.StatusFail, codeESText, "serviceName is of type text and not keyword in jaeger-service-DAY: services cannot be listed",
		},
		"no template": {
			idESMapping,
			map[string]string{pathTemplate: `{"logs":{"index_patterns":["logs-*"]}}`},
			lost, "", probe.StatusWarn, codeESNoTemplate,
			"no template matches jaeger-service-*: the next index gets serviceName as text",
		},
		"a privilege is missing": {
			idESHealth,
			map[string]string{pathHealth: `no JSON`},
			lost, "", probe.StatusUnknown, codeESState,
			"Elasticsearch does not tell: GET _cluster/health: read the answer: invalid character 'o' in literal null (expecting 'u')",
		},
	}
	day := today()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := probetest.Serve(t, healthyES(tt.change).ServeHTTP)
			base, err := url.Parse(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			earlier := map[string]probe.Outcome{
				probe.IDES: {Finding: probe.Finding{Status: probe.StatusOK}, Published: esCluster{url: base, version: jaegers.VersionAt(7, 17), name: "Elasticsearch 7.17"}},
			}
			maps.Copy(earlier, tt.earlier)
			target := probetest.AtES(t, srv.URL)
			target.Storage.IndexPrefix = tt.prefix
			f, _ := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), tt.probe), target, earlier)
			if fact := strings.ReplaceAll(tt.fact, "DAY", day); f.Status != tt.status || f.Code != tt.code || f.Fact != fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, fact)
			}
		})
	}
}

func TestElasticsearchAliasIsMissing(t *testing.T) {
	t.Parallel()
	made := `[{"index":"test-jaeger-service-write","docs.count":"1"},{"index":"test-jaeger-span-write","docs.count":"3"}]`
	srv := probetest.Serve(t, healthyES(map[string]string{pathIndices: made}).ServeHTTP)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	target := probetest.AtES(t, srv.URL)
	target.Storage.IndexPrefix = "test"
	f, _ := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), idESIndices), target, map[string]probe.Outcome{probe.IDES: {Published: esCluster{url: base}}})
	probetest.Expect(t, f, probe.StatusFail, codeESNoAlias, "test-jaeger-span-write is an index and no alias: Jaeger writes into it and reads elsewhere",
		"stop Jaeger, then: curl -fX DELETE "+srv.URL+"/test-jaeger-span-write,test-jaeger-service-write"+
			" && jaeger-es-rollover init "+srv.URL+" --index-prefix test, then start Jaeger")
	if want := "index test-jaeger-span-write: 3 documents, which no Jaeger finds"; !slices.Contains(f.Evidence, want) {
		t.Errorf("evidence %q lacks %q", f.Evidence, want)
	}
}

func TestLeastFree(t *testing.T) {
	t.Parallel()
	const gb = 1 << 30
	tests := []struct {
		watermark, headroom string
		want                float64
		ok                  bool
	}{
		{"95%", "", 50 * gb, true},
		{"0.75", "", 250 * gb, true},
		{"95%", "100GB", 50 * gb, true},
		{"75%", "100gb", 100 * gb, true},
		{"75%", "-1", 250 * gb, true},
		{"20gb", "", 20 * gb, true},
		{"", "", 0, false},
		{"much", "", 0, false},
	}
	for _, tt := range tests {
		got, ok := leastFree(1000*gb, tt.watermark, tt.headroom)
		// Shares are not exact in binary.
		if ok != tt.ok || got-tt.want > 1 || tt.want-got > 1 {
			t.Errorf("leastFree(%q, %q): got %v %t, want %v %t", tt.watermark, tt.headroom, got, ok, tt.want, tt.ok)
		}
	}
}
