package compare

import (
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// logs compares the logs of two spans, but not their order: concurrent goroutines make
// some of them.
func (d *differences) logs(from, to *trace.Span, where string) {
	a, b := entriesOf(from), entriesOf(to)
	a, b = without(a, b), without(b, a)
	for _, x := range a {
		i := slices.IndexFunc(b, func(y entry) bool { return y.event == x.event })
		if i < 0 {
			d.add(aspectLog, x.event, x.text, "", where)
			continue
		}
		d.add(aspectLog, x.event, x.text, b[i].text, where)
		b = slices.Delete(b, i, i+1)
	}
	for _, y := range b {
		d.add(aspectLog, y.event, "", y.text, where)
	}
}

// entry is a log: the name of its event, and all of its fields as text.
type entry struct {
	event, text string
}

func entriesOf(s *trace.Span) []entry {
	entries := make([]entry, len(s.Logs))
	for i := range s.Logs {
		fields := slices.Clone(s.Logs[i].Fields)
		slices.SortStableFunc(fields, func(a, b trace.Tag) int { return strings.Compare(a.Key, b.Key) })
		texts := make([]string, len(fields))
		for k, f := range fields {
			texts[k] = f.Key + "=" + textsOf([]trace.Value{f.Value})
		}
		entries[i] = entry{event: eventOf(fields), text: strings.Join(texts, " ")}
	}
	return entries
}

// eventOf returns a log's event, or the names of its fields if it has none.
func eventOf(fields []trace.Tag) string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		if f.Key == "event" && f.Value.String() != "" {
			return f.Value.String()
		}
		keys[i] = f.Key
	}
	return strings.Join(keys, "+")
}

// without returns the entries of a that are not in b, counting repeated ones.
func without(a, b []entry) []entry {
	b = slices.Clone(b)
	var left []entry
	for _, e := range a {
		if i := slices.Index(b, e); i >= 0 {
			b = slices.Delete(b, i, i+1)
		} else {
			left = append(left, e)
		}
	}
	return left
}

// processes compares, once for each service, the tags of its process.
func (d *differences) processes(pairs []pair) {
	seen := make(map[string]bool)
	for _, p := range pairs {
		if p.from == nil || p.to == nil || p.from.Span.Process == nil || p.to.Span.Process == nil ||
			seen[p.from.Span.Service()] {
			continue
		}
		seen[p.from.Span.Service()] = true
		d.tags(aspectProcess, p.from.Span.Process.Tags, p.to.Span.Process.Tags, "")
	}
}
