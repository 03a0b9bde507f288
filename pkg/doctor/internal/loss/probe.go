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
	CodeRejects     probe.Code = "storage-rejects"
	codeQueueFull   probe.Code = "storage-queue-full"
	CodeReceived    probe.Code = "storage-received"
	CodeNotReceived probe.Code = "storage-not-received"
	codeNoCounters  probe.Code = "storage-counters-unknown"
	codeUnclear     probe.Code = "storage-counters-unclear"
)

// Probe looks, when the canary was lost, at what Jaeger counted
// meanwhile.
func Probe(storageIDs []string) probe.Probe {
	return probe.Probe{
		ID:       probe.IDStorageCounters,
		Hop:      probe.HopStorage,
		Title:    "the counters of Jaeger show where a canary was lost",
		Advisory: true,
		// The results of the other paths and of the storage are stronger
		// evidence than a counter.
		From:   []string{probe.IDCanary, probe.IDStorageKind},
		After:  slices.Concat([]string{probe.IDCanary, probe.IDStorageKind}, pathProbes(), storageIDs),
		Judges: true,
		Codes: []probe.Code{
			CodeRejects, codeQueueFull, CodeReceived, CodeNotReceived, codeNoCounters,
			codeUnclear,
		},
		Run: func(_ context.Context, env *probe.Env) probe.Finding { return run(env, storageIDs) },
	}
}

func run(env *probe.Env, storageIDs []string) probe.Finding {
	lost, ok := probe.Result[canary.LostCanary](env, probe.IDCanary)
	if !ok {
		return probe.NotUsed("no span was lost")
	}
	before, ok := probe.Result[storage.AdminInfo](env, probe.IDStorageKind)
	switch {
	case !ok || len(before.Counters) == 0:
		return probe.Found(probe.StatusUnknown, codeNoCounters, "no counters found on Jaeger's ports 14269 and 8888").
			Hint("docker run -p 14269:14269 ... (Jaeger 1), -p 8888:8888 (Jaeger 2)")
	case len(lost.After.Counters) == 0:
		return probe.Found(probe.StatusUnknown, codeNoCounters, "Jaeger's counters can no longer be read").Hint(probe.HintLogs)
	}
	a := newAccount(before, lost)
	for _, id := range pathProbes() {
		a.elsewhere = a.elsewhere || ReadsBack(env.Code(id))
	}
	for _, id := range storageIDs {
		if a.cause == "" && env.Failed(id) {
			a.cause = id
		}
	}
	f := a.Judge().Saw(a.evidence(before.Counters, lost.After.Counters)...)
	return withHints(env, f)
}

// withHints adds what to try.
func withHints(env *probe.Env, f probe.Finding) probe.Finding {
	switch f.Code {
	case CodeRejects:
		return f.Hint("otdemo check-jaeger --storage elasticsearch --es-url http://localhost:9200", probe.HintLogs)
	case codeQueueFull:
		return f.Hint("--collector.queue-size 20000 --collector.num-workers 100 (Jaeger 1)", probe.HintLogs)
	case CodeReceived:
		return f.Hint(probe.HintLogs)
	case CodeNotReceived:
		agent := env.Config().Reporter.Agent
		if env.Config().UsesCollector() {
			return f.Hint("curl -sSv "+env.Path()+" (shows what responds)").Maybe(
				probe.Cause{Text: "a collector, a proxy or a load balancer accepts spans there but does not forward them to this Jaeger"},
				probe.Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
		}
		return f.Hint("otdemo check-jaeger --collector-endpoint "+send.ThriftURL(agent.Host)).
			Maybe(canary.CausesLostBeforeUDP(agent.Port)...).
			Maybe(
				probe.Cause{Text: "Jaeger's agent received the spans but could not decode them or forward them to its collector", Command: probe.HintLogs},
				probe.Cause{Text: "another Jaeger or another replica, whose counters are elsewhere, received them"},
			)
	default:
		return f
	}
}

// pathProbes are the probes that read back a span of their own.
func pathProbes() []string {
	ids := []string{probe.IDLarge, probe.IDHTTPPath}
	for _, w := range canary.IngestPaths() {
		ids = append(ids, w.ID)
	}
	return ids
}

// ReadsBack reports whether a finding means that a span of this check was read
// back.
func ReadsBack(c probe.Code) bool {
	switch c {
	case canary.CodeCanaryDelivered, canary.CodeCanaryWarned, canary.CodeCanaryDuplicated, canary.CodeCanaryTruncated,
		canary.CodeLargeDelivered, canary.CodeLargeLost, canary.CodeHTTPPathWorks, canary.CodePathWorks:
		return true
	default:
		return false
	}
}
