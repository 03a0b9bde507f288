package cmd

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/trace"
)

// reportView prints a load run for people.
type reportView struct {
	w     io.Writer
	color bool
	ascii bool
	width int // of the terminal; 0 when there is none
}

const (
	defaultReportWidth = 80
	labelWidth         = 10 // of the words at the left
)

// print writes the whole report.
func (v *reportView) print(r *runReport) {
	fmt.Fprintf(v.w, "%s\n", printable.Line(r.title()))
	for _, remark := range r.remarks() {
		v.line("note", v.paint(ansiYellow, remark))
	}
	fmt.Fprintln(v.w)
	v.throughput(&r.Report)
	v.errors(&r.Report)
	v.latency(&r.Report)
	v.slowest(r)
	if r.Ledger != nil {
		v.ledger(r.Ledger)
	} else if r.Client != nil && r.Client.Finished > 0 {
		v.heading("spans")
		v.line("client", clientBooks(*r.Client))
		v.line("", "whether they are stored, --verify tells")
	}
}

func (v *reportView) throughput(r *load.Report) {
	for _, f := range callFacts(r) {
		if f.Name == "failed" && r.Failed > 0 {
			f.Text = v.paint(ansiRed, f.Text)
		}
		v.line(f.Name, f.Text)
	}
}

func (v *reportView) errors(r *load.Report) {
	if len(r.Errors) == 0 {
		return
	}
	v.heading("errors")
	for _, e := range r.Errors {
		v.line(printable.Line(string(e.Kind)), fmt.Sprintf("%d, such as: %s", e.Count, printable.Line(e.Example)))
	}
}

func (v *reportView) latency(r *load.Report) {
	if r.Latency.Count == 0 {
		return
	}
	v.heading("latency")
	for _, q := range latencyRows(r.Latency) {
		v.line(q.name, trace.FormatDuration(q.value))
	}
	v.heading("histogram")
	most := int64(1)
	for _, b := range r.Histogram {
		most = max(most, b.Count)
	}
	bar := "█"
	if v.ascii {
		bar = "="
	}
	width := v.width
	if width <= 0 {
		width = defaultReportWidth
	}
	width = max(10, width-30)
	for _, b := range r.Histogram {
		length := int(float64(b.Count)/float64(most)*float64(width) + 0.5)
		if b.Count > 0 {
			length = max(1, length)
		}
		line := fmt.Sprintf("  %7s to %7s %8d %s", trace.FormatDuration(b.From), trace.FormatDuration(b.To), b.Count, strings.Repeat(bar, length))
		fmt.Fprintln(v.w, strings.TrimRight(line, " "))
	}
}

// quantile is one number of a distribution with its name.
type quantile struct {
	name  string
	value time.Duration
}

func latencyRows(l load.Latency) []quantile {
	return []quantile{
		{"mean", l.Mean},
		{"min", l.Min},
		{"50%", l.P50},
		{"90%", l.P90},
		{"95%", l.P95},
		{"99%", l.P99},
		{"99.9%", l.P999},
		{"max", l.Max},
	}
}

func (v *reportView) slowest(r *runReport) {
	if len(r.Report.Slowest) == 0 {
		return
	}
	v.heading("slowest")
	link := r.links()
	for _, s := range r.Report.Slowest {
		where := "no trace"
		if s.TraceID != "" {
			where = s.TraceID + " (not sampled)"
		}
		if url := link(s); url != "" {
			where = s.TraceID + " " + url
		}
		v.line(trace.FormatDuration(s.Latency), fmt.Sprintf("%-8s %s", cameTo(s), printable.Line(where)))
	}
}

func (v *reportView) heading(title string) { fmt.Fprintf(v.w, "\n%s\n", title) }

// line prints a fact below a heading; an empty label goes on with the last one.
func (v *reportView) line(label, text string) {
	fmt.Fprintf(v.w, "  %-*s %s\n", labelWidth, label, text)
}

func (v *reportView) paint(color int, s string) string { return paint(v.color, color, s) }
