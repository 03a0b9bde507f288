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

	fmt.Fprintln(&v.w)
	last := ""
	for _, f := range ledgerSums(l) {
		label := f.Name
		if label == last && label == "traces" {
			label = "" // it continues
		}
		last = f.Name
		v.line(label, printable.Line(f.Text))
	}
	verdict := ledgerVerdict(l)
	fmt.Fprintf(&v.w, "\n%s\n", v.opts.Paint(verdict.color, verdict.Text))
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

func (v *textWriter) hops(l *ledger.Ledger) {
	if len(l.Hops) == 0 {
		return
	}
	fmt.Fprintln(&v.w, "\n  missing by hop")
	var total int64
	for _, hop := range l.Hops {
		total += hop.Lost
		fmt.Fprintf(&v.w, "  %-30s %9d   %s\n", printable.Line(string(hop.Name)), hop.Lost, certainty(hop))
		for _, evidence := range hop.Evidence {
			fmt.Fprintf(&v.w, "  %42s saw: %s\n", "", printable.Line(evidence))
		}
	}
	fmt.Fprintf(&v.w, "  %-30s %9d\n", "together", total)
}

func certainty(hop ledger.Hop) string {
	if hop.Certain {
		return "counted there"
	}
	return "most likely there"
}

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

// ledgerSums returns the counters that the ledger comes from, and the facts without which
// the numbers would be misleading.
func ledgerSums(l *ledger.Ledger) []fact {
	sums := []fact{{"client", clientSum(l.Client)}}
	if l.Server != nil {
		sums = append(sums, fact{"server", serverSum(l.Server)})
	}
	t := l.Traces
	sums = append(sums,
		fact{"traces", fmt.Sprintf("%d made = %d sampled + %d sampled out", t.Made, t.Sampled, t.SampledOut)},
		fact{"traces", fmt.Sprintf("%d sampled = %d complete + %d incomplete + %d missing", t.Sampled, t.Complete, t.Incomplete, t.Missing)})
	if len(t.MissingIDs) > 0 {
		sums = append(sums, fact{"traces", "not complete: " + strings.Join(t.MissingIDs, " ")})
	}
	for _, note := range l.Notes {
		sums = append(sums, fact{"note", note})
	}
	if n := l.Spans.Duplicates; n > 0 {
		sums = append(sums, fact{"note", fmt.Sprintf("spans stored more than once, counted once: %d", n)})
	}
	if n := l.Spans.Orphans; n > 0 {
		sums = append(sums, fact{"note", fmt.Sprintf("stored spans whose parent is not stored: %d", n)})
	}
	return sums
}

// verdict is the ledger in one line; Class is a class of the page's style sheet.
type verdict struct {
	Class, Text string
	color       terminal.Color
}

func ledgerVerdict(l *ledger.Ledger) verdict {
	s := l.Spans
	switch {
	case l.NoneLost():
		return verdict{"good", fmt.Sprintf("spans: %d made = %d stored, none lost", s.Made, s.Stored), terminal.Green}
	}
	by, unseen := "", ""
	if l.ServiceUnseen != "" || s.Made == 0 {
		by = " by the client"
	}
	if l.Unproven() != "" {
		unseen = "; " + l.Unproven()
	}
	if l.Balanced() {
		text := fmt.Sprintf("spans: %d made%s = %d stored%s", s.Made, by, s.Stored, unseen)
		return verdict{"unknown", printable.Line(text), terminal.Yellow}
	}
	var hops []string
	for _, hop := range l.Hops {
		hops = append(hops, fmt.Sprintf("%s %d", hop.Name, hop.Lost))
	}
	text := fmt.Sprintf("spans: %d made%s = %d stored + %d missing (%s)%s", s.Made, by, s.Stored, s.Missing, strings.Join(hops, ", "), unseen)
	return verdict{"bad", printable.Line(text), terminal.Red}
}
