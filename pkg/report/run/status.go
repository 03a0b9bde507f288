package run

import (
	"fmt"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// Status returns the status line of a run in progress: the calls done out of those
// planned, or the time passed, and the states of the spans.
func Status(planned *load.RunInfo, elapsed time.Duration, now load.Snapshot, spans tracer.Stats) string {
	done := plural.Of(now.Done, "call", "calls")
	if planned.Requests > 0 {
		done = fmt.Sprintf("%d of %s", now.Done, plural.Of(planned.Requests, "call", "calls"))
	}
	if planned.Duration > 0 {
		done += fmt.Sprintf(", %s of %s", elapsed.Round(time.Second), time.Duration(planned.Warmup+planned.Duration))
	}
	return fmt.Sprintf("%s, %.0f/s, p99 %s, %d failed, spans %d made %d sent %d lost",
		done, now.Rate, now.P99, now.Failed, spans.Finished, spans.Sent, spans.Lost())
}
