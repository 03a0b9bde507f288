package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report/terminal"
)

func TestRepeatCheck(t *testing.T) {
	t.Parallel()
	good := doctor.Report{Verdict: doctor.Verdict{OK: true, Answer: doctor.AnswerYes}}
	network := doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork}}
	configuration := doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopConfig}}
	tests := map[string]struct {
		limit   time.Duration
		report  func(elapsed time.Duration) doctor.Report
		wantOK  bool
		tries   int
		elapsed time.Duration
	}{
		"good at once":  {limit: time.Minute, report: func(time.Duration) doctor.Report { return good }, wantOK: true, tries: 1},
		"never good":    {limit: 10 * time.Second, report: func(time.Duration) doctor.Report { return network }, tries: 6, elapsed: 7750 * time.Millisecond},
		"configuration": {limit: time.Hour, report: func(time.Duration) doctor.Report { return configuration }, tries: 1},
		"good later": {limit: time.Minute, wantOK: true, tries: 5, elapsed: 3750 * time.Millisecond, report: func(elapsed time.Duration) doctor.Report {
			if elapsed < 2*time.Second {
				return network
			}
			return good
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, tries := time.Now(), 0
				report := repeatCheck(t.Context(), tt.limit, terminal.NewLine(nil, 0, false), func(context.Context) doctor.Report {
					tries++
					return tt.report(time.Since(start))
				})
				if report.Verdict.OK != tt.wantOK || tries != tt.tries || time.Since(start) != tt.elapsed {
					t.Errorf("good %v after %d tries and %s, want %v after %d and %s",
						report.Verdict.OK, tries, time.Since(start), tt.wantOK, tt.tries, tt.elapsed)
				}
			})
		})
	}
}

// A try that a signal cut short has no answer; the one before it does.
func TestRepeatCheckInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	whole := doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork, Text: "whole"}}
	tries := 0
	report := repeatCheck(ctx, time.Minute, terminal.NewLine(nil, 0, false), func(context.Context) doctor.Report {
		if tries++; tries > 1 {
			cancel()
			return doctor.Report{Verdict: doctor.Verdict{Text: "cut short"}}
		}
		return whole
	})
	if got, want := report.Verdict.Text, whole.Verdict.Text; got != want || tries != 2 {
		t.Errorf("got the report %q after %d tries, want %q after 2", got, tries, want)
	}
	err := fmt.Errorf("wrapped: %w", &exitError{code: exitInterrupted, err: errors.New("interrupted; the last try: no")})
	if got := exitCode(err); got != exitInterrupted {
		t.Errorf("exit code of %v: got %d, want %d", err, got, exitInterrupted)
	}
}

func TestRepeatCheckShowsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var progress bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		repeatCheck(ctx, time.Minute, terminal.NewLine(&progress, 0, true), func(context.Context) doctor.Report {
			return doctor.Report{Verdict: doctor.Verdict{Answer: doctor.AnswerNo, FirstBrokenHop: doctor.HopNetwork}}
		})
		if got, want := progress.String(), "waiting, 1m0s left (first broken hop: network)"; !strings.Contains(got, want) {
			t.Errorf("progress %q, want %q in it", got, want)
		}
		if !strings.HasSuffix(progress.String(), "\r\x1b[K") {
			t.Errorf("progress %q does not end with an empty line", progress.String())
		}
	})
}
