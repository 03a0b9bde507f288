package loss

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// LossAccount compares the spans that a run has sent with what Jaeger counted
// and what it shows. It is made when a canary was lost.
type LossAccount struct {
	// sent is the number of spans that left before the counters were read, and
	// shown how many of them were read back.
	Sent, shown int
	// extra is the number of spans beside sent that are not shown and that may
	// be lost where the others are not; see probe.SentRecord.
	extra int
	// elsewhere says that a span was read back that was sent later, another way.
	elsewhere bool
	// least and most bound the number of spans of this check that Jaeger
	// received. They are equal where it counts the service by itself.
	Least, Most int
	// counted says that least and most are known.
	Counted bool
	// rejected and dropped are by how much these counters rose.
	rejected, dropped float64
	// cause is the id of a storage probe that failed, "" if none did.
	cause string
	// source is where the counters were read.
	source string
}

// account makes up the account of a lost canary.
func account(before storage.JaegerInside, lost canary.LostCanary) LossAccount {
	a := LossAccount{source: lost.After.CountersFrom}
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
	grew := func(what string) float64 { return lost.After.Counters[what] - before.Counters[what] }
	a.rejected, a.dropped = grew(storage.CountRejected), grew(storage.CountDropped)
	_, own := lost.After.Counters[storage.CountReceived]
	_, all := lost.After.Counters[storage.CountAccepted]
	switch {
	case own:
		a.Least, a.Most, a.Counted = int(grew(storage.CountReceived)), int(grew(storage.CountReceived)), true
	case all:
		// Jaeger counts the service together with others, or all as one.
		a.Most, a.Counted = int(grew(storage.CountAccepted)), true
	}
	if a.Most < 0 || a.Least > a.Sent+a.extra {
		// Jaeger has restarted, or somebody else runs a check, too.
		a.Least, a.Most, a.Counted = 0, 0, false
	}
	return a
}

// Judge says where the canary was lost, as far as the counters tell. What is lost
// behind the collector is blamed on the storage only if nothing of this run was
// read back from it, and only if no probe has found a reason at the storage.
func (a LossAccount) Judge() probe.Finding {
	shows := a.shown > 0 || a.elsewhere
	// Of those received, extra ones may be a part.
	least, most := max(a.Least-a.extra, 0), min(a.Most, a.Sent)
	var f probe.Finding
	switch {
	case a.Counted && most < a.Sent:
		return probe.Found(probe.StatusFail, CodeStorageNotReceived,
			"the collector at %s counted %s of the %s that this check sent: those missing were lost before it or went elsewhere",
			a.source, atMost(a.Least, most), spans(a.Sent)).AtHop(probe.HopNetwork).AsCauseOf(probe.IDCanary)
	case a.rejected > 0:
		f = probe.Found(probe.StatusFail, CodeStorageRejects, "Jaeger's storage rejected %v spans or bulks while the canary was under way", a.rejected)
	case a.dropped > 0:
		f = probe.Found(probe.StatusFail, codeStorageQueueFull,
			"Jaeger dropped %v spans while the canary was under way: its queue is full, the storage is too slow", a.dropped)
	case !a.Counted || least < a.Sent:
		return probe.Found(probe.StatusUnknown, codeStorageUnclear, "Jaeger's counters do not show whether it received the canary")
	case shows:
		return probe.Found(probe.StatusUnknown, CodeStorageReceived,
			"Jaeger received the %s that this check sent, and shows some of its spans and not the canary", spans(a.Sent))
	default:
		f = probe.Found(probe.StatusFail, CodeStorageReceived,
			"Jaeger received the %s that this check sent and shows none of them: they are lost behind the collector", spans(a.Sent))
	}
	switch {
	case shows:
		f.Status = probe.StatusWarn
		f.Fact += ", and yet other spans of this check are read back"
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

// spans is a number of spans with its noun.
func spans(n int) string {
	if n == 1 {
		return "1 span"
	}
	return fmt.Sprintf("%d spans", n)
}

// Evidence has the counters that say something: what was sent and received, and
// those that rose.
func (a LossAccount) Evidence(before, after storage.Counters) []string {
	lines := []string{fmt.Sprintf("this check sent %s until the counters were read, of which %d were read back", spans(a.Sent+a.extra), a.shown)}
	for _, what := range []string{storage.CountReceived, storage.CountAccepted, storage.CountDropped, storage.CountRejected} {
		_, known := after[what]
		received := what == storage.CountReceived || what == storage.CountAccepted && a.Least < a.Most
		if known && (received || after[what] != before[what]) {
			lines = append(lines, fmt.Sprintf("%s: %v before, %v after (%s)", what, before[what], after[what], a.source))
		}
	}
	return lines
}
