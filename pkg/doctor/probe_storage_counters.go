package doctor

import (
	"bufio"
	"bytes"
	"context"
	"slices"
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
	codeStorageUnclear     Code = "storage-counters-unclear"
)

// storageCounters looks, when the canary was lost, at what Jaeger counted
// meanwhile.
func storageCounters(stored []string) Probe {
	return Probe{
		ID:    idStorageCounters,
		Hop:   HopStorage,
		Title: "what Jaeger counts tells where a canary was lost",
		Aside: true,
		// What the others read back, and what was found at the storage, says more
		// than a counter.
		From:   []string{idCanary, idStorageKind},
		After:  slices.Concat([]string{idCanary, idStorageKind}, afterWays(), stored),
		Judges: true,
		Codes: []Code{
			codeStorageRejects, codeStorageQueueFull, codeStorageReceived, codeStorageNotReceived, codeStorageNoCounters,
			codeStorageUnclear,
		},
		Run: func(_ context.Context, env *Env) Finding { return runStorageCounters(env, stored) },
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

func runStorageCounters(env *Env, stored []string) Finding {
	lost, ok := fact[lostCanary](env, idCanary)
	if !ok {
		return notUsed("no span was lost")
	}
	before, ok := fact[jaegerInside](env, idStorageKind)
	switch {
	case !ok || len(before.counters) == 0:
		return found(StatusUnknown, codeStorageNoCounters, "Jaeger's ports 14269 and 8888 show no counters").
			hint("docker run -p 14269:14269 ... (Jaeger 1), -p 8888:8888 (Jaeger 2)")
	case len(lost.after.counters) == 0:
		return found(StatusUnknown, codeStorageNoCounters, "Jaeger's counters cannot be read any more").hint(hintLogs)
	}
	a := account(before, lost)
	for _, id := range afterWays() {
		a.elsewhere = a.elsewhere || readsBack(env.code(id))
	}
	for _, id := range stored {
		if a.cause == "" && env.failed(id) {
			a.cause = id
		}
	}
	f := a.judge().saw(a.evidence(before.counters, lost.after.counters)...)
	return adviseOnLoss(env, f)
}

// hintLogs is for what only Jaeger's log tells.
const hintLogs = "docker logs --tail 50 jaeger"

// adviseOnLoss adds what to try.
func adviseOnLoss(env *Env, f Finding) Finding {
	switch f.Code {
	case codeStorageRejects:
		return f.hint("otdemo check-jaeger --storage elasticsearch --es-url http://localhost:9200", hintLogs)
	case codeStorageQueueFull:
		return f.hint("--collector.queue-size 20000 --collector.num-workers 100 (Jaeger 1)", hintLogs)
	case codeStorageReceived:
		return f.hint(hintLogs)
	case codeStorageNotReceived:
		agent := env.config().Reporter.Agent
		if env.config().UsesCollector() {
			return f.hint("curl -sSv "+env.path()+" (who answers?)").maybe(
				Cause{Text: "a collector, a proxy or a load balancer accepts spans there and does not pass them on to this Jaeger"},
				Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
		}
		return f.hint("otdemo check-jaeger --collector-endpoint "+thriftURL(agent.Host)).
			maybe(causesLostBeforeUDP(agent.Port)...).
			maybe(
				Cause{Text: "Jaeger's agent took the spans and could not decode them, or not forward them to its collector", Command: hintLogs},
				Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
	default:
		return f
	}
}

// afterWays are the probes that read back a span of their own.
func afterWays() []string {
	ids := []string{idLarge, idHTTPPath}
	for _, w := range ways() {
		ids = append(ids, w.id)
	}
	return ids
}

// readsBack reports whether a finding says that a span of this check was read
// back.
func readsBack(c Code) bool {
	switch c {
	case codeCanaryDelivered, codeCanaryWarned, codeCanaryDuplicated, codeCanaryTruncated,
		codeLargeDelivered, codeLargeLost, codeHTTPPathWorks, codeWayWorks:
		return true
	default:
		return false
	}
}
