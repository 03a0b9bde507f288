// Package sheet turns measurements into the Markdown of docs/benchmarks.md, and
// reads both back: samples with their median, tables, marked sections of a
// document, and what go test -bench prints. Start at Sample and Table.
package sheet

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// missingText stands for a figure that one side of a comparison does not have.
const missingText = "-"

// Sample holds the figures of several rounds of one measurement. A NaN in it says
// that there is no such figure.
type Sample []float64

// None is the sample of a figure that does not exist, as a client's spans where
// it makes none.
func None() Sample { return Sample{math.NaN()} }

// Median returns the middle figure, of an even number the mean of the middle two,
// and NaN without any.
func (s Sample) Median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Ratio returns how many times the median of base that of s is.
func (s Sample) Ratio(base Sample) float64 { return s.Median() / base.Median() }

// Text returns the median with so many digits after the point, and, when they
// differ, the lowest and the highest figure in parentheses.
func (s Sample) Text(digits int) string {
	median := s.Median()
	if math.IsNaN(median) {
		return missingText
	}
	low, high := Format(slices.Min(s), digits), Format(slices.Max(s), digits)
	text := Format(median, digits)
	if low == high {
		return text
	}
	return text + " (" + low + " to " + high + ")"
}

// Format returns f with so many digits after the point and a comma between
// thousands.
func Format(f float64, digits int) string {
	if math.IsNaN(f) {
		return missingText
	}
	text := strconv.FormatFloat(f, 'f', digits, 64)
	sign := ""
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		sign, text = "-", rest
	}
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}
