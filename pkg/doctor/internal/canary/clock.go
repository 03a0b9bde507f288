package canary

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeClockAgrees  probe.Code = "clock-agrees"
	codeClockDiffers probe.Code = "clock-differs"
	codeClockUnknown probe.Code = "clock-unknown"
)

// maxClockSkew is how far clocks may differ. A Date header is in whole seconds,
// so two say nothing; with five, a span that is ahead shows up in the UI by the
// time somebody has looked for it and pressed the button again.
const maxClockSkew = 5 * time.Second

// clockSkew is what clock learns: how far this machine is ahead of another one,
// at least and at most. Negative is behind.
type clockSkew struct {
	least, most time.Duration
	asked       string
}

// ClockProbe compares this machine's clock with Jaeger's.
func ClockProbe() probe.Probe {
	return probe.Probe{
		ID:       probe.IDClock,
		Hop:      probe.HopClock,
		Title:    "this machine's clock agrees with Jaeger's",
		Advisory: true,
		Codes:    []probe.Code{codeClockAgrees, codeClockDiffers, codeClockUnknown},
		Run:      runClock,
	}
}

func runClock(ctx context.Context, env *probe.Env) probe.Finding {
	urls := env.ClockURLs()
	skews := make([]*clockSkew, len(urls))
	var wg sync.WaitGroup
	for i, u := range urls {
		wg.Go(func() { skews[i] = measureSkew(ctx, env, u) })
	}
	wg.Wait()
	var worst *clockSkew
	var saw []string
	for _, s := range skews {
		if s == nil {
			continue
		}
		saw = append(saw, fmt.Sprintf("this machine is %s %s", s, s.asked))
		if worst == nil || s.size() > worst.size() {
			worst = s
		}
	}
	if worst == nil {
		return probe.Found(probe.StatusUnknown, codeClockUnknown, "no Date header was to be had to compare clocks with")
	}
	env.Publish(*worst)
	if worst.size() <= maxClockSkew {
		return probe.Found(probe.StatusOK, codeClockAgrees, "clocks agree within %s", maxClockSkew).Saw(saw...)
	}
	return probe.Found(probe.StatusWarn, codeClockDiffers, "this machine's clock is %s that of %s", worst, worst.asked).Saw(saw...).
		Hint("timedatectl set-ntp true", "timedatectl status (on both machines)")
}

// measureSkew compares clocks by the Date header of an answer; nil when there is
// none.
func measureSkew(ctx context.Context, env *probe.Env, u *url.URL) *clockSkew {
	before := time.Now()
	got, err := probe.Fetch(ctx, env, u, probe.MaxIndex)
	after := time.Now()
	if err != nil {
		return nil
	}
	date, err := http.ParseTime(got.Header.Get("Date"))
	if err != nil {
		return nil
	}
	if age, err := strconv.Atoi(got.Header.Get("Age")); err == nil {
		// A cache keeps the Date of what it has stored.
		date = date.Add(time.Duration(age) * time.Second)
	}
	return &clockSkew{
		// The header was written between the request and the answer, and its
		// fraction of a second was cut off.
		least: before.Sub(date.Add(time.Second)),
		most:  after.Sub(date),
		asked: u.Host,
	}
}

// size is the least amount by which the clocks differ.
func (s *clockSkew) size() time.Duration {
	return max(s.least, -s.most, 0)
}

// String says "12s ahead of", "12s behind" or "in step with" the one asked.
func (s *clockSkew) String() string {
	switch {
	case s.least > 0:
		return s.least.Round(time.Second).String() + " ahead of"
	case s.most < 0:
		return (-s.most).Round(time.Second).String() + " behind"
	default:
		return "in step with"
	}
}
