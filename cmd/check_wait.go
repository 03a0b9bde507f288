package cmd

import (
	"context"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/check"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

// Between two tries of --wait: often at first, for a Jaeger that starts in a
// second, and later seldom, since each try leaves canaries behind.
const (
	firstRetryPause = 250 * time.Millisecond
	maxRetryPause   = 5 * time.Second
)

// repeatCheck repeats run until spans reach Jaeger, limit is over, or ctx ends, and
// returns the last report. It does not wait for what only a change of the
// configuration fixes. Progress shows the time left.
func repeatCheck(ctx context.Context, limit time.Duration, progress *terminal.Line, run func(context.Context) doctor.Report) doctor.Report {
	defer progress.Clear()
	deadline := time.Now().Add(limit)
	pause := firstRetryPause
	for {
		report := run(ctx)
		v := report.Verdict
		left := time.Until(deadline)
		if v.OK || v.FirstBrokenHop == doctor.HopConfig || left <= pause || ctx.Err() != nil {
			return report
		}
		progress.Show(check.Waiting(left, v))
		if !pauseFor(ctx, pause) {
			return report
		}
		pause = min(2*pause, maxRetryPause)
	}
}

// pauseFor waits for d and reports whether ctx is still alive.
func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
