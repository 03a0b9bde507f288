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
)

//go:embed page.html
var pageTemplate string

type page struct {
	Title, Started string
	Remarks        []string
	Verdict        *verdict
	Facts          []fact
	Errors         []load.ErrorCount
	Latency        []fact
	Charts         []*plot
	Slowest        []slowCall
	Ledger         *pageLedger
}

type pageLedger struct {
	Sides []ledgerSide
	Flow  diagram
	Hops  []ledger.Hop
	Sums  []fact
}

// WriteHTML writes r as one page that loads no other files.
func WriteHTML(w io.Writer, r *Report) error {
	t, err := template.New("page").Funcs(template.FuncMap{"printable": printable.Line, "certainty": certainty}).Parse(pageTemplate)
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
		Slowest: r.slowest(),
	}
	if r.Calls.Latency.Count > 0 {
		p.Latency = latencyFacts(r.Calls.Latency)
		p.Charts = append(p.Charts, percentileChart(r.Calls.Latency), histogramChart(r.Calls.Histogram))
	}
	if len(r.Calls.Series) > 0 {
		p.Charts = append(p.Charts, rateChart(r.Calls.Series), errorChart(r.Calls.Series), latencyChart(r.Calls.Series))
	}
	if l := r.Ledger; l != nil {
		v := ledgerVerdict(l)
		p.Verdict = &v
		p.Ledger = &pageLedger{Sides: ledgerSides(l), Flow: newDiagram(l), Hops: l.Hops, Sums: ledgerSums(l)}
	}
	return p
}
