package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/bench/sheet"
)

const (
	drawnTime = "trace drawn, ms"
	endTime   = "ended, ms"
)

func demoColumns() columns {
	return columns{of: "command", each: []column{{drawnTime, 0, false}, {endTime, 0, false}, {"CPU, ms", 0, false}}}
}

// measureDemo takes the time from the start of the process to the last line of the
// trace, and beside it that of a command which does nothing.
func measureDemo(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error) {
	res, err := compare(ctx, demoColumns(), rounds, []contender{
		{"otdemo demo", progs.demoTurn},
		{"otdemo version", func(ctx context.Context) ([]float64, error) {
			cost, err := child.Run(ctx, progs.command("version"), io.Discard)
			return []float64{math.NaN(), millis(cost.Wall), millis(cost.CPU)}, err
		}},
	})
	if err != nil {
		return nil, err
	}
	const goalMS = 300
	return []sheet.Table{res.table(), goalTable(
		atMost("median ms to the drawn trace", goalMS, res.sample("otdemo demo", drawnTime).Median(), 0),
	)}, nil
}

func (p *programs) demoTurn(ctx context.Context) ([]float64, error) {
	watch := &traceWatch{started: time.Now()}
	cost, err := child.Run(ctx, p.command("demo"), watch)
	if err != nil {
		return nil, err
	}
	if watch.drawn == 0 {
		return nil, fmt.Errorf("it drew no whole trace:\n%s", &watch.text)
	}
	return []float64{millis(watch.drawn), millis(cost.Wall), millis(cost.CPU)}, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// traceWatch takes what demo prints and notes when a trace was there as a whole.
type traceWatch struct {
	started time.Time
	text    bytes.Buffer
	// drawn is how long after started that was; 0 until then.
	drawn time.Duration
}

// Write never fails.
func (w *traceWatch) Write(p []byte) (int, error) {
	w.text.Write(p)
	if w.drawn == 0 && wholeTrace(w.text.String()) {
		w.drawn = time.Since(w.started)
	}
	return len(p), nil
}

// traceHead is the line above a drawn trace.
var traceHead = regexp.MustCompile(`(?m)^trace [0-9a-f]+: (\d+) spans?, .*\n`)

// wholeTrace reports whether text has the head of a trace and a line for each of
// its spans.
func wholeTrace(text string) bool {
	at := traceHead.FindStringSubmatchIndex(text)
	if at == nil {
		return false
	}
	spans, err := strconv.Atoi(text[at[2]:at[3]])
	return err == nil && strings.Count(text[at[1]:], "\n") >= spans
}
