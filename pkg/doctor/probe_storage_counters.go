package doctor

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

const idStorageCounters = "storage-counters"

const (
	codeStorageRejects     Code = "storage-rejects"
	codeStorageQueueFull   Code = "storage-queue-full"
	codeStorageReceived    Code = "storage-received"
	codeStorageNotReceived Code = "storage-not-received"
	codeStorageNoCounters  Code = "storage-counters-unknown"
)

// storageCounters looks, when the canary was lost, at what Jaeger counted
// meanwhile.
func storageCounters() Probe {
	return Probe{
		ID:    idStorageCounters,
		Hop:   HopStorage,
		Title: "what Jaeger counts tells where a canary was lost",
		Aside: true,
		After: []string{idCanary, idStorageKind},
		Codes: []Code{
			codeStorageRejects, codeStorageQueueFull, codeStorageReceived, codeStorageNotReceived, codeStorageNoCounters,
		},
		Run: runStorageCounters,
	}
}

// counters are sums over the series of a metric, by meaning.
type counters map[string]float64

// The meanings of the counters.
const (
	countReceived = "spans of " + checkService + " received"
	countAccepted = "spans received"
	countDropped  = "spans dropped because a queue was full"
	countRejected = "spans or bulks that the storage rejected"
)

// meaning says what a metric counts, "" when it does not matter here. The names
// are those of Jaeger 1.42 to 2.20, without the _total that some of them add.
func meaning(name, labels string) string {
	ofCheck := strings.Contains(labels, `svc="`+checkService+`"`)
	switch strings.TrimSuffix(name, "_total") {
	case "jaeger_collector_spans_received", "jaeger_spans_received":
		if ofCheck {
			return countReceived
		}
		return countAccepted
	case "otelcol_receiver_accepted_spans":
		return countAccepted
	case "jaeger_collector_spans_dropped", "jaeger_spans_dropped", "otelcol_exporter_enqueue_failed_spans":
		return countDropped
	case "jaeger_bulk_index_errors", "jaeger_storage_bulk_index_errors", "otelcol_exporter_send_failed_spans":
		return countRejected
	case "jaeger_collector_spans_saved_by_svc", "jaeger_spans_saved_by_svc":
		if strings.Contains(labels, `result="err"`) {
			return countRejected
		}
	}
	return ""
}

// readCounters reads metrics in the text format of Prometheus.
func readCounters(text []byte) counters {
	sums := make(counters)
	lines := bufio.NewScanner(bytes.NewReader(text))
	// Jaeger's help texts and labels are well below a line's usual limit.
	for lines.Scan() {
		series, value, ok := cutLast(lines.Text(), " ")
		if !ok || strings.HasPrefix(series, "#") {
			continue
		}
		name, labels, _ := strings.Cut(series, "{")
		what := meaning(name, labels)
		if what == "" {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			sums[what] += n
		}
	}
	return sums
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func runStorageCounters(ctx context.Context, env *Env) Finding {
	if env.code(idCanary) != codeCanaryLost {
		return notUsed("no span was lost")
	}
	before, ok := fact[jaegerInside](env, idStorageKind)
	if !ok || len(before.counters) == 0 {
		return found(StatusUnknown, codeStorageNoCounters, "Jaeger's ports 14269 and 8888 show no counters").
			hint("docker run -p 14269:14269 ... (Jaeger 1), -p 8888:8888 (Jaeger 2)")
	}
	after := lookInside(ctx, env, env.neighbourhood()).counters
	grew := func(what string) float64 { return after[what] - before.counters[what] }
	var saw []string
	for _, what := range []string{countReceived, countAccepted, countDropped, countRejected} {
		if _, ok := after[what]; ok {
			saw = append(saw, fmt.Sprintf("%s: %v before, %v after", what, before.counters[what], after[what]))
		}
	}
	logs := "docker logs --tail 50 jaeger"
	var f Finding
	switch {
	case len(after) == 0:
		return found(StatusUnknown, codeStorageNoCounters, "Jaeger's counters cannot be read any more").hint(logs)
	case grew(countRejected) > 0:
		f = found(StatusFail, codeStorageRejects, "Jaeger's storage rejected %v times while the canary was under way", grew(countRejected)).
			hint("otdemo check-jaeger --storage elasticsearch --es-url http://localhost:9200", logs)
	case grew(countDropped) > 0:
		f = found(StatusFail, codeStorageQueueFull, "Jaeger dropped %v spans while the canary was under way: its queue is full, the storage is too slow",
			grew(countDropped)).hint("--collector.queue-size 20000 --collector.num-workers 100 (Jaeger 1)", logs)
	case grew(countReceived) > 0:
		f = found(StatusFail, codeStorageReceived, "Jaeger received the canary and does not show it: it is lost behind the collector").hint(logs)
	default:
		return found(StatusUnknown, codeStorageNotReceived, "Jaeger's counters do not tell of the canary").saw(saw...)
	}
	return f.saw(saw...).explains(idCanary)
}
