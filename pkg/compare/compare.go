package compare

import (
	"regexp"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Side is one of the two traces and the tracer that made it.
type Side struct {
	// Tracer is the tracer's name in the configuration.
	Tracer string
	Trace  trace.Trace
	// Traits are the tracer's, as returned by Ask.
	Traits []Trait
	// Unseen reports that Trace has no span of the called service, so that there is
	// nothing to compare of it.
	Unseen bool
}

// Change is how a difference changes from one side to the other.
type Change string

// The changes, from the first side to the second.
const (
	Lost    Change = "lost"
	Added   Change = "added"
	Changed Change = "changed"
)

// Difference is something that differs, with the spans on which it does.
type Difference struct {
	// ID is the aspect and, after a colon, what it is about: "kind:HTTP GET",
	// "tag:http.url", "trace-id". It never changes its meaning.
	ID     string `json:"id"`
	Change Change `json:"change"`
	// From and To are what the two sides have; one is empty when it has nothing.
	From string `json:"from"`
	To   string `json:"to"`
	// Spans are the labels of the spans that differ; the differences of a whole trace, a
	// process or a tracer have none.
	Spans []string `json:"spans,omitempty"`
	// Note is why, and what to do, if that is known for the two tracers.
	Note string `json:"note,omitempty"`
	// Ignored reports that an Ignore matches it.
	Ignored bool `json:"ignored"`
}

// OfTracer reports whether it is a trait of the tracers and not of their traces.
func (d *Difference) OfTracer() bool { return strings.HasPrefix(d.ID, aspectTracer+":") }

// Row is a span and its counterpart. One of the two may be missing.
type Row struct {
	// Depth is the number of spans above it.
	Depth    int
	From, To *trace.Span
	// Differs reports that a difference on it is not ignored.
	Differs bool
}

// Result returns same, differs, lost or added.
func (r *Row) Result() string {
	switch {
	case r.To == nil:
		return string(Lost)
	case r.From == nil:
		return string(Added)
	case r.Differs:
		return "differs"
	default:
		return "same"
	}
}

// Report is the result of a comparison.
type Report struct {
	From, To Side
	// Rows are the spans of both sides in the order of the first one's tree.
	Rows []Row
	// Differences are in the order of importance, and within that in the order of the
	// rows.
	Differences []Difference
}

// Traces compares two traces, and the traits of their tracers.
func Traces(from, to Side, ignore Ignore) *Report {
	r := &Report{From: from, To: to}
	d := &differences{}
	pairs := match(trace.Tree(&r.From.Trace), trace.Tree(&r.To.Trace))
	d.trace(&r.From.Trace, &r.To.Trace)
	for _, p := range pairs {
		seen := len(d.ids)
		d.pair(p)
		row := Row{Depth: p.depth, Differs: slices.ContainsFunc(d.ids[seen:], func(id string) bool { return !ignore.match(id) })}
		if p.from != nil {
			row.From = p.from.Span
		}
		if p.to != nil {
			row.To = p.to.Span
		}
		r.Rows = append(r.Rows, row)
	}
	d.processes(pairs)
	d.traits(from.Traits, to.Traits)
	r.Differences = d.sorted()
	for i := range r.Differences {
		difference := &r.Differences[i]
		difference.Ignored = ignore.match(difference.ID)
		difference.Note = noteOn(from.Tracer, to.Tracer, difference)
	}
	return r
}

// Same reports whether the called service was found on both sides and all differences
// are ignored.
func (r *Report) Same() bool { return r.Unseen() == "" && r.Unexpected() == 0 }

// Unseen returns a sentence about the side or sides on which no span of the called
// service was found, with the possible causes; "" when there is one on both.
func (r *Report) Unseen() string {
	var where string
	switch {
	case r.From.Unseen && r.To.Unseen:
		where = "on either side"
	case r.From.Unseen:
		where = "on the side of --from, tracer " + r.From.Tracer
	case r.To.Unseen:
		where = "on the side of --to, tracer " + r.To.Tracer
	default:
		return ""
	}
	return "no span of the called service was seen " + where +
		": it is not traced, or all of its spans are lost or late, or it does not read these headers"
}

// Unexpected returns the number of differences that are not ignored.
func (r *Report) Unexpected() int {
	n := 0
	for i := range r.Differences {
		if !r.Differences[i].Ignored {
			n++
		}
	}
	return n
}

// Ignore matches known differences. The zero value matches none.
type Ignore struct {
	patterns []string
	res      []*regexp.Regexp
}

// NewIgnore returns an Ignore of ids. An aspect alone matches all of it, as "kind" does
// "kind:HTTP GET", and an asterisk matches any text.
func NewIgnore(patterns []string) Ignore {
	ignore := Ignore{patterns: patterns}
	for _, p := range patterns {
		text := strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")
		ignore.res = append(ignore.res, regexp.MustCompile("(?s)^(?:"+text+")(?::.*)?$"))
	}
	return ignore
}

func (i Ignore) match(id string) bool {
	return slices.ContainsFunc(i.res, func(re *regexp.Regexp) bool { return re.MatchString(id) })
}

// Idle returns the patterns that match none of the differences.
func (i Ignore) Idle(differences []Difference) []string {
	var idle []string
	for n, re := range i.res {
		if !slices.ContainsFunc(differences, func(d Difference) bool { return re.MatchString(d.ID) }) {
			idle = append(idle, i.patterns[n])
		}
	}
	return idle
}
