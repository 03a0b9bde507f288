package doctor

import "fmt"

// lossAccount compares the spans that a run has sent with what Jaeger counted
// and what it shows. It is made when a canary was lost.
type lossAccount struct {
	// sent is the number of spans that left before the counters were read, and
	// shown how many of them were read back.
	sent, shown int
	// extra is the number of spans beside sent that are not shown and that may
	// be lost where the others are not; see sentRecord.
	extra int
	// elsewhere says that a span was read back that was sent later, another way.
	elsewhere bool
	// least and most bound the number of spans of this check that Jaeger
	// received. They are equal where it counts the service by itself.
	least, most int
	// counted says that least and most are known.
	counted bool
	// rejected and dropped are by how much these counters rose.
	rejected, dropped float64
	// cause is the id of a storage probe that failed, "" if none did.
	cause string
	// source is where the counters were read.
	source string
}

// account makes up the account of a lost canary.
func account(before jaegerInside, lost lostCanary) lossAccount {
	a := lossAccount{source: lost.after.countersFrom}
	for _, s := range lost.spans {
		switch {
		case s.extra && !s.shown:
			a.extra++
			continue
		case s.shown:
			a.shown++
		}
		a.sent++
	}
	grew := func(what string) float64 { return lost.after.counters[what] - before.counters[what] }
	a.rejected, a.dropped = grew(countRejected), grew(countDropped)
	_, own := lost.after.counters[countReceived]
	_, all := lost.after.counters[countAccepted]
	switch {
	case own:
		a.least, a.most, a.counted = int(grew(countReceived)), int(grew(countReceived)), true
	case all:
		// Jaeger counts the service together with others, or all as one.
		a.most, a.counted = int(grew(countAccepted)), true
	}
	if a.most < 0 || a.least > a.sent+a.extra {
		// Jaeger has restarted, or somebody else runs a check, too.
		a.least, a.most, a.counted = 0, 0, false
	}
	return a
}

// judge says where the canary was lost, as far as the counters tell. What is lost
// behind the collector is blamed on the storage only if nothing of this run was
// read back from it, and only if no probe has found a reason at the storage.
func (a lossAccount) judge() Finding {
	shows := a.shown > 0 || a.elsewhere
	// Of those received, extra ones may be a part.
	least, most := max(a.least-a.extra, 0), min(a.most, a.sent)
	var f Finding
	switch {
	case a.counted && most < a.sent:
		return found(StatusFail, codeStorageNotReceived,
			"the collector at %s counted %s of the %s that this check sent: those missing were lost before it or went elsewhere",
			a.source, atMost(a.least, most), spans(a.sent)).at(HopNetwork).explains(idCanary)
	case a.rejected > 0:
		f = found(StatusFail, codeStorageRejects, "Jaeger's storage rejected %v spans or bulks while the canary was under way", a.rejected)
	case a.dropped > 0:
		f = found(StatusFail, codeStorageQueueFull,
			"Jaeger dropped %v spans while the canary was under way: its queue is full, the storage is too slow", a.dropped)
	case !a.counted || least < a.sent:
		return found(StatusUnknown, codeStorageUnclear, "Jaeger's counters do not show whether it received the canary")
	case shows:
		return found(StatusUnknown, codeStorageReceived,
			"Jaeger received the %s that this check sent, and shows some of its spans and not the canary", spans(a.sent))
	default:
		f = found(StatusFail, codeStorageReceived,
			"Jaeger received the %s that this check sent and shows none of them: they are lost behind the collector", spans(a.sent))
	}
	switch {
	case shows:
		f.Status = StatusWarn
		f.Fact += ", and yet other spans of this check are read back"
		return f
	case a.cause != "":
		f.Status = StatusOK
		f.Fact += "; " + a.cause + " found the reason"
		return f
	}
	return f.explains(idCanary)
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

// evidence has the counters that say something: what was sent and received, and
// those that rose.
func (a lossAccount) evidence(before, after counters) []string {
	lines := []string{fmt.Sprintf("this check sent %s until the counters were read, of which %d were read back", spans(a.sent+a.extra), a.shown)}
	for _, what := range []string{countReceived, countAccepted, countDropped, countRejected} {
		_, known := after[what]
		received := what == countReceived || what == countAccepted && a.least < a.most
		if known && (received || after[what] != before[what]) {
			lines = append(lines, fmt.Sprintf("%s: %v before, %v after (%s)", what, before[what], after[what], a.source))
		}
	}
	return lines
}
