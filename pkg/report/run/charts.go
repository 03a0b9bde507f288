package run

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The charts of a load run's page.

func durationAxis(limit time.Duration) axis {
	return axis{max: float64(limit), label: func(v float64) string {
		if v == 0 {
			return "0"
		}
		return trace.FormatDuration(time.Duration(v))
	}}
}

func countAxis(limit float64) axis {
	return axis{max: limit, least: 1, label: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
}

// percentileChart returns the chart of latency by percentile. Its x axis is logarithmic:
// 99 to 99.9 % is as wide as 90 to 99 %.
func percentileChart(l load.Latency) plot {
	const top = 4 // the position of the highest latency
	x := axis{max: top, label: func(nines float64) string {
		if nines == top {
			return "max"
		}
		return strconv.FormatFloat(100-100*math.Pow(10, -nines), 'f', -1, 64) + "%"
	}}
	y := durationAxis(l.Max)
	c := newPlot("latency by percentile", x, y)
	c.draw(x, y, series{class: "one", points: []point{
		{0, float64(l.Min)},
		{nines(0.50), float64(l.P50)},
		{nines(0.90), float64(l.P90)},
		{nines(0.95), float64(l.P95)},
		{nines(0.99), float64(l.P99)},
		{nines(0.999), float64(l.P999)},
		{top, float64(l.Max)},
	}})
	return c
}

func nines(q float64) float64 { return -math.Log10(1 - q) }

// histogramChart returns the chart of calls by latency, one bar per bucket.
func histogramChart(buckets []load.Bucket) plot {
	var most int64
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	y := countAxis(float64(most))
	c := newPlot("calls by latency", axis{}, y)
	c.columns(y, "", len(buckets), func(i int) (float64, string) {
		b := buckets[i]
		return float64(b.Count), fmt.Sprintf("%s of %s to %s", plural.Of(b.Count, "call", "calls"), trace.FormatDuration(b.From), trace.FormatDuration(b.To))
	})
	width := (c.Right - c.Left) / float64(max(1, len(buckets)))
	for i := 0; i < len(buckets); i += 1 + len(buckets)/8 {
		c.XTicks = append(c.XTicks, tick{At: tenths(c.Left + float64(i)*width), Label: trace.FormatDuration(buckets[i].From)})
	}
	return c
}

// timeAxis spans the windows of a run.
func timeAxis(windows []load.Window) axis {
	last := windows[len(windows)-1]
	return durationAxis(last.At + last.Width)
}

// overTime returns a line with one value per window, at its middle. The first and the
// last one extend to the ends of the run, so that a single one is a line too.
func overTime(name, class string, windows []load.Window, value func(w load.Window) float64) series {
	first, last := windows[0], windows[len(windows)-1]
	s := series{name: name, class: class, points: []point{{float64(first.At), value(first)}}}
	for _, w := range windows {
		s.points = append(s.points, point{float64(w.At + w.Width/2), value(w)})
	}
	s.points = append(s.points, point{float64(last.At + last.Width), value(last)})
	return s
}

// rateChart returns the chart of calls a second. It leaves out the last window if that is
// so short that a few calls would look like a high rate.
func rateChart(windows []load.Window) plot {
	if n := len(windows); n > 1 && windows[n-1].Width < windows[n-2].Width/2 {
		windows = windows[:n-1]
	}
	rate := overTime("", "one", windows, func(w load.Window) float64 { return perSecond(w.Requests, w.Width) })
	x, y := timeAxis(windows), countAxis(highest(rate))
	c := newPlot("calls a second over time", x, y)
	c.draw(x, y, rate)
	return c
}

func errorChart(windows []load.Window) plot {
	failed := overTime("", "failed", windows, func(w load.Window) float64 { return float64(w.Failed) })
	y := countAxis(max(1, highest(failed)))
	c := newPlot("failed calls over time", timeAxis(windows), y)
	c.columns(y, "failed", len(windows), func(i int) (float64, string) {
		w := windows[i]
		return float64(w.Failed), fmt.Sprintf("%d of %s failed, %s after the start", w.Failed, plural.Of(w.Requests, "call", "calls"), trace.FormatDuration(w.At))
	})
	return c
}

func latencyChart(windows []load.Window) plot {
	half := overTime("50%", "one", windows, func(w load.Window) float64 { return float64(w.P50) })
	most := overTime("99%", "two", windows, func(w load.Window) float64 { return float64(w.P99) })
	x, y := timeAxis(windows), durationAxis(time.Duration(max(highest(half), highest(most))))
	c := newPlot("latency over time:", x, y)
	c.draw(x, y, half)
	c.draw(x, y, most)
	return c
}

func highest(lines ...series) float64 {
	var top float64
	for _, s := range lines {
		for _, p := range s.points {
			top = max(top, p.y)
		}
	}
	return top
}

func perSecond(n int64, width time.Duration) float64 {
	if width <= 0 {
		return 0
	}
	return float64(n) / width.Seconds()
}
