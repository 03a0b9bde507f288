package main

import (
	"context"
	"fmt"

	"github.com/otdemo/otdemo/bench/sheet"
)

// suite is one question of the benchmarks, and a section of the document.
type suite struct {
	name, about string
	// rounds is how often each side is measured, so that all suites together take
	// less than 8 minutes.
	rounds int
	// measure returns the tables that the section has, in their order.
	measure func(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error)
	// headers are those of the tables.
	headers [][]string
}

func suites() []suite {
	return []suite{
		{
			"transport", "our transports and reporter against jaeger-client-go's", 5,
			measureTransport,
			[][]string{nil, goalHeader()},
		},
		{
			"price", "what tracing costs a server under load", 5,
			measurePrice,
			[][]string{priceColumns().header()},
		},
		{
			"call", "otdemo call against hey and vegeta", 5,
			measureCall,
			[][]string{callColumns().header(), goalHeader()},
		},
		{
			"ingest", "200,000 spans at full speed into otdemo all-in-one and real Jaegers", 3,
			measureIngest,
			[][]string{ingestColumns("UDP").header(), ingestColumns("HTTP").header(), goalHeader()},
		},
		{
			"demo", "from the start of the process to a drawn trace", 20,
			measureDemo,
			[][]string{demoColumns().header(), goalHeader()},
		},
		{
			"page", "a trace of 5,000 spans on the page, in headless Chromium", 5,
			measurePage,
			[][]string{pageHeader(), goalHeader()},
		},
	}
}

// goal is a figure that was to be reached.
type goal struct {
	what    string
	got     float64
	digits  int
	reached bool
}

// atLeast and atMost make a goal of a figure, what, and its bound.
func atLeast(what string, bound, got float64, digits int) goal {
	return goal{fmt.Sprintf("%s: at least %s", what, sheet.Format(bound, digits)), got, digits, got >= bound}
}

func atMost(what string, bound, got float64, digits int) goal {
	return goal{fmt.Sprintf("%s: at most %s", what, sheet.Format(bound, digits)), got, digits, got <= bound}
}

func goalHeader() []string { return []string{"goal", "measured", "reached"} }

func goalTable(goals ...goal) sheet.Table {
	t := sheet.Table{Header: goalHeader()}
	for _, g := range goals {
		reached := "no"
		if g.reached {
			reached = "yes"
		}
		t.Rows = append(t.Rows, []string{g.what, sheet.Format(g.got, g.digits), reached})
	}
	return t
}
