package canary

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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

// maxClockSkew is how far clocks may differ. A Date header has whole seconds,
// so a difference of two proves nothing; with five, a span that is ahead is
// visible in the UI by the second look.
const maxClockSkew = 5 * time.Second

// clockSkew is the published result of clock: how far this machine is ahead of
// another one, at least and at most. Negative is behind.
type clockSkew struct {
	least, most time.Duration
	host        string
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
	urls := clockURLs(env)
	skews := make([]*clockSkew, len(urls))
	var wg sync.WaitGroup
	for i, u := range urls {
		wg.Go(func() { skews[i] = measureSkew(ctx, env, u) })
	}
	wg.Wait()
	skews = slices.DeleteFunc(skews, func(s *clockSkew) bool { return s == nil })
	if len(skews) == 0 {
		return probe.Unknown(codeClockUnknown, "no Date header received; cannot compare clocks")
	}
	var saw []string
	for _, s := range skews {
		saw = append(saw, fmt.Sprintf("this machine is %s %s", s, s.host))
	}
	worst := slices.MaxFunc(skews, func(a, b *clockSkew) int { return cmp.Compare(a.size(), b.size()) })
	env.Publish(*worst)
	if worst.size() <= maxClockSkew {
		return probe.OK(codeClockAgrees, "clocks agree within %s", maxClockSkew).Saw(saw...)
	}
	return probe.Warn(codeClockDiffers, "this machine's clock is %s that of %s", worst, worst.host).Saw(saw...).
		Hint("timedatectl set-ntp true", "timedatectl status (on both machines)")
}

// clockURLs returns the URLs whose Date header is read: none that Jaeger would
// trace.
func clockURLs(env *probe.Env) []*url.URL {
	var urls []*url.URL
	if u, err := url.Parse(env.Config().Query.URL); err == nil {
		urls = append(urls, u.JoinPath("/"))
	}
	if u, err := env.Collector(); env.Config().UsesCollector() && err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		urls = append(urls, u)
	}
	return urls
}

// measureSkew compares clocks by the Date header of a response. It returns nil
// without one.
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
		// The header was written between request and response, without its
		// fraction of a second.
		least: before.Sub(date.Add(time.Second)),
		most:  after.Sub(date),
		host:  u.Host,
	}
}

// size is the least amount by which the clocks differ.
func (s *clockSkew) size() time.Duration {
	return max(s.least, -s.most, 0)
}

// String returns "12s ahead of", "12s behind" or "in step with".
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
