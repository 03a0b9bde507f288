package cmd

import (
	"context"
	"time"

	"github.com/otdemo/otdemo/internal/wait"
	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/check"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// The pause between two attempts of --wait: short at first, for a Jaeger that starts
// within a second, and longer later, because each attempt leaves canaries behind.
const (
	firstRetryPause = 250 * time.Millisecond
	maxRetryPause   = 5 * time.Second
)

// repeatCheck repeats run until spans reach Jaeger, limit has passed, or ctx ends, and
// returns the last report that ctx did not cut short. It does not repeat a check that fails because of the
// configuration. Progress shows the time left.
func repeatCheck(ctx context.Context, limit time.Duration, progress *terminal.Line, run func(context.Context) doctor.Report) doctor.Report {
	defer progress.Clear()
	deadline := time.Now().Add(limit)
	pause := firstRetryPause
	var report doctor.Report
	for {
		latest := run(ctx)
		if ctx.Err() != nil {
			return report
		}
		report = latest
		v := report.Verdict
		left := time.Until(deadline)
		if v.OK || v.FirstBrokenHop == doctor.HopConfig || left <= pause {
			return report
		}
		progress.Show(check.Waiting(left, v))
		if wait.For(ctx, pause) != nil {
			return report
		}
		pause = min(2*pause, maxRetryPause)
	}
}
