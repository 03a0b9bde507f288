package loss

import (
	"context"
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// The codes of what is found here.
const (
	CodeStorageRejects     probe.Code = "storage-rejects"
	codeStorageQueueFull   probe.Code = "storage-queue-full"
	CodeStorageReceived    probe.Code = "storage-received"
	CodeStorageNotReceived probe.Code = "storage-not-received"
	codeStorageNoCounters  probe.Code = "storage-counters-unknown"
	codeStorageUnclear     probe.Code = "storage-counters-unclear"
)

// Probe looks, when the canary was lost, at what Jaeger counted
// meanwhile.
func Probe(stored []string) probe.Probe {
	return probe.Probe{
		ID:       probe.IDStorageCounters,
		Hop:      probe.HopStorage,
		Title:    "what Jaeger counts tells where a canary was lost",
		Advisory: true,
		// What the others read back, and what was found at the storage, says more
		// than a counter.
		From:   []string{probe.IDCanary, probe.IDStorageKind},
		After:  slices.Concat([]string{probe.IDCanary, probe.IDStorageKind}, afterWays(), stored),
		Judges: true,
		Codes: []probe.Code{
			CodeStorageRejects, codeStorageQueueFull, CodeStorageReceived, CodeStorageNotReceived, codeStorageNoCounters,
			codeStorageUnclear,
		},
		Run: func(_ context.Context, env *probe.Env) probe.Finding { return runStorageCounters(env, stored) },
	}
}

func runStorageCounters(env *probe.Env, stored []string) probe.Finding {
	lost, ok := probe.Result[canary.LostCanary](env, probe.IDCanary)
	if !ok {
		return probe.NotUsed("no span was lost")
	}
	before, ok := probe.Result[storage.JaegerInside](env, probe.IDStorageKind)
	switch {
	case !ok || len(before.Counters) == 0:
		return probe.Found(probe.StatusUnknown, codeStorageNoCounters, "Jaeger's ports 14269 and 8888 show no counters").
			Hint("docker run -p 14269:14269 ... (Jaeger 1), -p 8888:8888 (Jaeger 2)")
	case len(lost.After.Counters) == 0:
		return probe.Found(probe.StatusUnknown, codeStorageNoCounters, "Jaeger's counters cannot be read any more").Hint(probe.HintLogs)
	}
	a := account(before, lost)
	for _, id := range afterWays() {
		a.elsewhere = a.elsewhere || ReadsBack(env.Code(id))
	}
	for _, id := range stored {
		if a.cause == "" && env.Failed(id) {
			a.cause = id
		}
	}
	f := a.Judge().Saw(a.Evidence(before.Counters, lost.After.Counters)...)
	return adviseOnLoss(env, f)
}

// adviseOnLoss adds what to try.
func adviseOnLoss(env *probe.Env, f probe.Finding) probe.Finding {
	switch f.Code {
	case CodeStorageRejects:
		return f.Hint("otdemo check-jaeger --storage elasticsearch --es-url http://localhost:9200", probe.HintLogs)
	case codeStorageQueueFull:
		return f.Hint("--collector.queue-size 20000 --collector.num-workers 100 (Jaeger 1)", probe.HintLogs)
	case CodeStorageReceived:
		return f.Hint(probe.HintLogs)
	case CodeStorageNotReceived:
		agent := env.Config().Reporter.Agent
		if env.Config().UsesCollector() {
			return f.Hint("curl -sSv "+env.Path()+" (who answers?)").Maybe(
				probe.Cause{Text: "a collector, a proxy or a load balancer accepts spans there and does not pass them on to this Jaeger"},
				probe.Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
		}
		return f.Hint("otdemo check-jaeger --collector-endpoint "+send.ThriftURL(agent.Host)).
			Maybe(canary.CausesLostBeforeUDP(agent.Port)...).
			Maybe(
				probe.Cause{Text: "Jaeger's agent took the spans and could not decode them, or not forward them to its collector", Command: probe.HintLogs},
				probe.Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
	default:
		return f
	}
}

// afterWays are the probes that read back a span of their own.
func afterWays() []string {
	ids := []string{probe.IDLarge, probe.IDHTTPPath}
	for _, w := range canary.IngestPaths() {
		ids = append(ids, w.ID)
	}
	return ids
}

// ReadsBack reports whether a finding says that a span of this check was read
// back.
func ReadsBack(c probe.Code) bool {
	switch c {
	case canary.CodeCanaryDelivered, canary.CodeCanaryWarned, canary.CodeCanaryDuplicated, canary.CodeCanaryTruncated,
		canary.CodeLargeDelivered, canary.CodeLargeLost, canary.CodeHTTPPathWorks, canary.CodeWayWorks:
		return true
	default:
		return false
	}
}
