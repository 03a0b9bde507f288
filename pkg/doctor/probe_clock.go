package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const idClock = "clock"

const (
	codeClockAgrees  Code = "clock-agrees"
	codeClockDiffers Code = "clock-differs"
	codeClockUnknown Code = "clock-unknown"
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

func clockProbe() Probe {
	return Probe{
		ID:    idClock,
		Hop:   HopClock,
		Title: "this machine's clock agrees with Jaeger's",
		Aside: true,
		Codes: []Code{codeClockAgrees, codeClockDiffers, codeClockUnknown},
		Run:   runClock,
	}
}

func runClock(ctx context.Context, env *Env) Finding {
	urls := env.clockURLs()
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
		return found(StatusUnknown, codeClockUnknown, "no Date header was to be had to compare clocks with")
	}
	env.learn(*worst)
	if worst.size() <= maxClockSkew {
		return found(StatusOK, codeClockAgrees, "clocks agree within %s", maxClockSkew).saw(saw...)
	}
	return found(StatusWarn, codeClockDiffers, "this machine's clock is %s that of %s", worst, worst.asked).saw(saw...).
		hint("timedatectl set-ntp true", "timedatectl status (on both machines)")
}

// clockURLs are what to ask for the time: nothing that Jaeger would trace.
func (t *Target) clockURLs() []*url.URL {
	var urls []*url.URL
	if u, err := url.Parse(t.config().Query.URL); err == nil {
		urls = append(urls, u.JoinPath("/"))
	}
	if t.config().UsesCollector() {
		if u, err := t.collector(); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			urls = append(urls, u)
		}
	}
	return urls
}

// measureSkew compares clocks by the Date header of an answer; nil when there is
// none.
func measureSkew(ctx context.Context, env *Env, u *url.URL) *clockSkew {
	before := time.Now()
	got, err := fetch(ctx, env, u, maxIndex)
	after := time.Now()
	if err != nil {
		return nil
	}
	date, err := http.ParseTime(got.header.Get("Date"))
	if err != nil {
		return nil
	}
	if age, err := strconv.Atoi(got.header.Get("Age")); err == nil {
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
