package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/bench/sheet"
)

// benchTime is how long each Go benchmark runs each time.
const benchTime = "500ms"

// measureTransport runs the Go benchmarks of the packages that compare parts of ours
// with others' in turns.
func measureTransport(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error) {
	out, err := goCommand(ctx, progs.root, "test", "-run", "^$", "-bench", ".", "-benchmem",
		"-benchtime", benchTime, "-count", count(rounds), "./pkg/tracer/...", "./pkg/load")
	if err != nil {
		return nil, err
	}
	benches, err := sheet.ParseGoBench(strings.NewReader(out))
	if err != nil {
		return nil, err
	}
	fast, err := figure(benches, "UDPTransport/ratio", "times_as_fast")
	if err != nil {
		return nil, err
	}
	allocations, err := figure(benches, "UDPTransport/ours", "allocs/op")
	if err != nil {
		return nil, err
	}
	const goalFast, goalAllocations = 5, 5
	return []sheet.Table{goBenchTable(benches), goalTable(
		atLeast("our UDP transport, times as fast per span as jaeger-client-go's", goalFast, fast.Median(), 1),
		atMost("its allocations per span", goalAllocations, allocations.Median(), 0),
	)}, nil
}

// figure returns what a benchmark reported in a unit.
func figure(benches []sheet.GoBench, name, unit string) (sheet.Sample, error) {
	for _, b := range benches {
		if sample, ok := b.Figures[unit]; ok && b.Name == name {
			return sample, nil
		}
	}
	return nil, fmt.Errorf("no benchmark %s reports %s", name, unit)
}

// goBenchTable has a row for each benchmark, and a column for each unit that one
// of them reports.
func goBenchTable(benches []sheet.GoBench) sheet.Table {
	t := sheet.Table{Header: []string{"benchmark"}}
	for _, b := range benches {
		for _, unit := range units(b) {
			if !slices.Contains(t.Header, unit) {
				t.Header = append(t.Header, unit)
			}
		}
	}
	for _, b := range benches {
		row, known := []string{b.Name}, units(b)
		for _, unit := range t.Header[1:] {
			sample := sheet.None()
			if slices.Contains(known, unit) {
				sample = b.Figures[unit]
			}
			row = append(row, sample.Text(digitsOf(sample)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// units returns what a benchmark reports. To one that hides its ns/op an op is a
// turn of both sides, so what go test counts for each op is left out.
func units(b sheet.GoBench) []string {
	if _, ok := b.Figures["ns/op"]; ok {
		return b.Units
	}
	return slices.DeleteFunc(slices.Clone(b.Units), func(unit string) bool { return strings.HasSuffix(unit, "/op") })
}

// digitsOf returns how many digits after the point a figure needs to say as much
// as go test does: multiples are small numbers, nanoseconds are not.
func digitsOf(s sheet.Sample) int {
	const small = 100
	if median := s.Median(); median < small && median != math.Trunc(median) {
		return 2
	}
	return 0
}
