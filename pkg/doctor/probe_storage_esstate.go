package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/plural"
)

const (
	idESVersion = "es-version"
	idESHealth  = "es-health"
	idESWrites  = "es-writable"
	idESShards  = "es-shards"
)

const (
	// codeESState is for every probe below: the server answers, and not about
	// this.
	codeESState        Code = "es-state-unknown"
	codeESSupported    Code = "es-version-supported"
	codeESNeeds        Code = "es-version-needs"
	codeESUnsupported  Code = "es-version-unsupported"
	codeESHealthy      Code = "es-health-good"
	codeESRed          Code = "es-health-red"
	codeESWritable     Code = "es-takes-writes"
	codeESReadOnly     Code = "es-read-only"
	codeESDiskFull     Code = "es-disk-full"
	codeESRejects      Code = "es-rejects-writes"
	codeESShardsFree   Code = "es-shards-free"
	codeESShardsScarce Code = "es-shards-scarce"
	codeESShardsFull   Code = "es-shards-full"
)

// jaegerIndices are the indices that spans and services are in, with any prefix.
const jaegerIndices = "*jaeger-span-*,*jaeger-service-*"

// esAsk examines the state of a cluster.
type esAsk func(ctx context.Context, env *Env, c *esClient) Finding

// esState makes a probe that asks a server that answers.
func esState(id, title string, codes []Code, ask esAsk) Probe {
	return Probe{
		ID:    id,
		Hop:   HopStorage,
		Title: title,
		Needs: []string{idES},
		After: append(aboutStorage(), idIdentity),
		Codes: append(codes, codeESState),
		Run: func(ctx context.Context, env *Env) Finding {
			cluster, ok := fact[esCluster](env, idES)
			if !ok {
				return notUsed("there is no Elasticsearch to ask")
			}
			c, err := newESClient(env, cluster.url)
			if err != nil {
				return found(StatusUnknown, codeESState, "%v", err)
			}
			defer c.close()
			return ask(ctx, env, c)
		},
		Settle: settleStorage(esStopsJaeger),
	}
}

// esStateProbes are those about a server that answers.
func esStateProbes() []Probe {
	return []Probe{
		esState(idESVersion, "this Jaeger works with this version of Elasticsearch",
			[]Code{codeESSupported, codeESNeeds, codeESUnsupported}, askESVersion),
		esState(idESHealth, "no index of Jaeger's is red", []Code{codeESHealthy, codeESRed}, askESHealth),
		esState(idESWrites, "indices of Jaeger's take writes",
			[]Code{codeESWritable, codeESReadOnly, codeESDiskFull, codeESRejects}, askESWrites),
		esState(idESShards, "there is room for tomorrow's indices",
			[]Code{codeESShardsFree, codeESShardsScarce, codeESShardsFull}, askESShards),
		esState(idESIndices, "spans are stored under the names that Jaeger reads",
			[]Code{codeESIndices, codeESPrefix, codeESNoIndices, codeESNotWritten, codeESNoServices, codeESNoAlias}, askESIndices),
		esState(idESMapping, "services are stored as keywords, so that they can be listed",
			[]Code{codeESKeyword, codeESText, codeESNoTemplate}, askESMapping),
		esState(idESTraceIDs, "no trace has an id that this Jaeger does not find",
			[]Code{codeESTraceIDs, codeESShortIDs, codeESShortCanary}, askESTraceIDs),
	}
}

// notTold is the finding when the server does not answer a question. Its user
// may have the rights that Jaeger needs and no more.
func notTold(err error) Finding {
	return found(StatusUnknown, codeESState, "Elasticsearch does not tell: %v", err).
		hint("give the user the cluster privilege monitor and view_index_metadata on *jaeger-*, to check this")
}

func askESVersion(_ context.Context, env *Env, _ *esClient) Finding {
	cluster, _ := fact[esCluster](env, idES)
	jaeger, _ := fact[identity](env, idIdentity)
	s, known := supportOf(cluster.opensearch, cluster.version)
	switch {
	case !known:
		return found(StatusOK, codeESNeeds, "it is not known which Jaeger works with %s", cluster.name)
	case !jaeger.version.known():
		return found(StatusOK, codeESNeeds, "%s works with %s", cluster.name, s)
	case s.by(jaeger.version):
		return found(StatusOK, codeESSupported, "%s works with %s", jaeger, cluster.name)
	}
	return found(StatusFail, codeESUnsupported, "%s does not work with %s, which needs %s", jaeger, cluster.name, s).
		saw(
			"Jaeger 1.10 to 2.19 prints: elastic: Error 400 (Bad Request): unknown key [template] in the template",
			"or: Action/metadata line [1] contains an unknown parameter [_type]",
		).
		hint("use " + s.String())
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

func askESHealth(ctx context.Context, _ *Env, c *esClient) Finding {
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
		return found(StatusFail, codeESRed, "%s red: %s", plural.Of(len(red), "index of Jaeger's is", "indices of Jaeger's are"), list(red)).
			saw(line, "Jaeger prints: all shards failed [type=search_phase_execution_exception]").hint(explain)
	}
	if health.Status == "red" {
		return found(StatusWarn, codeESRed, "%s; none of Jaeger's indices is red", line).hint(explain)
	}
	f := found(StatusOK, codeESHealthy, "%s", line)
	if health.Status == "yellow" && health.DataNodes == 1 {
		f = f.saw("yellow is as it must be: one node has no place for replicas")
	}
	return f
}

// list joins names and leaves out most of many.
func list(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
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

func askESWrites(ctx context.Context, env *Env, c *esClient) Finding {
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
		return readOnly(c, indices, flooded).saw(disk.lines()...)
	case len(closed) > 0:
		return found(StatusFail, codeESReadOnly, "%s takes no writes: it has a write block", list(closed)).
			hint(unblock(c, closed, "write"))
	case len(full) > 0:
		return found(StatusWarn, codeESDiskFull, "the disk of %s is fuller than the flood stage: its indices become read-only", list(full)).
			saw(disk.lines()...).hint("free disk space, or delete old indices: jaeger-es-index-cleaner 7 " + c.base.String())
	case diskErr != nil:
		return notTold(diskErr)
	}
	return rejections(ctx, env, c, disk)
}

// readOnly is the finding for indices that Elasticsearch closed to save its disk.
func readOnly(c *esClient, indices []esIndex, flooded []string) Finding {
	status := StatusWarn
	if slices.ContainsFunc(indices, func(i esIndex) bool { return i.current && slices.Contains(flooded, i.Name) }) {
		status = StatusFail
	}
	return found(status, codeESReadOnly, "%s, by the flood stage of a disk: %s",
		plural.Of(len(flooded), "index of Jaeger's is read-only", "indices of Jaeger's are read-only"), list(flooded)).
		saw(
			"Jaeger prints: Elasticsearch part of bulk request failed ... 429 ... blocked by: "+
				"[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block]",
			"with Elasticsearch before 7.4: 403 ... FORBIDDEN/12/index read-only / allow delete (api)",
		).
		hint("free disk space first, then: "+unblock(c, flooded, "read_only_allow_delete"),
			"for development only: cluster.routing.allocation.disk.threshold_enabled=false")
}

func unblock(c *esClient, names []string, block string) string {
	return fmt.Sprintf("curl -X PUT -H 'Content-Type: application/json' %s/_settings -d '{\"index.blocks.%s\":null}'",
		c.base.JoinPath(strings.Join(names, ",")), block)
}

// rejections looks whether the queues of writes overflow. The counts are since
// a node started, so they accuse nobody while spans arrive.
func rejections(ctx context.Context, env *Env, c *esClient, disk esDisk) Finding {
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
	if total > 0 && !env.passed(idCanary) {
		return found(StatusWarn, codeESRejects, "%s rejected because a queue was full", plural.Of(total, "write was", "writes were")).
			saw(lines...).
			saw("Jaeger prints: es_rejected_execution_exception, status 429").
			hint("fewer and larger bulks: --es.bulk.size 10000000 --es.bulk.workers 1, or more nodes")
	}
	return found(StatusOK, codeESWritable, "no index of Jaeger's is blocked, and no disk is too full").saw(lines...).saw(disk.lines()...)
}

func askESShards(ctx context.Context, _ *Env, c *esClient) Finding {
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
		return found(StatusOK, codeESShardsFree, "%s open, and there is no limit", plural.Of(health.Active, "shard is", "shards are"))
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
		return found(StatusOK, codeESShardsFree, "%s", line)
	case open+day <= limit:
		return found(StatusWarn, codeESShardsScarce, "%s, a day of Jaeger's takes %d", line, day).hint(hint)
	case slices.ContainsFunc(indices, func(i esIndex) bool { return i.current && i.kind == kindSpan }):
		return found(StatusWarn, codeESShardsFull, "%s: there is an index for today and no room for tomorrow's %d", line, day).saw(says).hint(hint)
	default:
		return found(StatusFail, codeESShardsFull, "%s: there is no room for the %d of today's indices", line, day).saw(says).hint(hint)
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
