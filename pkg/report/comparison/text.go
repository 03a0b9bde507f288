// Package comparison writes the report of two traces of the same request, as text for
// people and as JSON. Start at Comparison.
package comparison

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
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/trace"
)

// Comparison is a report with the request that was made.
type Comparison struct {
	*compare.Report
	URL string
	// OwnServer reports whether the server ran in this process and used the same
	// tracers as the caller.
	OwnServer bool
	// TraceURL returns the URL of a trace's page.
	TraceURL func(trace.TraceID) string
}

// WriteText writes c for people.
func WriteText(w io.Writer, opts terminal.Options, c *Comparison) error {
	var b strings.Builder
	v := textWriter{out: &b, opts: opts}
	v.head(c)
	v.rows(c.Report)
	v.differences(c.Report)
	v.verdict(c.Report)
	_, err := io.WriteString(w, b.String())
	return err
}

type textWriter struct {
	out  *strings.Builder
	opts terminal.Options
}

func (v textWriter) head(c *Comparison) {
	fmt.Fprintf(v.out, "request: %s\n", printable.Line(c.URL))
	if c.OwnServer {
		fmt.Fprintln(v.out, "server:  in this process, traced with the same tracer as the caller")
	} else {
		fmt.Fprintln(v.out, "server:  the called service, which keeps its own tracer; only the caller's tracer changes")
	}
	for _, side := range []struct {
		name string
		compare.Side
	}{{"from:   ", c.From}, {"to:     ", c.To}} {
		t := side.Trace
		fmt.Fprintf(v.out, "%s %s, trace %s, %s of %s\n", side.name, side.Tracer, t.ID,
			plural.Of(len(t.Spans), "span", "spans"), plural.Of(len(t.Services()), "service", "services"))
	}
}

func (v textWriter) rows(r *compare.Report) {
	fmt.Fprintln(v.out)
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\t%s\t%s\n", r.From.Tracer, r.To.Tracer)
	for _, row := range r.Rows {
		indent := strings.Repeat("  ", row.Depth)
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.Result(), cell(indent, row.From), cell(indent, row.To))
	}
	_ = table.Flush() // a strings.Builder returns no error
}

func cell(indent string, s *trace.Span) string {
	if s == nil {
		return indent + "-"
	}
	return indent + shorten(compare.Label(s))
}

// differences writes the differences that are not ignored, each with its place and
// reason, then the ids of the ignored ones.
func (v textWriter) differences(r *compare.Report) {
	var shown []*compare.Difference
	var ignored []string
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Ignored {
			ignored = append(ignored, d.ID)
		} else {
			shown = append(shown, d)
		}
	}
	for i, d := range shown {
		if i == 0 || titleOf(d) != titleOf(shown[i-1]) {
			fmt.Fprintf(v.out, "\n%s:\n", titleOf(d))
		}
		v.difference(d)
		// Once for all differences that share it.
		shared := i+1 < len(shown) && titleOf(shown[i+1]) == titleOf(d) && shown[i+1].Note == d.Note
		if d.Note != "" && !shared {
			fmt.Fprintf(v.out, "          %s\n", printable.Line(d.Note))
		}
	}
	if len(ignored) > 0 {
		fmt.Fprintf(v.out, "\nignored: %s\n", printable.Line(strings.Join(slices.Compact(ignored), ", ")))
	}
}

func titleOf(d *compare.Difference) string {
	switch {
	case d.OfTracer():
		return "the tracers"
	case len(d.Spans) == 0 && !strings.HasPrefix(d.ID, "span:"):
		return "the trace and its processes"
	default:
		return "the spans"
	}
}

func (v textWriter) difference(d *compare.Difference) {
	color := terminal.Yellow
	if d.Change == compare.Added {
		color = terminal.Default
	}
	fmt.Fprintf(v.out, "  %s %s%s\n", v.opts.Paint(color, fmt.Sprintf("%-7s", d.Change)), printable.Line(d.ID), v.values(d))
	if len(d.Spans) > 0 {
		fmt.Fprintf(v.out, "          on %s\n", spanList(d.Spans))
	}
}

func (v textWriter) values(d *compare.Difference) string {
	switch d.Change {
	case compare.Lost:
		return ": " + shorten(d.From)
	case compare.Added:
		return ": " + shorten(d.To)
	default:
		return ": " + shorten(d.From) + " -> " + shorten(d.To)
	}
}

// maxSpansListed is the number of spans that are listed for a difference.
const maxSpansListed = 3

func spanList(spans []string) string {
	listed := spans[:min(len(spans), maxSpansListed)]
	text := printable.Line(strings.Join(listed, ", "))
	if more := len(spans) - len(listed); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (v textWriter) verdict(r *compare.Report) {
	ignored := len(r.Differences) - r.Unexpected()
	fmt.Fprintln(v.out)
	switch {
	case r.Unseen() != "":
		fmt.Fprintln(v.out, v.opts.Paint(terminal.Yellow, "cannot compare the traces: "+r.Unseen()))
	case len(r.Differences) == 0:
		fmt.Fprintln(v.out, v.opts.Paint(terminal.Green, "no differences"))
	case r.Same():
		fmt.Fprintln(v.out, v.opts.Paint(terminal.Green, fmt.Sprintf("no differences, %d ignored", ignored)))
	default:
		fmt.Fprintf(v.out, "%s, %d ignored\n", v.opts.Paint(terminal.Red, plural.Of(r.Unexpected(), "difference", "differences")), ignored)
	}
}

// maxValue is the number of characters of a value that the text shows; JSON has all.
const maxValue = 100

func shorten(s string) string {
	s = printable.Line(s)
	if utf8.RuneCountInString(s) <= maxValue {
		return s
	}
	runes := []rune(s)
	return fmt.Sprintf("%s... (%d characters)", string(runes[:maxValue-30]), len(runes))
}
