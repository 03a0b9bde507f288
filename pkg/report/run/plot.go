package run

import (
	"fmt"
	"math"
	"strings"
)

// The size of a plot in its own units; the page scales it to its width.
const (
	plotWidth    = 640
	plotHeight   = 230
	plotLeft     = 64 // space for the labels of the y axis
	plotRight    = 16
	plotTop      = 12
	plotBottom   = 26 // space for the labels of the x axis
	plotTicks    = 5  // approximate number of labels on an axis
	minBarHeight = 1  // so that a small value can be seen
)

// plot is a chart as the page's template draws it, in SVG.
type plot struct {
	Title string
	// Width and Height are the size of the drawing, and Left, Right, Top and Bottom
	// the edges of the plot in it.
	Width, Height            int
	Left, Right, Top, Bottom float64
	XTicks, YTicks           []tick
	Lines                    []plotLine
	Bars                     []plotBar
}

// tick is a mark on an axis.
type tick struct {
	At    float64
	Label string
}

// plotLine is a series of points joined by lines; Class is a class of the style sheet.
type plotLine struct {
	Name, Class string
	Points      string
}

// plotBar is a column with a tooltip.
type plotBar struct {
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

// axis maps values from 0 to max linearly to an edge of the plot. Without label it has no
// ticks.
type axis struct {
	max float64
	// least is the smallest step between two ticks, 0 for no limit.
	least float64
	label func(float64) string
}

func (a axis) share(v float64) float64 {
	if a.max <= 0 {
		return 0
	}
	return min(1, max(0, v/a.max))
}

func newPlot(title string, x, y axis) plot {
	p := plot{
		Title: title, Width: plotWidth, Height: plotHeight,
		Left: plotLeft, Right: plotWidth - plotRight,
		Top: plotTop, Bottom: plotHeight - plotBottom,
	}
	if x.label != nil {
		for _, v := range x.steps() {
			p.XTicks = append(p.XTicks, tick{At: p.x(x, v), Label: x.label(v)})
		}
	}
	for _, v := range y.steps() {
		p.YTicks = append(p.YTicks, tick{At: p.y(y, v), Label: y.label(v)})
	}
	return p
}

func (p *plot) x(a axis, v float64) float64 {
	return tenths(p.Left + a.share(v)*(p.Right-p.Left))
}

func (p *plot) y(a axis, v float64) float64 {
	return tenths(p.Bottom - a.share(v)*(p.Bottom-p.Top))
}

// tenths rounds to a precision that is still visible, to keep the page small.
func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// draw adds a line through the points of s.
func (p *plot) draw(x, y axis, s series) {
	var b strings.Builder
	for i, at := range s.points {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%g,%g", p.x(x, at.x), p.y(y, at.y))
	}
	p.Lines = append(p.Lines, plotLine{Name: s.name, Class: s.class, Points: b.String()})
}

// columns adds n bars next to each other over the whole width. bar returns the value and
// the tooltip of each.
func (p *plot) columns(y axis, class string, n int, bar func(i int) (value float64, tip string)) {
	width := (p.Right - p.Left) / float64(max(1, n))
	for i := range n {
		value, tip := bar(i)
		if value <= 0 {
			continue
		}
		height := max(minBarHeight, p.Bottom-p.y(y, value))
		p.Bars = append(p.Bars, plotBar{
			X: tenths(p.Left + float64(i)*width), Y: tenths(p.Bottom - height),
			Width: tenths(max(0.5, width*0.9)), Height: tenths(height),
			Class: class, Tip: tip,
		})
	}
}

// steps returns about plotTicks round values from 0 to the end of the axis.
func (a axis) steps() []float64 {
	if a.max <= 0 || math.IsInf(a.max, 0) || math.IsNaN(a.max) {
		return []float64{0}
	}
	step := math.Pow(10, math.Floor(math.Log10(a.max/plotTicks)))
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if a.max/step <= plotTicks {
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
