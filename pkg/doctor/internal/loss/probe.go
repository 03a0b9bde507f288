package loss

import (
	"context"
	"fmt"
	"slices"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/plural"
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
		return probe.Unknown(codeNoCounters, "no counters found on Jaeger's ports 14269 and 8888").
			Hint("docker run -p 14269:14269 ... (Jaeger 1), -p 8888:8888 (Jaeger 2)")
	case len(lost.After.Counters) == 0:
		return probe.Unknown(codeNoCounters, "Jaeger's counters can no longer be read").Hint(probe.HintLogs)
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
			return f.Hint("curl -sSv "+env.Path()+" (shows what responds)").
				Perhaps("a collector, a proxy or a load balancer accepts spans there but does not forward them to this Jaeger", "").
				Perhaps("another Jaeger or another replica, whose counters are elsewhere, received them", "")
		}
		return f.Hint("otdemo check-jaeger --collector-endpoint "+send.ThriftURL(agent.Host)).
			Maybe(canary.CausesLostBeforeUDP(agent.Port)...).
			Perhaps("Jaeger's agent received the spans but could not decode them or forward them to its collector", probe.HintLogs).
			Perhaps("another Jaeger or another replica, whose counters are elsewhere, received them", "")
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
	return slices.Contains([]probe.Code{
		canary.CodeCanaryDelivered, canary.CodeCanaryWarned, canary.CodeCanaryDuplicated, canary.CodeCanaryTruncated,
		canary.CodeLargeDelivered, canary.CodeLargeLost, canary.CodeHTTPPathWorks, canary.CodePathWorks,
	}, c)
}

// Account compares the spans that a run has sent with what Jaeger counted
// and what it shows. It is made when a canary was lost.
type Account struct {
	// Sent is the number of spans that left before the counters were read, and
	// shown how many of them were read back.
	Sent, shown int
	// extra is the number of spans not in Sent that were not read back and that
	// may be lost where the others are not; see probe.SentRecord.
	extra int
	// elsewhere is set if a span was read back that was sent later, by another
	// path.
	elsewhere bool
	// Least and most bound the number of spans of this check that Jaeger
	// received. They are equal where it counts the service by itself.
	Least, Most int
	// Counted is set if Least and Most are known.
	Counted bool
	// rejected and dropped are by how much these counters rose.
	rejected, dropped float64
	// cause is the id of a storage probe that failed, "" if none did.
	cause string
	// source is where the counters were read.
	source string
}

func newAccount(before storage.AdminInfo, lost canary.LostCanary) Account {
	a := Account{source: lost.After.CountersFrom}
	for _, s := range lost.Spans {
		switch {
		case s.Extra && !s.Shown:
			a.extra++
			continue
		case s.Shown:
			a.shown++
		}
		a.Sent++
	}
	rise := func(what string) float64 { return lost.After.Counters[what] - before.Counters[what] }
	a.rejected, a.dropped = rise(storage.CountRejected), rise(storage.CountDropped)
	_, own := lost.After.Counters[storage.CountReceived]
	_, all := lost.After.Counters[storage.CountAccepted]
	switch {
	case own:
		a.Least, a.Most, a.Counted = int(rise(storage.CountReceived)), int(rise(storage.CountReceived)), true
	case all:
		// Jaeger counts the service together with others, or all as one.
		a.Most, a.Counted = int(rise(storage.CountAccepted)), true
	}
	if a.Most < 0 || a.Least > a.Sent+a.extra {
		// Jaeger has restarted, or another check runs at the same time.
		a.Least, a.Most, a.Counted = 0, 0, false
	}
	return a
}

// Judge returns where the canary was lost, as far as the counters show. A loss
// after the collector is attributed to the storage only if no span of this run
// was read back, and only if no probe found a reason at the storage.
func (a Account) Judge() probe.Finding {
	readBack := a.shown > 0 || a.elsewhere
	// Of those received, extra ones may be a part.
	least, most := max(a.Least-a.extra, 0), min(a.Most, a.Sent)
	var f probe.Finding
	switch {
	case a.Counted && most < a.Sent:
		return probe.Fail(CodeNotReceived,
			"the collector at %s counted %s of %s that this check sent: the missing spans were lost before it or went elsewhere",
			a.source, atMost(a.Least, most), plural.Of(a.Sent, "span", "spans")).AtHop(probe.HopNetwork).AsCauseOf(probe.IDCanary)
	case a.rejected > 0:
		f = probe.Fail(CodeRejects, "Jaeger's storage rejected %s while the canary was in flight",
			plural.Of(int(a.rejected), "span or bulk", "spans or bulks"))
	case a.dropped > 0:
		f = probe.Fail(codeQueueFull, "Jaeger dropped %s while the canary was in flight: its queue is full because the storage is too slow",
			plural.Of(int(a.dropped), "span", "spans"))
	case !a.Counted || least < a.Sent:
		return probe.Unknown(codeUnclear, "Jaeger's counters do not show whether it received the canary")
	case readBack:
		return probe.Unknown(CodeReceived,
			"Jaeger received %s from this check and returns some of them, but not the canary", plural.Of(a.Sent, "span", "spans"))
	default:
		f = probe.Fail(CodeReceived,
			"Jaeger received %s from this check and returns none of them: the loss is after the collector", plural.Of(a.Sent, "span", "spans"))
	}
	switch {
	case readBack:
		f.Status = probe.StatusWarn
		f.Fact += ", but other spans of this check were read back"
		return f
	case a.cause != "":
		f.Status = probe.StatusOK
		f.Fact += "; " + a.cause + " found the reason"
		return f
	}
	return f.AsCauseOf(probe.IDCanary)
}

// atMost is a number of which only the upper bound may be known.
func atMost(least, most int) string {
	switch {
	case most == 0:
		return "none"
	case least < most:
		return fmt.Sprintf("at most %d", most)
	default:
		return fmt.Sprint(most)
	}
}

// evidence returns the counters that matter: what was sent and received, and
// those that rose.
func (a Account) evidence(before, after storage.Counters) []string {
	lines := []string{fmt.Sprintf("this check sent %s before the counters were read; read back: %d", plural.Of(a.Sent+a.extra, "span", "spans"), a.shown)}
	for _, what := range []string{storage.CountReceived, storage.CountAccepted, storage.CountDropped, storage.CountRejected} {
		_, known := after[what]
		received := what == storage.CountReceived || what == storage.CountAccepted && a.Least < a.Most
		if known && (received || after[what] != before[what]) {
			lines = append(lines, fmt.Sprintf("%s: %v before, %v after (%s)", what, before[what], after[what], a.source))
		}
	}
	return lines
}
