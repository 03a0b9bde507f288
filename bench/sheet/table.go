package sheet

import (
	"errors"
	"fmt"
	"strings"
)

// Table is a Markdown table. No cell may hold a vertical bar or a line break.
type Table struct {
	Header []string
	Rows   [][]string
}

// String returns the table as Markdown, a line a row: the first column to the left
// and the figures to the right.
func (t Table) String() string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	line(t.Header)
	rule := make([]string, len(t.Header))
	for i := range rule {
		rule[i] = "---:"
	}
	if len(rule) > 0 {
		rule[0] = "---"
	}
	b.WriteString("|" + strings.Join(rule, "|") + "|\n")
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// ParseTables returns all tables in a Markdown text, in their order. A row with
// more or fewer cells than its header is an error.
func ParseTables(text string) ([]Table, error) {
	var tables []Table
	inTable := false
	for n, line := range strings.Split(text, "\n") {
		cells, ok := parseRow(line)
		switch {
		case !ok:
			inTable = false
		case !inTable:
			tables = append(tables, Table{Header: cells})
			inTable = true
		case isRule(cells):
		default:
			t := &tables[len(tables)-1]
			if len(cells) != len(t.Header) {
				return nil, fmt.Errorf("line %d: the row has %d cells, its header %d", n+1, len(cells), len(t.Header))
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	if len(tables) == 0 {
		return nil, errors.New("there is no table")
	}
	return tables, nil
}

func parseRow(line string) ([]string, bool) {
	line, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
	if !ok {
		return nil, false
	}
	line, ok = strings.CutSuffix(line, "|")
	if !ok {
		return nil, false
	}
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

// isRule reports whether the cells are those of the line below a header.
func isRule(cells []string) bool {
	for _, cell := range cells {
		if !strings.HasPrefix(cell, "---") {
			return false
		}
	}
	return true
}
