package run

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/plural"
)

// The charts of a load run's page.

func durationAxis(limit load.Millis) axis {
	return axis{max: float64(limit), label: func(v float64) string {
		if v == 0 {
			return "0"
		}
		return load.Millis(v).String()
	}}
}

func countAxis(limit float64) axis {
	return axis{max: limit, least: 1, label: func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }}
}

// percentileChart returns the chart of latency by percentile. Its x axis is logarithmic:
// 99 to 99.9 % is as wide as 90 to 99 %.
func percentileChart(l load.Latency) *plot {
	const top = 4 // the position of the highest latency
	x := axis{max: top, label: func(nines float64) string {
		if nines == top {
			return "max"
		}
		return strconv.FormatFloat(100-100*math.Pow(10, -nines), 'f', -1, 64) + "%"
	}}
	c := newPlot("latency by percentile", x, durationAxis(l.Max))
	nines := func(q float64) float64 { return -math.Log10(1 - q) }
	c.line("", "one", []point{
		{0, float64(l.Min)},
		{nines(0.50), float64(l.P50)},
		{nines(0.90), float64(l.P90)},
		{nines(0.95), float64(l.P95)},
		{nines(0.99), float64(l.P99)},
		{nines(0.999), float64(l.P999)},
		{top, float64(l.Max)},
	})
	return c
}

func histogramChart(buckets []load.Bucket) *plot {
	var most int64
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	c := newPlot("calls by latency", axis{}, countAxis(float64(most)))
	c.columns("", len(buckets), func(i int) (int64, string) {
		b := buckets[i]
		return b.Count, fmt.Sprintf("%s of %s to %s", plural.Of(b.Count, "call", "calls"), b.From, b.To)
	})
	for i := 0; i < len(buckets); i += 1 + len(buckets)/8 {
		x, _ := c.columnAt(i, len(buckets))
		c.XTicks = append(c.XTicks, tick{At: x, Label: buckets[i].From.String()})
	}
	return c
}

func timeAxis(windows []load.Window) axis {
	last := windows[len(windows)-1]
	return durationAxis(last.At + last.Width)
}

// overTime returns one value per window, at its middle, and the highest of them. The
// first and the last one extend to the ends of the run, so that a single one is a line
// too.
func overTime(windows []load.Window, value func(w load.Window) float64) (points []point, top float64) {
	first, last := windows[0], windows[len(windows)-1]
	points = append(points, point{float64(first.At), value(first)})
	for _, w := range windows {
		points = append(points, point{float64(w.At + w.Width/2), value(w)})
		top = max(top, value(w))
	}
	return append(points, point{float64(last.At + last.Width), value(last)}), top
}

// rateChart returns the chart of calls a second. It leaves out the last window if that is
// so short that a few calls would look like a high rate.
func rateChart(windows []load.Window) *plot {
	if n := len(windows); n > 1 && windows[n-1].Width < windows[n-2].Width/2 {
		windows = windows[:n-1]
	}
	rate, top := overTime(windows, func(w load.Window) float64 { return float64(w.Requests) / time.Duration(w.Width).Seconds() })
	c := newPlot("calls a second over time", timeAxis(windows), countAxis(top))
	c.line("", "one", rate)
	return c
}

func errorChart(windows []load.Window) *plot {
	_, top := overTime(windows, func(w load.Window) float64 { return float64(w.Failed) })
	c := newPlot("failed calls over time", timeAxis(windows), countAxis(max(1, top)))
	c.columns("failed", len(windows), func(i int) (int64, string) {
		w := windows[i]
		return w.Failed, fmt.Sprintf("%d of %s failed, %s after the start", w.Failed, plural.Of(w.Requests, "call", "calls"), w.At)
	})
	return c
}

func latencyChart(windows []load.Window) *plot {
	half, top := overTime(windows, func(w load.Window) float64 { return float64(w.P50) })
	most, topMost := overTime(windows, func(w load.Window) float64 { return float64(w.P99) })
	c := newPlot("latency over time:", timeAxis(windows), durationAxis(load.Millis(max(top, topMost))))
	c.line("50%", "one", half)
	c.line("99%", "two", most)
	return c
}
