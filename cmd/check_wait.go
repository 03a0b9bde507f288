package cmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor"
)

// Between two tries of --wait: often at first, for a Jaeger that starts in a
// second, and later seldom, since each try leaves canaries behind.
const (
	firstRetryPause = 250 * time.Millisecond
	maxRetryPause   = 5 * time.Second
)

// untilWell runs check again and again until it is well, limit is over, or ctx
// ends, and returns the last report, of the tries that ctx did not end. What only a change of the configuration
// mends is not waited for. Progress, when not nil, gets a line that is written
// over and over.
func untilWell(ctx context.Context, limit time.Duration, progress io.Writer, check func(context.Context) doctor.Report) doctor.Report {
	deadline := time.Now().Add(limit)
	pause := firstRetryPause
	var report doctor.Report
	for {
		latest := check(ctx)
		if ctx.Err() != nil {
			clearProgress(progress)
			return report
		}
		report = latest
		v := report.Verdict
		left := time.Until(deadline)
		if v.OK || v.FirstBrokenHop == doctor.HopConfig || left <= pause {
			clearProgress(progress)
			return report
		}
		showProgress(progress, left, v)
		if !pauseFor(ctx, pause) {
			clearProgress(progress)
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

// clearLine returns the cursor to the line's start and erases the line, in the
// codes of ECMA-48.
const clearLine = "\r\x1b[K"

func showProgress(w io.Writer, left time.Duration, v doctor.Verdict) {
	if w == nil {
		return
	}
	reason := "nothing is proven yet"
	if v.FirstBrokenHop != doctor.HopNone {
		reason = "first broken hop: " + v.FirstBrokenHop.String()
	}
	fmt.Fprintf(w, "%swaiting, %s left (%s)", clearLine, left.Round(time.Second), reason)
}

func clearProgress(w io.Writer) {
	if w != nil {
		fmt.Fprint(w, clearLine)
	}
}
