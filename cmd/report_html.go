package cmd

import (
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/trace"
)

//go:embed report.html
var reportPage string

// page is what the template shows.
type page struct {
	Title, Started string
	Remarks        []string
	Verdict        *pageVerdict
	Facts          []fact
	Errors         []load.ErrorCount
	Latency        []fact
	Charts         []chart
	Slowest        []pageSlow
	Ledger         *pageLedger
}

type pageVerdict struct{ Class, Text string }

type pageSlow struct{ Latency, At, Came, TraceID, Link string }

type pageLedger struct {
	Sides []ledgerSide
	Flow  flow
	Hops  []pageHop
	Books []fact
}

type pageHop struct {
	ledger.Hop
	Certainty string
}

// writeReportHTML writes the report as one page that needs nothing else.
func writeReportHTML(w io.Writer, r *runReport) error {
	t, err := template.New("report").Funcs(template.FuncMap{"printable": printable.Line}).Parse(reportPage)
	if err != nil {
		return fmt.Errorf("report page: %w", err)
	}
	if err := t.Execute(w, newPage(r)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func newPage(r *runReport) page {
	p := page{
		Title:   r.title(),
		Started: "started " + r.Run.Start.Format(time.RFC1123Z),
		Remarks: r.remarks(),
		Facts:   callFacts(&r.Report),
		Errors:  r.Report.Errors,
	}
	if r.Report.Latency.Count > 0 {
		for _, q := range latencyRows(r.Report.Latency) {
			p.Latency = append(p.Latency, fact{q.name, trace.FormatDuration(q.value)})
		}
		p.Charts = append(p.Charts, percentileChart(r.Report.Latency), histogramChart(r.Report.Histogram))
	}
	if len(r.Report.Series) > 0 {
		p.Charts = append(p.Charts, rateChart(r.Report.Series), errorChart(r.Report.Series), latencyChart(r.Report.Series))
	}
	link := r.links()
	for _, s := range r.Report.Slowest {
		p.Slowest = append(p.Slowest, pageSlow{
			Latency: trace.FormatDuration(s.Latency), At: trace.FormatDuration(s.Start.Sub(r.Report.Start)),
			Came: cameTo(s), TraceID: s.TraceID, Link: link(s),
		})
	}
	if r.Ledger != nil {
		p.Verdict = &pageVerdict{Class: verdictClass(r.Ledger), Text: printable.Line(ledgerVerdict(r.Ledger))}
		p.Ledger = newPageLedger(r.Ledger)
	}
	return p
}

func newPageLedger(l *ledger.Ledger) *pageLedger {
	p := &pageLedger{
		Sides: ledgerSides(l),
		Flow:  newFlow(l),
		Books: []fact{{"client", clientBooks(l.Client)}},
	}
	if l.Server != nil {
		p.Books = append(p.Books, fact{"server", serverBooks(l.Server)})
	}
	for _, line := range traceBooks(l.Traces) {
		p.Books = append(p.Books, fact{"traces", line})
	}
	for _, note := range ledgerNotes(l) {
		p.Books = append(p.Books, fact{"note", note})
	}
	for _, hop := range l.Hops {
		hop.Name = ledger.HopName(printable.Line(string(hop.Name)))
		p.Hops = append(p.Hops, pageHop{hop, certainty(hop)})
	}
	return p
}
