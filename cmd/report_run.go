package cmd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// runReport is all that is known of a load run, by call when it is over, or from
// the file of its results.
type runReport struct {
	Run     load.RunInfo
	Outcome load.Outcome
	Report  load.Report
	// Client are the books of the run's tracer, which a file has in its ledger only.
	Client *tracer.Stats
	// Ledger is nil without --verify.
	Ledger *ledger.Ledger
	// Cut says what a file lacks at its end; "" for a whole one.
	Cut string
}

// writeRun writes r to stdout as form text, json or html.
func (a *app) writeRun(r *runReport, form string) error {
	switch form {
	case "json":
		return writeJSON(a.env.Stdout, newRunJSON(r))
	case "html":
		return writeReportHTML(a.env.Stdout, r)
	default:
		a.reportView().print(r)
		return nil
	}
}

func (a *app) reportView() *reportView {
	return &reportView{w: a.env.Stdout, color: a.colored(), ascii: a.plain(), width: a.env.Width}
}

// runJSON is a report in JSON; docs/call.md has its fields.
type runJSON struct {
	SchemaVersion int               `json:"schema_version"`
	Run           load.RunInfo      `json:"run"`
	Outcome       load.Outcome      `json:"outcome"`
	Incomplete    string            `json:"incomplete,omitempty"`
	Report        load.Report       `json:"report"`
	Links         map[string]string `json:"links,omitempty"`
	Spans         *tracer.Stats     `json:"spans,omitempty"`
	Ledger        *ledger.Ledger    `json:"ledger,omitempty"`
}

func newRunJSON(r *runReport) runJSON {
	links, link := make(map[string]string), r.links()
	for _, s := range r.Report.Slowest {
		if url := link(s); url != "" {
			links[s.TraceID] = url
		}
	}
	return runJSON{
		SchemaVersion: 1,
		Run:           r.Run,
		Outcome:       r.Outcome,
		Incomplete:    r.Cut,
		Report:        r.Report,
		Links:         links,
		Spans:         r.Client,
		Ledger:        r.Ledger,
	}
}

// title says in a line what was run.
func (r *runReport) title() string {
	var parts []string
	if n := r.Run.Requests; n > 0 {
		parts = append(parts, plural.Of(n, "call", "calls"))
	}
	if d := r.Run.Duration; d > 0 {
		parts = append(parts, "for "+d.String())
	}
	if r.Run.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%g a second", r.Run.Rate))
	}
	parts = append(parts, fmt.Sprintf("up to %d at a time", r.Run.Concurrency))
	if r.Run.TraceShare < 1 {
		parts = append(parts, fmt.Sprintf("%g %% of them traced", 100*r.Run.TraceShare))
	}
	return fmt.Sprintf("%s %s: %s", r.Run.Method, r.Run.URL, strings.Join(parts, ", "))
}

// notableDelay is how late a call must be sent to be told; less is the machine's
// own jitter.
const notableDelay = 100 * time.Millisecond

// remarks are the facts without which the numbers would mislead.
func (r *runReport) remarks() []string {
	var remarks []string
	if r.Cut != "" {
		remarks = append(remarks, "the file is not whole: "+printable.Line(r.Cut))
	}
	if r.Outcome.Interrupted {
		remarks = append(remarks, "the run was interrupted")
	}
	if n := r.Outcome.Unsent; n > 0 {
		remarks = append(remarks, plural.Of(n, "call was", "calls were")+" due and not sent, since no worker was free: raise -c, or lower -q")
	}
	if r.Report.MaxDelay >= notableDelay {
		remarks = append(remarks, fmt.Sprintf("calls were sent up to %s late, %s on average, which counts as latency: no worker was free when they were due",
			trace.FormatDuration(r.Report.MaxDelay), trace.FormatDuration(r.Report.MeanDelay)))
	}
	return remarks
}

// links returns a function that tells where to look at a call's trace, and "" when
// there is none.
func (r *runReport) links() func(load.Slow) string {
	reader, err := query.New(r.Run.QueryURL, query.Options{})
	return func(s load.Slow) string {
		id, idErr := trace.ParseTraceID(s.TraceID)
		if err != nil || idErr != nil || !s.Sampled {
			return ""
		}
		return reader.TraceURL(id)
	}
}

// cameTo is how a call ended: its status, or why there is none.
func cameTo(s load.Slow) string {
	if s.Status == 0 {
		return printable.Line(string(s.Kind))
	}
	return fmt.Sprint(s.Status)
}

// fact is a row of a report.
type fact struct{ Name, Text string }

// callFacts are the rows on throughput.
func callFacts(r *load.Report) []fact {
	facts := []fact{{"calls", fmt.Sprintf("%d in %s, %.1f a second", r.Requests, trace.FormatDuration(r.Duration), r.Rate)}}
	if r.Warmup > 0 {
		facts = append(facts, fact{"", fmt.Sprintf("and %d before, in the warm-up, which %s left out here",
			r.Warmup, plural.Word(r.Warmup, "is", "are"))})
	}
	failed := fmt.Sprint(r.Failed)
	if r.Failed > 0 {
		failed = fmt.Sprintf("%d (%.2f %%)", r.Failed, 100*float64(r.Failed)/float64(r.Requests))
	}
	facts = append(facts, fact{"failed", failed}, fact{"bodies", formatBytes(r.Bytes)})
	for _, status := range slices.Sorted(maps.Keys(r.Status)) {
		facts = append(facts, fact{fmt.Sprintf("status %d", status), fmt.Sprint(r.Status[status])})
	}
	return facts
}

// formatBytes prints a size in the unit that fits.
func formatBytes(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	size, prefix := float64(n)/unit, 0
	for size >= unit {
		size /= unit
		prefix++
	}
	return fmt.Sprintf("%.1f %cB", size, "kMGTPE"[prefix])
}
