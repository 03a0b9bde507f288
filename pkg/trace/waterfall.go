package trace

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/printable"
)

// DrawOptions are the capabilities of the reader's terminal.
type DrawOptions struct {
	// Width is the terminal's width in columns; 0 means 100.
	Width int
	// Color allows ANSI colours. No meaning is by colour alone.
	Color bool
	// ASCII avoids every character beyond ASCII.
	ASCII bool
	// MaxSpans bounds the rows; the last line counts the rest. 0 means all.
	MaxSpans int
}

const (
	defaultDrawWidth = 100
	minBarWidth      = 10
	maxLabelShare    = 0.6 // of the width; names matter more than bars
	durationWidth    = 8
)

// pen holds the characters of one drawing.
type pen struct {
	branch, last, pipe, blank string
	bar, tick, ellipsis       string
	color                     bool
}

func newPen(opts DrawOptions) pen {
	if opts.ASCII {
		return pen{branch: "|- ", last: "`- ", pipe: "|  ", blank: "   ", bar: "=", tick: "|", ellipsis: "~", color: opts.Color}
	}
	return pen{branch: "├─ ", last: "└─ ", pipe: "│  ", blank: "   ", bar: "█", tick: "▏", ellipsis: "…", color: opts.Color}
}

// row is one line of the drawing before it is laid out.
type row struct {
	label   string
	service string
	span    *Span
	notes   []string
}

// Waterfall draws t as a tree: a line for each span with its service, operation, position
// in time and duration, errors and warnings in words. Texts are escaped by package
// printable, since spans are untrusted.
func Waterfall(w io.Writer, t *Trace, opts DrawOptions) error {
	if opts.Width <= 0 {
		opts.Width = defaultDrawWidth
	}
	if opts.MaxSpans <= 0 {
		opts.MaxSpans = len(t.Spans)
	}
	p := newPen(opts)
	rows := p.rows(NewTree(t), opts.MaxSpans)
	start, total := t.Bounds()

	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "trace %s: %s, %s, %s\n", t.ID,
		plural.Of(len(t.Spans), "span", "spans"), plural.Of(len(t.Services()), "service", "services"), FormatDuration(total))
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

// rows returns the rows of the tree, up to limit.
func (p pen) rows(tree *Tree, limit int) []row {
	var rows []row
	var walk func(nodes []*Node, prefix string, depth int)
	walk = func(nodes []*Node, prefix string, depth int) {
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
				label:   prefix + lead + printable.Line(n.Span.Service()) + " " + printable.Line(n.Span.Operation),
				service: n.Span.Service(),
				span:    n.Span,
				notes:   notes(n),
			})
			walk(n.Children, prefix+below, depth+1)
		}
	}
	walk(tree.Roots, "", 0)
	return rows
}

// notes returns what a reader must not miss about a span.
func notes(n *Node) []string {
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

// columns divides the width between the names and the bars.
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
	bar := strings.Repeat(" ", from) + p.paint(colorOf(r.service), mark)
	rest := strings.Repeat(" ", max(0, barWidth-from-length))
	fmt.Fprintf(w, "%s %s%s %*s", p.fit(r.label, labelWidth), bar, rest, durationWidth, FormatDuration(r.span.Duration))
	for _, note := range r.notes {
		fmt.Fprintf(w, "  %s", p.paint(red, note))
	}
	fmt.Fprintln(w)
}

// place returns the start and the length of the span's bar, in columns.
func place(s *Span, start time.Time, total time.Duration, width int) (from, length int) {
	if total <= 0 {
		return 0, width
	}
	scale := float64(width) / float64(total)
	from = min(int(float64(s.Start.Sub(start))*scale), width-1)
	length = int(float64(s.Duration)*scale + 0.5)
	return from, min(length, width-from)
}

// fit pads or cuts a label to exactly width columns.
func (p pen) fit(s string, width int) string {
	n := utf8.RuneCountInString(s)
	if n <= width {
		return s + strings.Repeat(" ", width-n)
	}
	return string([]rune(s)[:width-1]) + p.ellipsis
}

// ANSI colours; services take the ones that are not red.
const red = 31

func colorOf(service string) int {
	palette := [...]int{36, 32, 33, 35, 34}
	sum := 0
	for _, b := range []byte(service) {
		sum = sum*31 + int(b)
	}
	return palette[uint(sum)%uint(len(palette))]
}

func (p pen) paint(color int, s string) string {
	if !p.color || s == "" {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, s)
}

// FormatDuration prints d with three significant digits and the unit that fits:
// 950µs is 950us so that it stays ASCII, 1.23ms, 45.6ms, 7.89s, 12m5s.
func FormatDuration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dus", d.Microseconds())
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + "ms"
	case d < time.Minute:
		return digits(d.Seconds()) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

func digits(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}
