package cmd

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// spanState is one place where finished spans can be. The states of an account
// add up to Stats.Finished.
type spanState struct {
	name  string // as in /metrics
	spans int64
	// loss says in words what became of the spans; empty when they are not lost.
	loss string
}

func spanStates(s tracer.Stats) []spanState {
	return []spanState{
		{"sent", s.Sent, ""},
		{"queued", s.Queued, "never sent: the time to flush them ran out"},
		{"dropped", s.Dropped, "dropped: the reporter's queue was full"},
		{"too_large", s.TooLarge, "too large to be sent"},
		{"refused", s.Refused, "refused: nothing listens there"},
		{"failed", s.Failed, "not accepted"},
		{"after_close", s.AfterClose, "finished after the tracer was closed"},
	}
}

// tellLosses says on stderr which of a closed tracer's spans did not go out, and
// what to do about it.
func (a *app) tellLosses(s tracer.Stats, target string) {
	lost, elsewhere := false, false
	for _, state := range spanStates(s) {
		if state.loss == "" || state.spans == 0 {
			continue
		}
		lost = true
		elsewhere = elsewhere || state.name != "dropped"
		printLine(a.env.Stderr, "warning",
			fmt.Sprintf("%d of %s to %s %s %s",
				state.spans, plural.Of(s.Finished, "span", "spans"), target, plural.Word(state.spans, "was", "were"), state.loss))
	}
	switch {
	case elsewhere:
		printHint(a.env.Stderr, `run "otdemo check-jaeger" to find out why, or "otdemo all-in-one" for a Jaeger that needs nothing else`)
	case lost:
		printHint(a.env.Stderr, fmt.Sprintf("a longer queue takes more: OTDEMO_REPORTER_QUEUE_SIZE=%d", 10*s.Dropped))
	}
}
