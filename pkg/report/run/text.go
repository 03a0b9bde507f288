package run

import (
	"fmt"
	"io"
	"strings"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// WriteText writes r for people.
func WriteText(w io.Writer, opts terminal.Options, r *Report) error {
	return write(w, opts, func(v *textWriter) { v.report(r) })
}

// WriteLedger writes only the ledger.
func WriteLedger(w io.Writer, opts terminal.Options, l *ledger.Ledger) error {
	return write(w, opts, func(v *textWriter) { v.ledger(l) })
}

type textWriter struct {
	w    strings.Builder
	opts terminal.Options
}

func write(w io.Writer, opts terminal.Options, parts func(v *textWriter)) error {
	v := textWriter{opts: opts}
	parts(&v)
	_, err := io.WriteString(w, v.w.String())
	return err
}

const labelWidth = 10

func (v *textWriter) report(r *Report) {
	fmt.Fprintf(&v.w, "%s\n", printable.Line(r.title()))
	for _, remark := range r.remarks() {
		v.line("note", v.opts.Paint(terminal.Yellow, remark))
	}
	fmt.Fprintln(&v.w)
	for _, f := range callFacts(&r.Calls) {
		if f.Name == "failed" && r.Calls.Failed > 0 {
			f.Text = v.opts.Paint(terminal.Red, f.Text)
		}
		v.line(f.Name, f.Text)
	}
	var errors, slowest []fact
	for _, e := range r.Calls.Errors {
		errors = append(errors, fact{printable.Line(string(e.Kind)), fmt.Sprintf("%d, such as: %s", e.Count, printable.Line(e.Example))})
	}
	for _, s := range r.slowest() {
		slowest = append(slowest, fact{s.Latency.String(), fmt.Sprintf("%-8s %s", s.Result, printable.Line(s.where()))})
	}
	v.section("errors", errors)
	if r.Calls.Latency.Count > 0 {
		v.section("latency", latencyFacts(r.Calls.Latency))
		v.histogram(r.Calls.Histogram)
	}
	v.section("slowest", slowest)
	if r.Ledger != nil {
		v.ledger(r.Ledger)
	} else if r.Client != nil && r.Client.Finished > 0 {
		v.heading("spans")
		v.line("client", clientSum(*r.Client))
		v.line("", "add --verify to check whether they are stored")
	}
}

func (v *textWriter) histogram(buckets []load.Bucket) {
	v.heading("histogram")
	most := int64(1)
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	bar := "█"
	if v.opts.ASCII {
		bar = "="
	}
	width := max(10, v.opts.Columns()-30)
	for _, b := range buckets {
		length := int(float64(b.Count)/float64(most)*float64(width) + 0.5)
		if b.Count > 0 {
			length = max(1, length)
		}
		line := fmt.Sprintf("  %7s to %7s %8d %s", b.From, b.To, b.Count, strings.Repeat(bar, length))
		fmt.Fprintln(&v.w, strings.TrimRight(line, " "))
	}
}

func (s *slowCall) where() string {
	switch {
	case s.Link != "":
		return s.TraceID + " " + s.Link
	case s.TraceID != "":
		return s.TraceID + " (not sampled)"
	default:
		return "no trace"
	}
}

func (v *textWriter) section(title string, rows []fact) {
	if len(rows) == 0 {
		return
	}
	v.heading(title)
	for _, f := range rows {
		v.line(f.Name, f.Text)
	}
}

func (v *textWriter) heading(title string) { fmt.Fprintf(&v.w, "\n%s\n", title) }

// line writes a row below a heading; an empty label continues the previous row.
func (v *textWriter) line(label, text string) {
	fmt.Fprintf(&v.w, "  %-*s %s\n", labelWidth, label, text)
}
