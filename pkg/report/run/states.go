package run

import (
	"fmt"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// SpanState is a state of finished spans. The states of a tracer add up to
// Stats.Finished.
type SpanState struct {
	Name  string // as in /metrics
	Spans int64
	// loss describes how the spans were lost; "" if they were not.
	loss string
}

// SpanStates returns all states, including those without spans.
func SpanStates(s tracer.Stats) []SpanState {
	return []SpanState{
		{"sent", s.Sent, ""},
		{"queued", s.Queued, "not sent: the flush timed out"},
		{"dropped", s.Dropped, "dropped: the reporter's queue was full"},
		{"too_large", s.TooLarge, "too large to send"},
		{"refused", s.Refused, "refused: nothing listens there"},
		{"failed", s.Failed, "not accepted"},
		{"after_close", s.AfterClose, "finished after the tracer was closed"},
	}
}

// Losses returns a sentence for each state of a closed tracer in which spans to target
// were lost, and a hint; nothing if all spans were sent.
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
		hint = `run "otdemo check-jaeger" to find out why, or start "otdemo all-in-one" as a local Jaeger`
	case len(losses) > 0:
		hint = fmt.Sprintf("use a longer queue: OTDEMO_REPORTER_QUEUE_SIZE=%d", 10*s.Dropped)
	}
	return losses, hint
}

// SpansLine returns the numbers of spans made, sent and stored in one line.
func SpansLine(made, sent, stored int64) string {
	if made == sent && sent == stored {
		return fmt.Sprintf("spans: %d made = %d sent = %d stored, none lost", made, sent, stored)
	}
	return fmt.Sprintf("spans: %d made, %d sent, %d stored", made, sent, stored)
}
