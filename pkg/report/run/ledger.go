package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report/terminal"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// ledger writes the ledger so that a reader can check each sum: spans made, stored and
// missing by side, missing spans by hop, and the counters that they come from.
func (v *textWriter) ledger(l *ledger.Ledger) {
	v.heading("spans")
	v.line("", fmt.Sprintf("%9s %9s %9s", "client", "server", "together"))
	for _, side := range ledgerSides(l) {
		v.line(side.Name, fmt.Sprintf("%9s %9s %9s", side.Client, side.Server, side.Together))
	}
	v.hops(l)

	fmt.Fprintln(v.w)
	v.line("client", clientSum(l.Client))
	if l.Server != nil {
		v.line("server", serverSum(l.Server))
	}
	label := "traces"
	for _, line := range traceSums(l.Traces) {
		v.line(label, printable.Line(line))
		label = ""
	}
	for _, note := range ledgerNotes(l) {
		v.line("note", printable.Line(note))
	}
	color := map[string]terminal.Color{verdictGood: terminal.Green, verdictBad: terminal.Red, verdictUnknown: terminal.Yellow}[verdictClass(l)]
	fmt.Fprintf(v.w, "\n%s\n", v.opts.Paint(color, printable.Line(ledgerVerdict(l))))
}

// ledgerSide is a number of spans by the side that made them.
type ledgerSide struct {
	Name                     string
	Client, Server, Together string
}

// ledgerSides returns the rows of the ledger's table; the last one is the difference of
// the others. The number of spans that a service made is unknown if none was seen.
func ledgerSides(l *ledger.Ledger) []ledgerSide {
	s := l.Spans
	number := func(n int64) string { return fmt.Sprint(n) }
	ifSeen := number
	if l.ServiceUnseen != "" {
		ifSeen = func(int64) string { return "unknown" }
	}
	return []ledgerSide{
		{"made", number(s.MadeClient), ifSeen(s.MadeServer), ifSeen(s.Made)},
		{"stored", number(s.StoredClient), number(s.StoredServer), number(s.Stored)},
		{"missing", number(s.MadeClient - s.StoredClient), ifSeen(s.MadeServer - s.StoredServer), ifSeen(s.Missing)},
	}
}

// hops writes the missing spans by hop, with the evidence.
func (v *textWriter) hops(l *ledger.Ledger) {
	if len(l.Hops) == 0 {
		return
	}
	fmt.Fprintln(v.w, "\n  missing by hop")
	var total int64
	for _, hop := range l.Hops {
		total += hop.Lost
		fmt.Fprintf(v.w, "  %-30s %9d   %s\n", printable.Line(string(hop.Name)), hop.Lost, certainty(hop))
		for _, evidence := range hop.Evidence {
			fmt.Fprintf(v.w, "  %42s saw: %s\n", "", printable.Line(evidence))
		}
	}
	fmt.Fprintf(v.w, "  %-30s %9d\n", "together", total)
}

func certainty(hop ledger.Hop) string {
	if hop.Certain {
		return "counted there"
	}
	return "most likely there"
}

// clientSum returns the tracer's counters as a sum.
func clientSum(s tracer.Stats) string {
	states := make(map[string]int64)
	var order []string
	for _, state := range SpanStates(s) {
		states[state.Name] = state.Spans
		order = append(order, state.Name)
	}
	return sum(s.Finished, states, order)
}

func serverSum(s *ledger.Server) string {
	text := sum(s.Finished, s.States, slices.Sorted(maps.Keys(s.States)))
	if s.Restarted {
		return "stopped or restarted during the run, so its counters are incomplete: " + text
	}
	return text
}

func traceSums(t ledger.Traces) []string {
	lines := []string{
		fmt.Sprintf("%d made = %d sampled + %d sampled out", t.Made, t.Sampled, t.SampledOut),
		fmt.Sprintf("%d sampled = %d complete + %d incomplete + %d missing", t.Sampled, t.Complete, t.Incomplete, t.Missing),
	}
	if len(t.MissingIDs) > 0 {
		lines = append(lines, "not complete: "+strings.Join(t.MissingIDs, " "))
	}
	return lines
}

// sum returns counters as "12 finished = 10 sent + 2 dropped". It leaves out states that
// are 0, except for sent. A state that has fewer spans than before the run, such as a
// queue that was emptied, is on the left: "12 finished + 2 queued before = 14 sent".
func sum(finished int64, states map[string]int64, order []string) string {
	from := []string{fmt.Sprintf("%d finished", finished)}
	to := []string{fmt.Sprintf("%d sent", states["sent"])}
	for _, name := range order {
		words := printable.Line(strings.ReplaceAll(name, "_", " "))
		switch n := states[name]; {
		case n == 0 || name == "sent":
		case n < 0:
			from = append(from, fmt.Sprintf("%d %s before", -n, words))
		default:
			to = append(to, fmt.Sprintf("%d %s", n, words))
		}
	}
	return strings.Join(from, " + ") + " = " + strings.Join(to, " + ")
}

// ledgerNotes returns the facts without which the numbers would be misleading.
func ledgerNotes(l *ledger.Ledger) []string {
	notes := slices.Clone(l.Notes)
	if n := l.Spans.Duplicates; n > 0 {
		notes = append(notes, fmt.Sprintf("spans stored more than once, counted once: %d", n))
	}
	if n := l.Spans.Orphans; n > 0 {
		notes = append(notes, fmt.Sprintf("stored spans whose parent is not stored: %d", n))
	}
	return notes
}

// ledgerVerdict returns the ledger in one line.
func ledgerVerdict(l *ledger.Ledger) string {
	s := l.Spans
	switch {
	case l.NoneLost():
		return fmt.Sprintf("spans: %d made = %d stored, none lost", s.Made, s.Stored)
	case l.Balanced():
		return fmt.Sprintf("spans: %d made by the client = %d stored; %s", s.Made, s.Stored, l.Unproven())
	}
	var hops []string
	for _, hop := range l.Hops {
		hops = append(hops, fmt.Sprintf("%s %d", printable.Line(string(hop.Name)), hop.Lost))
	}
	by := strings.Join(hops, ", ")
	if l.ServiceUnseen != "" {
		return fmt.Sprintf("spans: %d made by the client = %d stored + %d missing (%s); %s", s.Made, s.Stored, s.Missing, by, l.ServiceUnseen)
	}
	return fmt.Sprintf("spans: %d made = %d stored + %d missing (%s)", s.Made, s.Stored, s.Missing, by)
}

// The classes of a verdict, as on the page.
const (
	verdictGood    = "good"
	verdictBad     = "bad"
	verdictUnknown = "unknown"
)

// verdictClass returns the result of the ledger: no span lost, spans missing, or unknown.
func verdictClass(l *ledger.Ledger) string {
	switch {
	case l.NoneLost():
		return verdictGood
	case l.Balanced():
		return verdictUnknown
	default:
		return verdictBad
	}
}
