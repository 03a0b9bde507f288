package cmd

import (
	"fmt"
	"math"
	"strings"
)

// The size of a chart in its own units; the page scales it to its width.
const (
	chartWidth   = 640
	chartHeight  = 230
	chartLeft    = 64 // room for the labels of the y axis
	chartRight   = 16
	chartTop     = 12
	chartBottom  = 26 // room for the labels of the x axis
	chartTicks   = 5  // about as many labels as an axis has
	minBarHeight = 1  // so that what is rare can be seen
)

// chart is a plot as the page's template draws it, in SVG.
type chart struct {
	Title string
	// Width and Height are the size of the drawing, and Left, Right, Top and Bottom
	// the edges of the plot in it.
	Width, Height            int
	Left, Right, Top, Bottom float64
	XTicks, YTicks           []tick
	Lines                    []chartLine
	Bars                     []chartBar
}

// tick is a mark on an axis.
type tick struct {
	At    float64
	Label string
}

// chartLine is a series of points joined by lines; Class is the style sheet's.
type chartLine struct {
	Name, Class string
	Points      string
}

// chartBar is a column with the text that shows when it is pointed at.
type chartBar struct {
	X, Y, Width, Height float64
	Class, Tip          string
}

// point is a value in the units of the axes.
type point struct{ x, y float64 }

// series is a named line.
type series struct {
	name, class string
	points      []point
}

// axis maps values to an edge of the plot, evenly from 0 to max. Without label it
// has no ticks.
type axis struct {
	max float64
	// least is the smallest step from tick to tick, 0 if any will do.
	least float64
	label func(float64) string
}

func (a axis) share(v float64) float64 {
	if a.max <= 0 {
		return 0
	}
	return min(1, max(0, v/a.max))
}

func newChart(title string, x, y axis) chart {
	c := chart{
		Title: title, Width: chartWidth, Height: chartHeight,
		Left: chartLeft, Right: chartWidth - chartRight,
		Top: chartTop, Bottom: chartHeight - chartBottom,
	}
	if x.label != nil {
		for _, v := range x.steps() {
			c.XTicks = append(c.XTicks, tick{At: c.x(x, v), Label: x.label(v)})
		}
	}
	for _, v := range y.steps() {
		c.YTicks = append(c.YTicks, tick{At: c.y(y, v), Label: y.label(v)})
	}
	return c
}

func (c *chart) x(a axis, v float64) float64 {
	return tenths(c.Left + a.share(v)*(c.Right-c.Left))
}

func (c *chart) y(a axis, v float64) float64 {
	return tenths(c.Bottom - a.share(v)*(c.Bottom-c.Top))
}

// tenths is as exact as anybody sees, and keeps the page small.
func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// draw adds a line.
func (c *chart) draw(x, y axis, s series) {
	var b strings.Builder
	for i, p := range s.points {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%g,%g", c.x(x, p.x), c.y(y, p.y))
	}
	c.Lines = append(c.Lines, chartLine{Name: s.name, Class: s.class, Points: b.String()})
}

// columns adds n bars side by side over the whole width. bar returns the value
// and the tip of each.
func (c *chart) columns(y axis, class string, n int, bar func(i int) (value float64, tip string)) {
	width := (c.Right - c.Left) / float64(max(1, n))
	for i := range n {
		value, tip := bar(i)
		if value <= 0 {
			continue
		}
		height := max(minBarHeight, c.Bottom-c.y(y, value))
		c.Bars = append(c.Bars, chartBar{
			X: tenths(c.Left + float64(i)*width), Y: tenths(c.Bottom - height),
			Width: tenths(max(0.5, width*0.9)), Height: tenths(height),
			Class: class, Tip: tip,
		})
	}
}

// steps returns round values from 0 up to the axis' end, about chartTicks of them.
func (a axis) steps() []float64 {
	if a.max <= 0 || math.IsInf(a.max, 0) || math.IsNaN(a.max) {
		return []float64{0}
	}
	step := math.Pow(10, math.Floor(math.Log10(a.max/chartTicks)))
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if a.max/step <= chartTicks {
			break
		}
		step *= factor
	}
	step = max(step, a.least)
	var values []float64
	for i := 0; float64(i)*step <= a.max*(1+1e-9); i++ {
		values = append(values, float64(i)*step)
	}
	return values
}
