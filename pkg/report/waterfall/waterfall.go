// Package waterfall draws a trace for people: a line for each span, in the order of the
// tree, with its place in time. Start at Write.
package waterfall

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	maxSpans      = 1000 // more than anyone reads on a terminal; the last line counts the rest
	defaultWidth  = 100
	minBarWidth   = 10
	maxLabelShare = 0.6 // of the width; names matter more than bars
	durationWidth = 8
)

type pen struct {
	terminal.Options
	branch, last, pipe, blank string
	bar, tick, ellipsis       string
}

func newPen(opts terminal.Options) pen {
	if opts.ASCII {
		return pen{Options: opts, branch: "|- ", last: "`- ", pipe: "|  ", blank: "   ", bar: "=", tick: "|", ellipsis: "~"}
	}
	return pen{Options: opts, branch: "├─ ", last: "└─ ", pipe: "│  ", blank: "   ", bar: "█", tick: "▏", ellipsis: "…"}
}

// row is one line of the drawing before it is laid out.
type row struct {
	label string
	span  *trace.Span
	notes []string
}

// Write draws t as a tree: a line for each span with its service, operation, position in
// time and duration, errors and warnings in words, up to 1000 of them.
func Write(w io.Writer, opts terminal.Options, t *trace.Trace) error {
	return write(w, opts, t, maxSpans)
}

func write(w io.Writer, opts terminal.Options, t *trace.Trace, limit int) error {
	if opts.Width <= 0 {
		opts.Width = defaultWidth
	}
	p := newPen(opts)
	rows := p.rows(trace.Tree(t), limit)
	start, total := t.Bounds()

	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "trace %s: %s, %s, %s\n", t.ID,
		plural.Of(len(t.Spans), "span", "spans"), plural.Of(len(t.Services()), "service", "services"), trace.FormatDuration(total))
	for _, warning := range t.Warnings {
		fmt.Fprintf(out, "! %s\n", printable.Line(warning))
	}
	labelWidth, barWidth := columns(rows, opts.Width)
	for _, r := range rows {
		p.line(out, r, labelWidth, barWidth, start, total)
	}
	if hidden := len(t.Spans) - len(rows); hidden > 0 {
		fmt.Fprintf(out, "(%s not shown)\n", plural.Of(hidden, "span", "spans"))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("draw trace: %w", err)
	}
	return nil
}

// maxDepth bounds the indentation. Deeper spans have the same, so that a chain of 100,000
// spans does not need lines of 300 kB.
const maxDepth = 50

func (p pen) rows(roots []*trace.Node, limit int) []row {
	var rows []row
	var walk func(nodes []*trace.Node, prefix string, depth int)
	walk = func(nodes []*trace.Node, prefix string, depth int) {
		for i, n := range nodes {
			if len(rows) == limit {
				return
			}
			lead, below := p.branch, p.pipe
			switch {
			case depth == 0:
				lead, below = "", ""
			case depth > maxDepth:
				below = ""
			case i == len(nodes)-1:
				lead, below = p.last, p.blank
			}
			rows = append(rows, row{
				label: prefix + lead + printable.Line(n.Span.Service()) + " " + printable.Line(n.Span.Operation),
				span:  n.Span,
				notes: notes(n),
			})
			walk(n.Children, prefix+below, depth+1)
		}
	}
	walk(roots, "", 0)
	return rows
}

// notes returns what a reader must not miss about a span.
func notes(n *trace.Node) []string {
	var out []string
	if n.Span.Failed() {
		out = append(out, "ERROR")
	}
	if n.Orphan {
		out = append(out, "parent "+n.Span.ParentID().String()+" is missing")
	}
	for _, warning := range n.Span.Warnings {
		out = append(out, printable.Line(warning))
	}
	return out
}

func columns(rows []row, width int) (label, bar int) {
	for _, r := range rows {
		label = max(label, utf8.RuneCountInString(r.label))
	}
	label = min(label, int(float64(width)*maxLabelShare))
	const gaps = 4 // label, space, bar, tick, two spaces, duration
	return label, max(minBarWidth, width-label-durationWidth-gaps)
}

func (p pen) line(w io.Writer, r row, labelWidth, barWidth int, start time.Time, total time.Duration) {
	from, length := place(r.span, start, total, barWidth)
	mark := strings.Repeat(p.bar, length)
	if length == 0 {
		mark, length = p.tick, 1
	}
	bar := strings.Repeat(" ", from) + p.Paint(colorOf(r.span.Service()), mark)
	rest := strings.Repeat(" ", max(0, barWidth-from-length))
	fmt.Fprintf(w, "%s %s%s %*s", p.fit(r.label, labelWidth), bar, rest, durationWidth, trace.FormatDuration(r.span.Duration))
	for _, note := range r.notes {
		fmt.Fprintf(w, "  %s", p.Paint(terminal.Red, note))
	}
	fmt.Fprintln(w)
}

// place returns the start and the length of the span's bar, in columns. Spans come from
// others: their times may be negative, or out of every range.
func place(s *trace.Span, start time.Time, total time.Duration, width int) (from, length int) {
	if total <= 0 {
		return 0, width
	}
	scale := float64(width) / float64(total)
	from = max(0, min(int(float64(s.Start.Sub(start))*scale), width-1))
	length = int(float64(s.Duration)*scale + 0.5)
	return from, max(0, min(length, width-from))
}

// fit pads or cuts a label to exactly width columns.
func (p pen) fit(s string, width int) string {
	n := utf8.RuneCountInString(s)
	if n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:width-1]) + p.ellipsis
}

// colorOf returns the color of a service, which is never red.
func colorOf(service string) terminal.Color {
	palette := [...]terminal.Color{36, 32, 33, 35, 34}
	sum := 0
	for _, b := range []byte(service) {
		sum = sum*31 + int(b)
	}
	return palette[uint(sum)%uint(len(palette))]
}
