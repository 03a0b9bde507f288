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

// esFake responds by the start of a path. The shapes are those of a real
// 7.17.29.
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
		"health":   {idHealth, nil, lost, "", probe.StatusOK, codeHealthy, "the cluster is yellow: 1 node, 10 shards active, 10 unassigned"},
		"writable": {IDWrites, nil, lost, "", probe.StatusOK, codeWritable, "no Jaeger index is blocked, and no disk is too full"},
		"shards": {
			idShards, nil, lost, "", probe.StatusOK, codeShardsFree,
			"20 of 1000 shards are open (cluster.max_shards_per_node 1000, 1 data node)",
		},
		"indices": {idIndices, nil, delivered, "", probe.StatusOK, codeIndicesFound, "1 index for spans; the newest is jaeger-span-DAY with 10 documents"},
		"mapping": {idMapping, nil, lost, "", probe.StatusOK, codeKeyword, "serviceName is a keyword in 1 index, and a template exists for the next"},
		"red": {
			idHealth,
			map[string]string{pathIndices: `[{"index":"jaeger-span-DAY","health":"red"}]`},
			lost, "", probe.StatusFail, codeRed, "1 Jaeger index is red: jaeger-span-DAY",
		},
		"red elsewhere": {
			idHealth,
			map[string]string{pathHealth: `{"status":"red","number_of_nodes":3,"active_shards":9,"unassigned_shards":1}`},
			lost, "", probe.StatusWarn, codeRed, "the cluster is red: 3 nodes, 9 shards active, 1 unassigned; none of Jaeger's indices is red",
		},
		"read-only": {
			IDWrites,
			map[string]string{pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"read_only_allow_delete":"true"}}}}}`},
			lost, "", probe.StatusFail, CodeReadOnly, "1 Jaeger index is read-only because a disk reached the flood stage: jaeger-span-DAY",
		},
		"read-only, and the disks cannot be read": {
			IDWrites,
			map[string]string{
				pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"read_only_allow_delete":"true"}}}}}`,
				pathDisk:   `no JSON`,
			},
			lost, "", probe.StatusFail, CodeReadOnly, "1 Jaeger index is read-only because a disk reached the flood stage: jaeger-span-DAY",
		},
		"an old one is read-only": {
			IDWrites,
			map[string]string{
				pathIndices: old,
				pathBlocks:  `{"jaeger-span-2020-01-01":{"settings":{"index":{"blocks":{"read_only_allow_delete":"true"}}}}}`,
			},
			lost, "", probe.StatusWarn, CodeReadOnly,
			"1 Jaeger index is read-only because a disk reached the flood stage: jaeger-span-2020-01-01",
		},
		"an old one is closed by a policy": {
			IDWrites,
			map[string]string{pathIndices: old, pathBlocks: `{"jaeger-span-2020-01-01":{"settings":{"index":{"blocks":{"write":"true"}}}}}`},
			lost, "", probe.StatusOK, codeWritable, "no Jaeger index is blocked, and no disk is too full",
		},
		"write block": {
			IDWrites,
			map[string]string{pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"write":"true"}}}}}`},
			lost, "", probe.StatusFail, CodeReadOnly, "a write block is set on jaeger-span-DAY",
		},
		"read-only block": {
			IDWrites,
			map[string]string{pathBlocks: `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"read_only":"true"}}}}}`},
			lost, "", probe.StatusFail, CodeReadOnly, "a read-only block is set on jaeger-span-DAY",
		},
		"the whole cluster is read-only": {
			IDWrites,
			map[string]string{pathSettings: `{"transient":{"cluster.blocks.read_only":"true"}}`},
			lost, "", probe.StatusFail, CodeReadOnly, "cluster.blocks.read_only is set: the whole cluster rejects writes",
		},
		"disk full": {
			IDWrites,
			map[string]string{pathDisk: `[{"disk.avail":"4","disk.total":"100","disk.percent":"96","node":"n1"},{"node":"UNASSIGNED"}]`},
			lost, "", probe.StatusWarn, codeDiskFull, "disk usage is above the flood stage on n1: indices there become read-only",
		},
		"rejections": {
			IDWrites,
			map[string]string{pathPool: `[{"node_name":"n1","rejected":"12"}]`},
			lost, "", probe.StatusWarn, codeRejectsWrites, "12 writes were rejected because a queue was full",
		},
		"rejections of long ago": {
			IDWrites,
			map[string]string{pathPool: `[{"node_name":"n1","rejected":"12"}]`},
			delivered, "", probe.StatusOK, codeWritable, "no Jaeger index is blocked, and no disk is too full",
		},
		"shards full tomorrow": {
			idShards,
			map[string]string{pathSettings: `{"transient":{"cluster.max_shards_per_node":"25"},"defaults":{}}`},
			lost, "", probe.StatusWarn, codeShardsFull,
			"20 of 25 shards are open (cluster.max_shards_per_node 25, 1 data node): today's index exists, but there is no room for tomorrow's 20",
		},
		"shards full today": {
			idShards,
			map[string]string{pathSettings: `{"persistent":{"cluster.max_shards_per_node":"25"}}`, pathIndices: old},
			lost, "", probe.StatusFail, codeShardsFull,
			"20 of 25 shards are open (cluster.max_shards_per_node 25, 1 data node): no room for the 20 that today's indices need",
		},
		"other prefix": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"prod-jaeger-span-DAY"}]`},
			lost, "test", probe.StatusFail, codeIndexPrefix, "no index test-jaeger-span-*; found prod-jaeger-span-DAY: the index prefix differs",
		},
		"no index": {
			idIndices,
			map[string]string{pathIndices: `[]`},
			delivered, "", probe.StatusWarn, codeNoIndices,
			"a span was just stored, but not here: no Jaeger index found",
		},
		"not written": {
			idIndices,
			map[string]string{pathIndices: old},
			delivered, "", probe.StatusWarn, codeNotWritten,
			"a span was just stored, but not here: 1 index for spans; the newest is jaeger-span-2020-01-01 with 9 documents",
		},
		"rollover has no date": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-000001","docs.count":"1"},{"index":"jaeger-span-000001","docs.count":"7"},{"index":"jaeger-span-000002","docs.count":"8"}]`},
			delivered, "", probe.StatusOK, codeIndicesFound, "2 indices for spans; the newest is jaeger-span-000002 with 8 documents",
		},
		"an index instead of an alias": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-write","docs.count":"1"},{"index":"jaeger-span-write","docs.count":"3"}]`},
			lost, "", probe.StatusFail, codeNoAlias, "jaeger-span-write is an index, not an alias: Jaeger writes to it but reads from elsewhere",
		},
		"an index instead of an alias, beside daily ones": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"test-jaeger-service-DAY"},{"index":"test-jaeger-span-DAY"},{"index":"test-jaeger-span-write","docs.count":"3"}]`},
			lost, "test", probe.StatusFail, codeNoAlias, "test-jaeger-span-write is an index, not an alias: Jaeger writes to it but reads from elsewhere",
		},
		"an index instead of an alias, of others": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-service-DAY"},{"index":"jaeger-span-DAY","docs.count":"10"},{"index":"test-jaeger-span-write","docs.count":"3"}]`},
			delivered, "", probe.StatusOK, codeIndicesFound, "1 index for spans; the newest is jaeger-span-DAY with 10 documents",
		},
		"text where an alias should be": {
			idMapping,
			map[string]string{
				pathIndices: `[{"index":"jaeger-service-write"},{"index":"jaeger-span-write"}]`,
				pathMapping: `{"jaeger-service-write":{"mappings":{"serviceName":{"full_name":"serviceName","mapping":{"serviceName":{"type":"text"}}}}}}`,
			},
			lost, "", probe.StatusOK, codeKeyword, "serviceName is a keyword in 1 index, and a template exists for the next",
		},
		"service index deleted": {
			idIndices,
			map[string]string{pathIndices: `[{"index":"jaeger-span-DAY"}]`},
			delivered, "", probe.StatusWarn, codeNoServiceIndex,
			"there is 1 index for spans but none for services: Jaeger lists no service",
		},
		"text": {
			idMapping,
			map[string]string{pathMapping: `{"jaeger-service-DAY":{"mappings":{"serviceName":{"full_name":"serviceName","mapping":{"serviceName":{"type":"text","fields":{"keyword":{"type":"keyword"}}}}}}}}`},
			lost, "", probe.StatusFail, codeText, "serviceName has type text instead of keyword in jaeger-service-DAY: services cannot be listed",
		},
		"no template": {
			idMapping,
			map[string]string{pathTemplate: `{"logs":{"index_patterns":["logs-*"]}}`},
			lost, "", probe.StatusWarn, codeNoTemplate,
			"no template matches jaeger-service-*: serviceName will be text in the next index",
		},
		"a privilege is missing": {
			idHealth,
			map[string]string{pathHealth: `no JSON`},
			lost, "", probe.StatusUnknown, codeStateUnknown,
			"cannot read Elasticsearch's state: GET _cluster/health: read the response: invalid character 'o' in literal null (expecting 'u')",
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
				probe.IDES: {Finding: probe.Finding{Status: probe.StatusOK}, Published: cluster{url: base, version: jaegers.VersionAt(7, 17), name: "Elasticsearch 7.17"}},
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
	f, _ := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), idIndices), target, map[string]probe.Outcome{probe.IDES: {Published: cluster{url: base}}})
	probetest.Expect(t, f, probe.StatusFail, codeNoAlias, "test-jaeger-span-write is an index, not an alias: Jaeger writes to it but reads from elsewhere",
		"stop Jaeger, then: curl -fX DELETE "+srv.URL+"/test-jaeger-span-write,test-jaeger-service-write"+
			" && jaeger-es-rollover init "+srv.URL+" --index-prefix test, then start Jaeger")
	if want := "index test-jaeger-span-write: 3 documents that Jaeger cannot find"; !slices.Contains(f.Evidence, want) {
		t.Errorf("evidence %q lacks %q", f.Evidence, want)
	}
}

// The command removes the block that is set: while an index is read-only, Elasticsearch
// rejects any other change of its settings.
func TestElasticsearchUnblocks(t *testing.T) {
	t.Parallel()
	for _, block := range []string{"write", "read_only"} {
		set := `{"jaeger-span-DAY":{"settings":{"index":{"blocks":{"` + block + `":"true"}}}}}`
		srv := probetest.Serve(t, healthyES(map[string]string{pathBlocks: set}).ServeHTTP)
		base, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		f, _ := probetest.Examine(t, probetest.ProbeNamed(t, StateProbes(), IDWrites), probetest.AtES(t, srv.URL), map[string]probe.Outcome{probe.IDES: {Published: cluster{url: base}}})
		if want := `-d '{"index.blocks.` + block + `":null}'`; f.Code != CodeReadOnly || !strings.HasSuffix(probe.First(f.Hints), want) {
			t.Errorf("%s: got %s %q, want a hint that ends in %q", block, f.Code, f.Hints, want)
		}
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
