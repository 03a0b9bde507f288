package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/bench/sheet"
	"github.com/otdemo/otdemo/integration/process"
)

// pageFigures is what integration/page/frames prints of one visit.
type pageFigures struct {
	Drawn   float64 `json:"drawn"`
	Actions []struct {
		Name    string  `json:"name"`
		Frames  float64 `json:"frames"`
		Median  float64 `json:"median"`
		P99     float64 `json:"p99"`
		Slowest float64 `json:"slowest"`
	} `json:"actions"`
}

func pageHeader() []string {
	return []string{"5,000 spans in 100 services", "frames", "median ms", "99 % ms", "slowest ms"}
}

// measurePage opens a large trace in headless Chromium and takes the times between
// the frames that it draws while it is scrolled, zoomed and collapsed.
func measurePage(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error) {
	frames := filepath.Join(progs.dir, "frames")
	built, err := filepath.Abs(frames)
	if err != nil {
		return nil, fmt.Errorf("name what is built of frames: %w", err)
	}
	if _, err := goCommand(ctx, filepath.Join(progs.root, "integration"), "build", "-o", built, "./page/frames"); err != nil {
		return nil, err
	}
	var drawn, slow sheet.Sample
	var names []string
	rows := make(map[string][]sheet.Sample) // of each action, a sample a column
	for range rounds {
		visit, err := progs.visitPage(ctx, built)
		if err != nil {
			return nil, err
		}
		drawn = append(drawn, visit.Drawn)
		for _, a := range visit.Actions {
			row, known := rows[a.Name]
			if !known {
				names = append(names, a.Name)
				row = make([]sheet.Sample, len(pageHeader())-1)
			}
			for i, figure := range []float64{a.Frames, a.Median, a.P99, a.Slowest} {
				row[i] = append(row[i], figure)
			}
			rows[a.Name] = row
		}
		slow = append(slow, visit.Actions[0].P99)
	}
	table := sheet.Table{Header: pageHeader()}
	for _, name := range names {
		row := rows[name]
		table.Rows = append(table.Rows, []string{name, row[0].Text(0), row[1].Text(1), row[2].Text(1), row[3].Text(1)})
	}
	// Three frames of 16.7 ms, since a frame takes a whole number of these.
	const drawnGoal, frameGoal = 1000, 51
	return []sheet.Table{table, goalTable(
		atMost("median ms from the request to the drawn trace", drawnGoal, drawn.Median(), 0),
		atMost("ms that 99 % of the frames take while it is scrolled, median of the rounds", frameGoal, slow.Median(), 1),
	)}, nil
}

// visitPage shows a large trace once, in a browser and a backend of their own.
func (p *programs) visitPage(ctx context.Context, frames string) (visit pageFigures, err error) {
	backend, err := p.allInOne(ctx)
	if err != nil {
		return pageFigures{}, err
	}
	defer func() {
		if stopErr := backend.Stop(); err == nil {
			err = stopErr
		}
	}()
	var out bytes.Buffer
	_, err = child.Run(ctx, process.Command{
		Path: frames,
		Args: []string{"-collector", backend.collector, "-page", backend.query},
		Env:  []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + p.dir},
		Dir:  p.dir,
	}, &out)
	if err != nil {
		return pageFigures{}, err
	}
	if err := json.Unmarshal(out.Bytes(), &visit); err != nil {
		return pageFigures{}, fmt.Errorf("read the times of frames: %w", err)
	}
	if len(visit.Actions) == 0 {
		return pageFigures{}, fmt.Errorf("nothing was done on the page: %s", &out)
	}
	return visit, nil
}
