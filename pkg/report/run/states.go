package run

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// SpanState is one place where finished spans can be. The states of a tracer add up to
// Stats.Finished.
type SpanState struct {
	Name  string // as in /metrics
	Spans int64
	// loss is what became of the spans, in words; empty when they are not lost.
	loss string
}

// SpanStates returns all states, also those without a span.
func SpanStates(s tracer.Stats) []SpanState {
	return []SpanState{
		{"sent", s.Sent, ""},
		{"queued", s.Queued, "never sent: the time to flush them ran out"},
		{"dropped", s.Dropped, "dropped: the reporter's queue was full"},
		{"too_large", s.TooLarge, "too large to be sent"},
		{"refused", s.Refused, "refused: nothing listens there"},
		{"failed", s.Failed, "not accepted"},
		{"after_close", s.AfterClose, "finished after the tracer was closed"},
	}
}

// Losses returns a sentence for each state of a closed tracer that means a loss on the
// way to target, and a hint; nothing if all spans were sent.
func Losses(s tracer.Stats, target string) (losses []string, hint string) {
	elsewhere := false
	for _, state := range SpanStates(s) {
		if state.loss == "" || state.Spans == 0 {
			continue
		}
		elsewhere = elsewhere || state.Name != "dropped"
		losses = append(losses, fmt.Sprintf("%d of %s to %s %s %s",
			state.Spans, plural.Of(s.Finished, "span", "spans"), target, plural.Word(state.Spans, "was", "were"), state.loss))
	}
	switch {
	case elsewhere:
		hint = `run "otdemo check-jaeger" to find out why, or "otdemo all-in-one" for a Jaeger that needs nothing else`
	case len(losses) > 0:
		hint = fmt.Sprintf("a longer queue takes more: OTDEMO_REPORTER_QUEUE_SIZE=%d", 10*s.Dropped)
	}
	return losses, hint
}

// SpansLine returns the account of a few spans in a line.
func SpansLine(made, sent, stored int64) string {
	if made == sent && sent == stored {
		return fmt.Sprintf("spans: %d made = %d sent = %d stored, none lost", made, sent, stored)
	}
	return fmt.Sprintf("spans: %d made, %d sent, %d stored", made, sent, stored)
}
