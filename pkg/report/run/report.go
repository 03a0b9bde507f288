// Package run writes the report of a load run as text, JSON or an HTML page with charts,
// the report of a single call, the ledger of their spans, and the status line of a run
// in progress. Start at Report; Read reads one back from a results file.
package run

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

// Report holds the results of a load run, from the run itself or from its results file.
type Report struct {
	Run     load.RunInfo
	Outcome load.Outcome
	Calls   load.Report
	// Client has the counters of the run's tracer; a file has them in its ledger only.
	Client *tracer.Stats
	// Ledger is nil without --verify.
	Ledger *ledger.Ledger
	// Cut names what is missing at the end of a file; "" for a complete one.
	Cut string
}

func (r *Report) title() string {
	var parts []string
	if n := r.Run.Requests; n > 0 {
		parts = append(parts, plural.Of(n, "call", "calls"))
	}
	if d := r.Run.Duration; d > 0 {
		parts = append(parts, "for "+time.Duration(d).String())
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

// notableDelay is the delay from which late calls are reported; less than that is
// jitter of the machine.
const notableDelay = load.Millis(100 * time.Millisecond)

func (r *Report) remarks() []string {
	var remarks []string
	if r.Cut != "" {
		remarks = append(remarks, "the file is incomplete: "+printable.Line(r.Cut))
	}
	if r.Outcome.Interrupted {
		remarks = append(remarks, "the run was interrupted")
	}
	if n := r.Outcome.Unsent; n > 0 {
		remarks = append(remarks, plural.Of(n, "call was", "calls were")+" due but not sent, because no worker was free: raise -c or lower -q")
	}
	if r.Calls.MaxDelay >= notableDelay {
		remarks = append(remarks, fmt.Sprintf("calls were sent up to %s late, %s on average, because no worker was free; latency includes the delay",
			r.Calls.MaxDelay, r.Calls.MeanDelay))
	}
	return remarks
}

type slowCall struct {
	load.Slow
	// After is when it was due, from the start of the measurement.
	After load.Millis
	// Result is the status, or the kind of the error.
	Result string
	// Link is the URL of the trace, "" if it is not stored.
	Link string
}

func (r *Report) slowest() []slowCall {
	reader, err := query.New(r.Run.QueryURL, query.Options{})
	var calls []slowCall
	for _, s := range r.Calls.Slowest {
		call := slowCall{Slow: s, After: load.Millis(s.Start.Sub(r.Calls.Start)), Result: fmt.Sprint(s.Status)}
		if s.Status == 0 {
			call.Result = printable.Line(string(s.Kind))
		}
		if id, idErr := trace.ParseTraceID(s.TraceID); err == nil && idErr == nil && s.Sampled {
			call.Link = reader.TraceURL(id)
		}
		calls = append(calls, call)
	}
	return calls
}

// fact is a row of a report.
type fact struct{ Name, Text string }

func callFacts(r *load.Report) []fact {
	facts := []fact{{"calls", fmt.Sprintf("%d in %s, %.1f a second", r.Requests, r.Duration, r.Rate)}}
	if r.Warmup > 0 {
		facts = append(facts, fact{"", fmt.Sprintf("plus %d in the warm-up, not included here", r.Warmup)})
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

func latencyFacts(l load.Latency) []fact {
	return []fact{
		{"mean", l.Mean.String()},
		{"min", l.Min.String()},
		{"50%", l.P50.String()},
		{"90%", l.P90.String()},
		{"95%", l.P95.String()},
		{"99%", l.P99.String()},
		{"99.9%", l.P999.String()},
		{"max", l.Max.String()},
	}
}

// formatBytes prints a size in the unit that fits.
func formatBytes(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	size, prefix := float64(n)/unit, 0
	for ; size >= unit; prefix++ {
		size /= unit
	}
	return fmt.Sprintf("%.1f %cB", size, "kMGTPE"[prefix])
}
