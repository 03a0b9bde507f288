package cmd

import (
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// runStatus is the line that a load run shows on a terminal: calls done of those
// wanted, or the time passed, and where the spans are.
func runStatus(f *loadFlags, elapsed time.Duration, now load.Snapshot, spans tracer.Stats) string {
	done := plural.Of(now.Done, "call", "calls")
	if f.requests > 0 {
		done = fmt.Sprintf("%d of %s", now.Done, plural.Of(f.requests, "call", "calls"))
	}
	if f.duration > 0 {
		done += fmt.Sprintf(", %s of %s", elapsed.Round(time.Second), f.warmup+f.duration)
	}
	return fmt.Sprintf("%s, %.0f/s, p99 %s, %d failed, spans %d made %d sent %d lost",
		done, now.Rate, trace.FormatDuration(now.P99), now.Failed, spans.Finished, spans.Sent, spans.Lost())
}
