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
	x, y                     axis
}

type tick struct {
	At    float64
	Label string
}

// plotLine joins points; Class is a class of the style sheet.
type plotLine struct{ Name, Class, Points string }

// plotBar is a column with a tooltip.
type plotBar struct {
	X, Y, Width, Height float64
	Class, Tip          string
}

type point struct{ x, y float64 }

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

func newPlot(title string, x, y axis) *plot {
	p := &plot{
		Title: title, Width: plotWidth, Height: plotHeight,
		Left: plotLeft, Right: plotWidth - plotRight,
		Top: plotTop, Bottom: plotHeight - plotBottom,
		x: x, y: y,
	}
	if x.label != nil {
		for _, v := range x.steps() {
			p.XTicks = append(p.XTicks, tick{At: p.atX(v), Label: x.label(v)})
		}
	}
	for _, v := range y.steps() {
		p.YTicks = append(p.YTicks, tick{At: p.atY(v), Label: y.label(v)})
	}
	return p
}

func (p *plot) atX(v float64) float64 { return tenths(p.Left + p.x.share(v)*(p.Right-p.Left)) }

func (p *plot) atY(v float64) float64 { return tenths(p.Bottom - p.y.share(v)*(p.Bottom-p.Top)) }

// tenths rounds to a precision that is still visible, to keep the page small.
func tenths(v float64) float64 { return math.Round(v*10) / 10 }

func (p *plot) line(name, class string, points []point) {
	places := make([]string, len(points))
	for i, at := range points {
		places[i] = fmt.Sprintf("%g,%g", p.atX(at.x), p.atY(at.y))
	}
	p.Lines = append(p.Lines, plotLine{name, class, strings.Join(places, " ")})
}

// columnAt returns the left edge and the width of the i-th of n columns.
func (p *plot) columnAt(i, n int) (x, width float64) {
	width = (p.Right - p.Left) / float64(n)
	return tenths(p.Left + float64(i)*width), width
}

// columns adds n bars next to each other over the whole width. bar returns the value and
// the tooltip of each.
func (p *plot) columns(class string, n int, bar func(i int) (value int64, tip string)) {
	for i := range n {
		value, tip := bar(i)
		if value <= 0 {
			continue
		}
		x, width := p.columnAt(i, n)
		height := max(minBarHeight, p.Bottom-p.atY(float64(value)))
		p.Bars = append(p.Bars, plotBar{
			X: x, Y: tenths(p.Bottom - height),
			Width: tenths(max(0.5, width*0.9)), Height: tenths(height),
			Class: class, Tip: tip,
		})
	}
}

// steps returns about plotTicks round values from 0 to the end of the axis.
func (a axis) steps() []float64 {
	if a.max <= 0 {
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
