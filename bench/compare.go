package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/otdemo/otdemo/bench/sheet"
)

// columns are what a comparison measures of each contender.
type columns struct {
	// of names the contenders, such as "client".
	of string
	// base is the contender that the others are a multiple of; empty for none.
	base string
	each []column
}

// column is one figure.
type column struct {
	name   string // with its unit
	digits int    // after the point
	// ratio adds a column with the multiple of the base's figure.
	ratio bool
}

func (c columns) header() []string {
	header := []string{c.of}
	for _, col := range c.each {
		header = append(header, col.name)
		if col.ratio {
			header = append(header, "of "+c.base)
		}
	}
	return header
}

// contender is one side of a comparison. A turn measures it once and returns a
// figure for each column, NaN for one that it does not have.
type contender struct {
	name string
	turn func(ctx context.Context) ([]float64, error)
}

// result holds what the rounds came to: a row for each contender, with a sample
// for each column.
type result struct {
	columns columns
	names   []string
	rows    [][]sheet.Sample
}

// compare measures the contenders in so many rounds, at least one, in turns, so that a machine that gets slower
// slows them all, and another one goes first each round. What the first round
// says is not counted: caches and processor clocks are cold in it.
func compare(ctx context.Context, cols columns, rounds int, contenders []contender) (result, error) {
	res := result{columns: cols, rows: make([][]sheet.Sample, len(contenders))}
	for i, c := range contenders {
		res.names = append(res.names, c.name)
		res.rows[i] = make([]sheet.Sample, len(cols.each))
	}
	for round := range rounds + 1 {
		for i := range contenders {
			i = (i + round) % len(contenders)
			figures, err := contenders[i].turn(ctx)
			if err != nil {
				return result{}, fmt.Errorf("round %d: %s: %w", round, contenders[i].name, err)
			}
			if round == 0 {
				continue
			}
			for n := range cols.each {
				res.rows[i][n] = append(res.rows[i][n], figures[n])
			}
		}
	}
	return res, nil
}

// sample returns what was measured of a contender in a column. Both must exist.
func (r result) sample(contender, figure string) sheet.Sample {
	row := slices.Index(r.names, contender)
	col := slices.IndexFunc(r.columns.each, func(c column) bool { return c.name == figure })
	return r.rows[row][col]
}

// ratio returns how many times the base's figure a contender's is, by the medians.
func (r result) ratio(contender, figure string) float64 {
	return r.sample(contender, figure).Ratio(r.sample(r.columns.base, figure))
}

// table returns a row for each contender: medians, with the lowest and the highest
// figure where they differ.
func (r result) table() sheet.Table {
	t := sheet.Table{Header: r.columns.header()}
	for i, name := range r.names {
		cells := []string{name}
		for n, col := range r.columns.each {
			cells = append(cells, r.rows[i][n].Text(col.digits))
			if col.ratio {
				cells = append(cells, sheet.Format(r.ratio(name, col.name), ratioDigits))
			}
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// ratioDigits is what the noise of a shared machine leaves of a ratio.
const ratioDigits = 2
