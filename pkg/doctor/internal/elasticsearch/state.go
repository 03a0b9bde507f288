package elasticsearch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/plural"
)

// The ids of the probes.
const (
	idVersion = "es-version"
	idHealth  = "es-health"
	IDWrites  = "es-writable"
	idShards  = "es-shards"
)

// The codes of what is found here.
const (
	// codeStateUnknown is for every probe below: the server responds, but not
	// to this request.
	codeStateUnknown       probe.Code = "es-state-unknown"
	codeVersionSupported   probe.Code = "es-version-supported"
	codeVersionNeeds       probe.Code = "es-version-needs"
	codeVersionUnsupported probe.Code = "es-version-unsupported"
	codeHealthy            probe.Code = "es-health-good"
	codeRed                probe.Code = "es-health-red"
	codeWritable           probe.Code = "es-takes-writes"
	CodeReadOnly           probe.Code = "es-read-only"
	codeDiskFull           probe.Code = "es-disk-full"
	codeRejectsWrites      probe.Code = "es-rejects-writes"
	codeShardsFree         probe.Code = "es-shards-free"
	codeShardsScarce       probe.Code = "es-shards-scarce"
	codeShardsFull         probe.Code = "es-shards-full"
)

// jaegerIndices are the indices that spans and services are in, with any prefix.
const jaegerIndices = "*jaeger-span-*,*jaeger-service-*"

// stateCheck examines the state of a cluster. What it reads after an error is
// nothing; see reader.
type stateCheck func(env *probe.Env, r *reader) probe.Finding

func stateProbe(id, title string, codes []probe.Code, check stateCheck) probe.Probe {
	return probe.Probe{
		ID:    id,
		Hop:   probe.HopStorage,
		Title: title,
		Needs: []string{probe.IDES},
		After: append(storage.RelatedProbes(), probe.IDIdentity),
		Codes: append(codes, codeStateUnknown),
		Run: func(ctx context.Context, env *probe.Env) probe.Finding {
			cluster, ok := probe.Result[cluster](env, probe.IDES)
			if !ok {
				return probe.NotUsed("no Elasticsearch to query")
			}
			c, err := newClient(env, cluster.url)
			if err != nil {
				return probe.Unknown(codeStateUnknown, "%v", err)
			}
			defer c.close()
			r := &reader{client: c, ctx: ctx}
			f := check(env, r)
			if r.err != nil {
				// The user may have only the rights that Jaeger needs.
				return probe.Unknown(codeStateUnknown, "cannot read Elasticsearch's state: %v", r.err).
					Hint("grant the user the cluster privilege monitor and view_index_metadata on *jaeger-* to check this")
			}
			return f
		},
		Finalize: storage.Finalize(stopsJaeger()),
	}
}

// StateProbes returns the probes about a server that responds.
func StateProbes() []probe.Probe {
	return []probe.Probe{
		stateProbe(idVersion, "this Jaeger works with this version of Elasticsearch",
			[]probe.Code{codeVersionSupported, codeVersionNeeds, codeVersionUnsupported}, checkVersion),
		stateProbe(idHealth, "the Jaeger indices are healthy", []probe.Code{codeHealthy, codeRed}, checkHealth),
		stateProbe(IDWrites, "the Jaeger indices are writable",
			[]probe.Code{codeWritable, CodeReadOnly, codeDiskFull, codeRejectsWrites}, checkWrites),
		stateProbe(idShards, "the cluster has room for tomorrow's indices",
			[]probe.Code{codeShardsFree, codeShardsScarce, codeShardsFull}, checkShards),
		stateProbe(idIndices, "spans are stored in the indices that Jaeger reads",
			[]probe.Code{codeIndicesFound, codeIndexPrefix, codeNoIndices, codeNotWritten, codeNoServiceIndex, codeNoAlias}, checkIndices),
		stateProbe(idMapping, "service names are stored as keywords, so they can be listed",
			[]probe.Code{codeKeyword, codeText, codeNoTemplate}, checkMapping),
		stateProbe(probe.IDESTraceIDs, "this Jaeger finds every trace by its id",
			[]probe.Code{codeLongIDs, codeShortIDs, codeShortCanary}, checkTraceIDs),
	}
}

func checkVersion(env *probe.Env, _ *reader) probe.Finding {
	cluster, _ := probe.Result[cluster](env, probe.IDES)
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	s, known := supportOf(cluster.opensearch, cluster.version)
	switch {
	case !known:
		return probe.OK(codeVersionNeeds, "unknown which Jaeger versions work with %s", cluster.name)
	case !jaeger.Version.Known():
		return probe.OK(codeVersionNeeds, "%s works with %s", cluster.name, s)
	case s.by(jaeger.Version):
		return probe.OK(codeVersionSupported, "%s works with %s", jaeger, cluster.name)
	}
	return probe.Fail(codeVersionUnsupported, "%s does not work with %s, which needs %s", jaeger, cluster.name, s).
		Saw(
			"Jaeger 1.10 to 2.19 prints: elastic: Error 400 (Bad Request): unknown key [template] in the template",
			"or: Action/metadata line [1] contains an unknown parameter [_type]",
		).
		Hint("use " + s.String())
}

// clusterHealth is the response to GET /_cluster/health.
type clusterHealth struct {
	Status       string `json:"status"`
	Nodes        int    `json:"number_of_nodes"`
	DataNodes    int    `json:"number_of_data_nodes"`
	Active       int    `json:"active_shards"`
	Initializing int    `json:"initializing_shards"`
	Unassigned   int    `json:"unassigned_shards"`
}

func readHealth(r *reader) clusterHealth { return read[clusterHealth](r, "_cluster/health", "") }

func checkHealth(_ *probe.Env, r *reader) probe.Finding {
	health, indices := readHealth(r), listIndices(r)
	line := fmt.Sprintf("the cluster is %s: %s, %s active, %d unassigned",
		health.Status, plural.Of(health.Nodes, "node", "nodes"), plural.Of(health.Active, "shard", "shards"), health.Unassigned)
	explain := "curl -sS " + r.base.JoinPath("_cluster/allocation/explain").String()
	if red := named(indices, func(i index) bool { return i.Health == "red" }); len(red) > 0 {
		return probe.Fail(codeRed, "%s red: %s", plural.Of(len(red), "Jaeger index is", "Jaeger indices are"), probe.List(red)).
			Saw(line, "Jaeger prints: all shards failed [type=search_phase_execution_exception]").Hint(explain)
	}
	if health.Status == "red" {
		return probe.Warn(codeRed, "%s; none of Jaeger's indices is red", line).Hint(explain)
	}
	f := probe.OK(codeHealthy, "%s", line)
	if health.Status == "yellow" && health.DataNodes == 1 {
		f = f.Saw("yellow is expected: a single node cannot hold replicas")
	}
	return f
}

// indexBlocks are the blocks of an index, each "true" or absent.
type indexBlocks struct {
	Settings struct {
		Index struct {
			Blocks struct {
				ReadOnly            string `json:"read_only"`
				ReadOnlyAllowDelete string `json:"read_only_allow_delete"`
				Write               string `json:"write"`
			} `json:"blocks"`
		} `json:"index"`
	} `json:"settings"`
}

func checkWrites(env *probe.Env, r *reader) probe.Finding {
	blocks := read[map[string]indexBlocks](r, jaegerIndices+"/_settings", "filter_path=*.settings.index.blocks")
	indices := listIndices(r)
	flooded := named(indices, func(i index) bool {
		return blocks[i.Name].Settings.Index.Blocks.ReadOnlyAllowDelete == "true"
	})
	// An old index that is closed for writing was made so by a lifecycle policy.
	readOnlySet := named(indices, func(i index) bool {
		return i.current && blocks[i.Name].Settings.Index.Blocks.ReadOnly == "true"
	})
	writeSet := named(indices, func(i index) bool {
		return i.current && blocks[i.Name].Settings.Index.Blocks.Write == "true"
	})
	switch {
	case len(flooded) > 0:
	case len(readOnlySet) > 0:
		// While it is set, no other setting can be changed.
		return probe.Fail(CodeReadOnly, "a read-only block is set on %s", probe.List(readOnlySet)).
			Hint(unblock(r.client, readOnlySet, "read_only"))
	case len(writeSet) > 0:
		return probe.Fail(CodeReadOnly, "a write block is set on %s", probe.List(writeSet)).
			Hint(unblock(r.client, writeSet, "write"))
	}
	disk := readDisk(r)
	switch full := disk.full(); {
	case disk.block != "":
		return probe.Fail(CodeReadOnly, "%s is set: the whole cluster rejects writes", disk.block).
			Hint(fmt.Sprintf(`curl -X PUT -H 'Content-Type: application/json' %s -d '{"persistent":{"%[2]s":null},"transient":{"%[2]s":null}}'`,
				r.base.JoinPath("_cluster", "settings"), disk.block))
	case len(flooded) > 0:
		// The disks are only evidence here.
		r.err = nil
		return readOnly(r.client, indices, flooded).Saw(disk.lines()...)
	case len(full) > 0:
		return probe.Warn(codeDiskFull, "disk usage is above the flood stage on %s: indices there become read-only", probe.List(full)).
			Saw(disk.lines()...).Hint("free disk space, or delete old indices: jaeger-es-index-cleaner 7 " + r.base.String())
	}
	return rejections(env, r, disk)
}

// readOnly is the finding for indices that Elasticsearch closed to save its disk.
func readOnly(c *client, indices []index, flooded []string) probe.Finding {
	status := probe.StatusWarn
	if slices.ContainsFunc(indices, func(i index) bool { return i.current && slices.Contains(flooded, i.Name) }) {
		status = probe.StatusFail
	}
	return probe.Found(status, CodeReadOnly, "%s because a disk reached the flood stage: %s",
		plural.Of(len(flooded), "Jaeger index is read-only", "Jaeger indices are read-only"), probe.List(flooded)).
		Saw(
			"Jaeger prints: Elasticsearch part of bulk request failed ... 429 ... blocked by: "+
				"[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block]",
			"with Elasticsearch before 7.4: 403 ... FORBIDDEN/12/index read-only / allow delete (api)",
		).
		Hint("free disk space first, then: "+unblock(c, flooded, "read_only_allow_delete"),
			"for development only: cluster.routing.allocation.disk.threshold_enabled=false")
}

func unblock(c *client, names []string, block string) string {
	return fmt.Sprintf("curl -X PUT -H 'Content-Type: application/json' %s/_settings -d '{\"index.blocks.%s\":null}'",
		c.base.JoinPath(strings.Join(names, ",")), block)
}

// rejections checks whether the write queues overflow. The counts are since a
// node started, so they prove nothing while spans arrive.
func rejections(env *probe.Env, r *reader, disk diskUsage) probe.Finding {
	type pool struct {
		Node     string `json:"node_name"`
		Rejected int    `json:"rejected,string"`
	}
	total := 0
	var lines []string
	for _, p := range read[[]pool](r, "_cat/thread_pool/write", "format=json&h=node_name,rejected") {
		if p.Rejected > 0 {
			lines = append(lines, fmt.Sprintf("node %s has rejected %s since it started", p.Node, plural.Of(p.Rejected, "write", "writes")))
		}
		total += p.Rejected
	}
	if total > 0 && !env.Passed(probe.IDCanary) {
		return probe.Warn(codeRejectsWrites, "%s rejected because a queue was full", plural.Of(total, "write was", "writes were")).
			Saw(lines...).
			Saw("Jaeger prints: es_rejected_execution_exception, status 429").
			Hint("fewer and larger bulks: --es.bulk.size 10000000 --es.bulk.workers 1, or more nodes")
	}
	return probe.OK(codeWritable, "no Jaeger index is blocked, and no disk is too full").Saw(lines...).Saw(disk.lines()...)
}

func checkShards(_ *probe.Env, r *reader) probe.Finding {
	health, settings, indices := readHealth(r), readSettings(r), listIndices(r)
	perNode, err := strconv.Atoi(settings.value("cluster.max_shards_per_node"))
	if err != nil {
		return probe.OK(codeShardsFree, "%s open; no limit is set", plural.Of(health.Active, "shard is", "shards are"))
	}
	open, limit := health.Active+health.Initializing+health.Unassigned, perNode*max(1, health.DataNodes)
	line := fmt.Sprintf("%d of %s %s open (cluster.max_shards_per_node %d, %s)",
		open, plural.Of(limit, "shard", "shards"), plural.Word(open, "is", "are"), perNode, plural.Of(health.DataNodes, "data node", "data nodes"))
	day := dailyShards(indices)
	hint := "delete old indices: jaeger-es-index-cleaner 7 " + r.base.String()
	logged := fmt.Sprintf("Jaeger prints: validation_exception: this action would add [%d] shards, "+
		"but this cluster currently has [%d]/[%d] maximum normal shards open", day, open, limit)
	switch {
	case open+day <= limit && open <= limit-limit/10:
		return probe.OK(codeShardsFree, "%s", line)
	case open+day <= limit:
		return probe.Warn(codeShardsScarce, "%s; Jaeger needs %d a day", line, day).Hint(hint)
	case slices.ContainsFunc(indices, func(i index) bool { return i.current && i.kind == kindSpan }):
		return probe.Warn(codeShardsFull, "%s: today's index exists, but there is no room for tomorrow's %d", line, day).Saw(logged).Hint(hint)
	default:
		return probe.Fail(codeShardsFull, "%s: no room for the %d that today's indices need", line, day).Saw(logged).Hint(hint)
	}
}

// dailyShards is how many shards the newest pair of indices has, or as many as
// Jaeger makes by default: two indices of 5 shards with a replica each.
func dailyShards(indices []index) int {
	n := 0
	for _, kind := range []string{kindSpan, kindService} {
		of := which(indices, func(i index) bool { return i.kind == kind })
		if len(of) == 0 {
			return 20
		}
		n += slices.MaxFunc(of, func(a, b index) int { return cmp.Compare(a.suffix, b.suffix) }).shards()
	}
	return n
}

// today returns the date in names of indices, which is in UTC.
func today() string { return time.Now().UTC().Format(time.DateOnly) }
