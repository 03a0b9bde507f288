package loss

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
	"github.com/otdemo/otdemo/pkg/plural"
)

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

// newAccount makes up the account of a lost canary.
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
		return probe.Found(probe.StatusFail, CodeNotReceived,
			"the collector at %s counted %s of %s that this check sent: the missing spans were lost before it or went elsewhere",
			a.source, atMost(a.Least, most), plural.Of(a.Sent, "span", "spans")).AtHop(probe.HopNetwork).AsCauseOf(probe.IDCanary)
	case a.rejected > 0:
		f = probe.Found(probe.StatusFail, CodeRejects, "Jaeger's storage rejected %s while the canary was in flight",
			plural.Of(int(a.rejected), "span or bulk", "spans or bulks"))
	case a.dropped > 0:
		f = probe.Found(probe.StatusFail, codeQueueFull,
			"Jaeger dropped %s while the canary was in flight: its queue is full because the storage is too slow",
			plural.Of(int(a.dropped), "span", "spans"))
	case !a.Counted || least < a.Sent:
		return probe.Found(probe.StatusUnknown, codeUnclear, "Jaeger's counters do not show whether it received the canary")
	case readBack:
		return probe.Found(probe.StatusUnknown, CodeReceived,
			"Jaeger received %s from this check and returns some of them, but not the canary", plural.Of(a.Sent, "span", "spans"))
	default:
		f = probe.Found(probe.StatusFail, CodeReceived,
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
