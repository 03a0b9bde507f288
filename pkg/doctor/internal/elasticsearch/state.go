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
	idESVersion = "es-version"
	idESHealth  = "es-health"
	IDESWrites  = "es-writable"
	idESShards  = "es-shards"
)

// The codes of what is found here.
const (
	// codeESState is for every probe below: the server answers, and not about
	// this.
	codeESState        probe.Code = "es-state-unknown"
	codeESSupported    probe.Code = "es-version-supported"
	codeESNeeds        probe.Code = "es-version-needs"
	codeESUnsupported  probe.Code = "es-version-unsupported"
	codeESHealthy      probe.Code = "es-health-good"
	codeESRed          probe.Code = "es-health-red"
	codeESWritable     probe.Code = "es-takes-writes"
	CodeESReadOnly     probe.Code = "es-read-only"
	codeESDiskFull     probe.Code = "es-disk-full"
	codeESRejects      probe.Code = "es-rejects-writes"
	codeESShardsFree   probe.Code = "es-shards-free"
	codeESShardsScarce probe.Code = "es-shards-scarce"
	codeESShardsFull   probe.Code = "es-shards-full"
)

// jaegerIndices are the indices that spans and services are in, with any prefix.
const jaegerIndices = "*jaeger-span-*,*jaeger-service-*"

// esAsk examines the state of a cluster.
type esAsk func(ctx context.Context, env *probe.Env, c *esClient) probe.Finding

// esState makes a probe that asks a server that answers.
func esState(id, title string, codes []probe.Code, ask esAsk) probe.Probe {
	return probe.Probe{
		ID:    id,
		Hop:   probe.HopStorage,
		Title: title,
		Needs: []string{probe.IDES},
		After: append(storage.AboutStorage(), probe.IDIdentity),
		Codes: append(codes, codeESState),
		Run: func(ctx context.Context, env *probe.Env) probe.Finding {
			cluster, ok := probe.Result[esCluster](env, probe.IDES)
			if !ok {
				return probe.NotUsed("there is no Elasticsearch to ask")
			}
			c, err := newESClient(env, cluster.url)
			if err != nil {
				return probe.Found(probe.StatusUnknown, codeESState, "%v", err)
			}
			defer c.close()
			return ask(ctx, env, c)
		},
		Finalize: storage.SettleStorage(ESStopsJaeger),
	}
}

// StateProbes are those about a server that answers.
func StateProbes() []probe.Probe {
	return []probe.Probe{
		esState(idESVersion, "this Jaeger works with this version of Elasticsearch",
			[]probe.Code{codeESSupported, codeESNeeds, codeESUnsupported}, askESVersion),
		esState(idESHealth, "no index of Jaeger's is red", []probe.Code{codeESHealthy, codeESRed}, askESHealth),
		esState(IDESWrites, "indices of Jaeger's take writes",
			[]probe.Code{codeESWritable, CodeESReadOnly, codeESDiskFull, codeESRejects}, askESWrites),
		esState(idESShards, "there is room for tomorrow's indices",
			[]probe.Code{codeESShardsFree, codeESShardsScarce, codeESShardsFull}, askESShards),
		esState(idESIndices, "spans are stored under the names that Jaeger reads",
			[]probe.Code{codeESIndices, codeESPrefix, codeESNoIndices, codeESNotWritten, codeESNoServices, codeESNoAlias}, askESIndices),
		esState(idESMapping, "services are stored as keywords, so that they can be listed",
			[]probe.Code{codeESKeyword, codeESText, codeESNoTemplate}, askESMapping),
		esState(probe.IDESTraceIDs, "no trace has an id that this Jaeger does not find",
			[]probe.Code{codeESTraceIDs, codeESShortIDs, codeESShortCanary}, askESTraceIDs),
	}
}

// notTold is the finding when the server does not answer a question. Its user
// may have the rights that Jaeger needs and no more.
func notTold(err error) probe.Finding {
	return probe.Found(probe.StatusUnknown, codeESState, "Elasticsearch does not tell: %v", err).
		Hint("give the user the cluster privilege monitor and view_index_metadata on *jaeger-*, to check this")
}

func askESVersion(_ context.Context, env *probe.Env, _ *esClient) probe.Finding {
	cluster, _ := probe.Result[esCluster](env, probe.IDES)
	jaeger, _ := probe.Result[identity.Identity](env, probe.IDIdentity)
	s, known := supportOf(cluster.opensearch, cluster.version)
	switch {
	case !known:
		return probe.Found(probe.StatusOK, codeESNeeds, "it is not known which Jaeger works with %s", cluster.name)
	case !jaeger.Version.Known():
		return probe.Found(probe.StatusOK, codeESNeeds, "%s works with %s", cluster.name, s)
	case s.by(jaeger.Version):
		return probe.Found(probe.StatusOK, codeESSupported, "%s works with %s", jaeger, cluster.name)
	}
	return probe.Found(probe.StatusFail, codeESUnsupported, "%s does not work with %s, which needs %s", jaeger, cluster.name, s).
		Saw(
			"Jaeger 1.10 to 2.19 prints: elastic: Error 400 (Bad Request): unknown key [template] in the template",
			"or: Action/metadata line [1] contains an unknown parameter [_type]",
		).
		Hint("use " + s.String())
}

// esClusterHealth is what GET /_cluster/health says.
type esClusterHealth struct {
	Status       string `json:"status"`
	Nodes        int    `json:"number_of_nodes"`
	DataNodes    int    `json:"number_of_data_nodes"`
	Active       int    `json:"active_shards"`
	Initializing int    `json:"initializing_shards"`
	Unassigned   int    `json:"unassigned_shards"`
}

func askESHealth(ctx context.Context, _ *probe.Env, c *esClient) probe.Finding {
	var health esClusterHealth
	if err := c.get(ctx, "_cluster/health", "", &health); err != nil {
		return notTold(err)
	}
	indices, err := listIndices(ctx, c)
	if err != nil {
		return notTold(err)
	}
	line := fmt.Sprintf("the cluster is %s: %s, %s active, %d unassigned",
		health.Status, plural.Of(health.Nodes, "node", "nodes"), plural.Of(health.Active, "shard", "shards"), health.Unassigned)
	explain := "curl -sS " + c.base.JoinPath("_cluster/allocation/explain").String()
	if red := named(indices, func(i esIndex) bool { return i.Health == "red" }); len(red) > 0 {
		return probe.Found(probe.StatusFail, codeESRed, "%s red: %s", plural.Of(len(red), "index of Jaeger's is", "indices of Jaeger's are"), probe.List(red)).
			Saw(line, "Jaeger prints: all shards failed [type=search_phase_execution_exception]").Hint(explain)
	}
	if health.Status == "red" {
		return probe.Found(probe.StatusWarn, codeESRed, "%s; none of Jaeger's indices is red", line).Hint(explain)
	}
	f := probe.Found(probe.StatusOK, codeESHealthy, "%s", line)
	if health.Status == "yellow" && health.DataNodes == 1 {
		f = f.Saw("yellow is as it must be: one node has no place for replicas")
	}
	return f
}

// esBlocks are the blocks of an index, each "true" or absent.
type esBlocks struct {
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

func askESWrites(ctx context.Context, env *probe.Env, c *esClient) probe.Finding {
	var blocks map[string]esBlocks
	if err := c.get(ctx, jaegerIndices+"/_settings", "filter_path=*.settings.index.blocks", &blocks); err != nil {
		return notTold(err)
	}
	indices, err := listIndices(ctx, c)
	if err != nil {
		return notTold(err)
	}
	flooded := named(indices, func(i esIndex) bool {
		return blocks[i.Name].Settings.Index.Blocks.ReadOnlyAllowDelete == "true"
	})
	// An old index that is closed for writing was made so by a lifecycle policy.
	closed := named(indices, func(i esIndex) bool {
		b := blocks[i.Name].Settings.Index.Blocks
		return i.current && (b.ReadOnly == "true" || b.Write == "true")
	})
	disk, diskErr := readDisk(ctx, c)
	switch full := disk.full(); {
	case len(flooded) > 0:
		return readOnly(c, indices, flooded).Saw(disk.lines()...)
	case len(closed) > 0:
		return probe.Found(probe.StatusFail, CodeESReadOnly, "%s takes no writes: it has a write block", probe.List(closed)).
			Hint(unblock(c, closed, "write"))
	case len(full) > 0:
		return probe.Found(probe.StatusWarn, codeESDiskFull, "the disk of %s is fuller than the flood stage: its indices become read-only", probe.List(full)).
			Saw(disk.lines()...).Hint("free disk space, or delete old indices: jaeger-es-index-cleaner 7 " + c.base.String())
	case diskErr != nil:
		return notTold(diskErr)
	}
	return rejections(ctx, env, c, disk)
}

// readOnly is the finding for indices that Elasticsearch closed to save its disk.
func readOnly(c *esClient, indices []esIndex, flooded []string) probe.Finding {
	status := probe.StatusWarn
	if slices.ContainsFunc(indices, func(i esIndex) bool { return i.current && slices.Contains(flooded, i.Name) }) {
		status = probe.StatusFail
	}
	return probe.Found(status, CodeESReadOnly, "%s, by the flood stage of a disk: %s",
		plural.Of(len(flooded), "index of Jaeger's is read-only", "indices of Jaeger's are read-only"), probe.List(flooded)).
		Saw(
			"Jaeger prints: Elasticsearch part of bulk request failed ... 429 ... blocked by: "+
				"[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block]",
			"with Elasticsearch before 7.4: 403 ... FORBIDDEN/12/index read-only / allow delete (api)",
		).
		Hint("free disk space first, then: "+unblock(c, flooded, "read_only_allow_delete"),
			"for development only: cluster.routing.allocation.disk.threshold_enabled=false")
}

func unblock(c *esClient, names []string, block string) string {
	return fmt.Sprintf("curl -X PUT -H 'Content-Type: application/json' %s/_settings -d '{\"index.blocks.%s\":null}'",
		c.base.JoinPath(strings.Join(names, ",")), block)
}

// rejections looks whether the queues of writes overflow. The counts are since
// a node started, so they accuse nobody while spans arrive.
func rejections(ctx context.Context, env *probe.Env, c *esClient, disk esDisk) probe.Finding {
	var pools []struct {
		Node     string `json:"node_name"`
		Rejected string `json:"rejected"`
	}
	if err := c.get(ctx, "_cat/thread_pool/write", "format=json&h=node_name,rejected", &pools); err != nil {
		return notTold(err)
	}
	total := 0
	var lines []string
	for _, p := range pools {
		n, _ := strconv.Atoi(p.Rejected)
		if n > 0 {
			lines = append(lines, fmt.Sprintf("node %s has rejected %s since it started", p.Node, plural.Of(n, "write", "writes")))
		}
		total += n
	}
	if total > 0 && !env.Passed(probe.IDCanary) {
		return probe.Found(probe.StatusWarn, codeESRejects, "%s rejected because a queue was full", plural.Of(total, "write was", "writes were")).
			Saw(lines...).
			Saw("Jaeger prints: es_rejected_execution_exception, status 429").
			Hint("fewer and larger bulks: --es.bulk.size 10000000 --es.bulk.workers 1, or more nodes")
	}
	return probe.Found(probe.StatusOK, codeESWritable, "no index of Jaeger's is blocked, and no disk is too full").Saw(lines...).Saw(disk.lines()...)
}

func askESShards(ctx context.Context, _ *probe.Env, c *esClient) probe.Finding {
	var health esClusterHealth
	if err := c.get(ctx, "_cluster/health", "", &health); err != nil {
		return notTold(err)
	}
	settings, err := readSettings(ctx, c)
	if err != nil {
		return notTold(err)
	}
	indices, err := listIndices(ctx, c)
	if err != nil {
		return notTold(err)
	}
	perNode, err := strconv.Atoi(settings.value("cluster.max_shards_per_node"))
	if err != nil {
		return probe.Found(probe.StatusOK, codeESShardsFree, "%s open, and there is no limit", plural.Of(health.Active, "shard is", "shards are"))
	}
	open, limit := health.Active+health.Initializing+health.Unassigned, perNode*max(1, health.DataNodes)
	line := fmt.Sprintf("%d of %s %s open (cluster.max_shards_per_node %d, %s)",
		open, plural.Of(limit, "shard", "shards"), plural.Word(open, "is", "are"), perNode, plural.Of(health.DataNodes, "data node", "data nodes"))
	day := dailyShards(indices)
	hint := "delete old indices: jaeger-es-index-cleaner 7 " + c.base.String()
	says := fmt.Sprintf("Jaeger prints: validation_exception: this action would add [%d] shards, "+
		"but this cluster currently has [%d]/[%d] maximum normal shards open", day, open, limit)
	switch {
	case open+day <= limit && open <= limit-limit/10:
		return probe.Found(probe.StatusOK, codeESShardsFree, "%s", line)
	case open+day <= limit:
		return probe.Found(probe.StatusWarn, codeESShardsScarce, "%s, a day of Jaeger's takes %d", line, day).Hint(hint)
	case slices.ContainsFunc(indices, func(i esIndex) bool { return i.current && i.kind == kindSpan }):
		return probe.Found(probe.StatusWarn, codeESShardsFull, "%s: there is an index for today and no room for tomorrow's %d", line, day).Saw(says).Hint(hint)
	default:
		return probe.Found(probe.StatusFail, codeESShardsFull, "%s: there is no room for the %d of today's indices", line, day).Saw(says).Hint(hint)
	}
}

// dailyShards is how many shards the newest pair of indices has, or as many as
// Jaeger makes by default: two indices of 5 shards with a replica each.
func dailyShards(indices []esIndex) int {
	n := 0
	for _, kind := range []string{kindSpan, kindService} {
		of := slices.DeleteFunc(slices.Clone(indices), func(i esIndex) bool { return i.kind != kind })
		if len(of) == 0 {
			return 20
		}
		newest := slices.MaxFunc(of, func(a, b esIndex) int { return cmp.Compare(a.suffix, b.suffix) })
		n += newest.shards()
	}
	return n
}

// today is the date in names of indices, which Jaeger takes in UTC.
func today() string { return time.Now().UTC().Format(time.DateOnly) }
