package run

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

//go:embed page.html
var pageTemplate string

// page is the data of the template.
type page struct {
	Title, Started string
	Remarks        []string
	Verdict        *pageVerdict
	Facts          []fact
	Errors         []load.ErrorCount
	Latency        []fact
	Charts         []plot
	Slowest        []pageSlow
	Ledger         *pageLedger
}

type pageVerdict struct{ Class, Text string }

type pageSlow struct{ Latency, At, Result, TraceID, Link string }

type pageLedger struct {
	Sides []ledgerSide
	Flow  diagram
	Hops  []pageHop
	Sums  []fact
}

type pageHop struct {
	ledger.Hop
	Certainty string
}

// WriteHTML writes r as one page that loads no other files.
func WriteHTML(w io.Writer, r *Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{"printable": printable.Line}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("report page: %w", err)
	}
	if err := t.Execute(w, newPage(r)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func newPage(r *Report) page {
	p := page{
		Title:   r.title(),
		Started: "started " + r.Run.Start.Format(time.RFC1123Z),
		Remarks: r.remarks(),
		Facts:   callFacts(&r.Calls),
		Errors:  r.Calls.Errors,
	}
	if r.Calls.Latency.Count > 0 {
		for _, q := range latencyRows(r.Calls.Latency) {
			p.Latency = append(p.Latency, fact{q.name, trace.FormatDuration(q.value)})
		}
		p.Charts = append(p.Charts, percentileChart(r.Calls.Latency), histogramChart(r.Calls.Histogram))
	}
	if len(r.Calls.Series) > 0 {
		p.Charts = append(p.Charts, rateChart(r.Calls.Series), errorChart(r.Calls.Series), latencyChart(r.Calls.Series))
	}
	link := r.links()
	for _, s := range r.Calls.Slowest {
		p.Slowest = append(p.Slowest, pageSlow{
			Latency: trace.FormatDuration(s.Latency), At: trace.FormatDuration(s.Start.Sub(r.Calls.Start)),
			Result: result(s), TraceID: s.TraceID, Link: link(s),
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
		Flow:  newDiagram(l),
		Sums:  []fact{{"client", clientSum(l.Client)}},
	}
	if l.Server != nil {
		p.Sums = append(p.Sums, fact{"server", serverSum(l.Server)})
	}
	for _, line := range traceSums(l.Traces) {
		p.Sums = append(p.Sums, fact{"traces", line})
	}
	for _, note := range ledgerNotes(l) {
		p.Sums = append(p.Sums, fact{"note", note})
	}
	for _, hop := range l.Hops {
		hop.Name = ledger.HopName(printable.Line(string(hop.Name)))
		p.Hops = append(p.Hops, pageHop{hop, certainty(hop)})
	}
	return p
}
