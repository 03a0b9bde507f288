package cmd

import (
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// runStatus is the line that a load run shows on a terminal: calls done of those
// wanted, or the time passed, and where the spans are.
func runStatus(f *loadFlags, elapsed time.Duration, now load.Snapshot, spans tracer.Stats) string {
	done := fmt.Sprintf("%d calls", now.Done)
	if f.requests > 0 {
		done = fmt.Sprintf("%d of %d calls", now.Done, f.requests)
	}
	if f.duration > 0 {
		done += fmt.Sprintf(", %s of %s", elapsed.Round(time.Second), f.warmup+f.duration)
	}
	return fmt.Sprintf("%s, %.0f/s, p99 %s, %d failed, spans %d made %d sent %d lost",
		done, now.Rate, trace.FormatDuration(now.P99), now.Failed, spans.Finished, spans.Sent, spans.Lost())
}
