package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/trace"
)

func (c *comparison) print(r *compare.Report) error {
	url, own := c.request.URL, c.worker != nil
	if c.opts.output.String() == "json" {
		return writeJSON(c.app.env.Stdout, newCompareJSON(r, url, own, c.reader))
	}
	v := compareView{out: c.app.env.Stdout, color: c.app.colored()}
	v.head(r, url, own)
	v.rows(r)
	v.differences(r)
	v.verdict(r)
	return nil
}

// compareView writes a report for people.
type compareView struct {
	out   io.Writer
	color bool
}

func (v compareView) head(r *compare.Report, url string, own bool) {
	fmt.Fprintf(v.out, "request: %s\n", printable.Line(url))
	if own {
		fmt.Fprintln(v.out, "server:  in this process, traced with the same tracer as the caller")
	} else {
		fmt.Fprintln(v.out, "server:  the service called, which keeps its own tracer; only the caller's changes")
	}
	for _, side := range []struct {
		name string
		compare.Side
	}{{"from:   ", r.From}, {"to:     ", r.To}} {
		t := side.Trace
		fmt.Fprintf(v.out, "%s %s, trace %s, %s of %s\n", side.name, side.Tracer, t.ID,
			plural.Of(len(t.Spans), "span", "spans"), plural.Of(len(t.Services()), "service", "services"))
	}
}

// rows lays the spans of both sides beside each other.
func (v compareView) rows(r *compare.Report) {
	fmt.Fprintln(v.out)
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\t%s\t%s\n", r.From.Tracer, r.To.Tracer)
	for _, row := range r.Rows {
		indent := strings.Repeat("  ", row.Depth)
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.Result(), cell(indent, row.From), cell(indent, row.To))
	}
	_ = table.Flush() // a terminal that is gone has nobody to tell
}

func cell(indent string, s *trace.Span) string {
	if s == nil {
		return indent + "-"
	}
	return indent + shorten(compare.Label(s))
}

// differences lists what is not ignored, each with where it is and why; then the
// names of what is.
func (v compareView) differences(r *compare.Report) {
	var ignored []string
	title, note := "", ""
	told := func() {
		if note != "" {
			fmt.Fprintf(v.out, "          %s\n", printable.Line(note))
		}
		note = ""
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Ignored {
			ignored = append(ignored, d.ID)
			continue
		}
		t := titleOf(d)
		if t != title || d.Note != note {
			told() // once for all that it holds for
		}
		if t != title {
			title = t
			fmt.Fprintf(v.out, "\n%s:\n", title)
		}
		note = d.Note
		v.difference(d)
	}
	told()
	if len(ignored) > 0 {
		fmt.Fprintf(v.out, "\nignored: %s\n", printable.Line(strings.Join(slices.Compact(ignored), ", ")))
	}
}

// titleOf says what a difference is of.
func titleOf(d *compare.Difference) string {
	switch {
	case d.OfTracer():
		return "what the tracers do"
	case len(d.Spans) == 0 && !strings.HasPrefix(d.ID, "span:"):
		return "the trace and its processes"
	default:
		return "the spans"
	}
}

func (v compareView) difference(d *compare.Difference) {
	color := ansiYellow
	if d.Change == compare.Added {
		color = 0
	}
	fmt.Fprintf(v.out, "  %s %s%s\n", paint(v.color, color, fmt.Sprintf("%-7s", d.Change)), printable.Line(d.ID), v.values(d))
	if len(d.Spans) > 0 {
		fmt.Fprintf(v.out, "          on %s\n", spanList(d.Spans))
	}
}

func (v compareView) values(d *compare.Difference) string {
	switch d.Change {
	case compare.Lost:
		return ": " + shorten(d.From)
	case compare.Added:
		return ": " + shorten(d.To)
	default:
		return ": " + shorten(d.From) + " -> " + shorten(d.To)
	}
}

// maxSpansListed is how many spans a difference names.
const maxSpansListed = 3

func spanList(spans []string) string {
	listed := spans[:min(len(spans), maxSpansListed)]
	text := printable.Line(strings.Join(listed, ", "))
	if more := len(spans) - len(listed); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (v compareView) verdict(r *compare.Report) {
	ignored := len(r.Differences) - r.Unexpected()
	fmt.Fprintln(v.out)
	switch {
	case r.Unseen() != "":
		fmt.Fprintln(v.out, paint(v.color, ansiYellow, "cannot tell what differs: "+r.Unseen()))
	case len(r.Differences) == 0:
		fmt.Fprintln(v.out, paint(v.color, ansiGreen, "nothing differs"))
	case r.Same():
		fmt.Fprintln(v.out, paint(v.color, ansiGreen, fmt.Sprintf("nothing differs but what --ignore names: %s", plural.Of(ignored, "difference", "differences"))))
	default:
		fmt.Fprintf(v.out, "%s, %d ignored\n", paint(v.color, ansiRed, plural.Of(r.Unexpected(), "difference", "differences")), ignored)
	}
}

// maxValue is how much of a value the text shows; JSON has all of it.
const maxValue = 100

func shorten(s string) string {
	s = printable.Line(s)
	if utf8.RuneCountInString(s) <= maxValue {
		return s
	}
	runes := []rune(s)
	return fmt.Sprintf("%s... (%d characters)", string(runes[:maxValue-30]), len(runes))
}
