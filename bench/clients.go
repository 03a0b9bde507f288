package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/integration/process"
)

// runHey sends n requests to url with hey, and fails when one is not answered
// with 200.
func (p *programs) runHey(ctx context.Context, n int, url string) (child.Cost, error) {
	var out bytes.Buffer
	cost, err := child.Run(ctx, process.Command{
		Path: p.hey, Args: []string{"-n", count(n), "-c", count(workers), url}, Dir: p.dir,
	}, &out)
	if err != nil {
		return child.Cost{}, err
	}
	if !bytes.Contains(out.Bytes(), fmt.Appendf(nil, "[200]\t%d responses\n", n)) {
		return child.Cost{}, fmt.Errorf("hey did not get %d answers of 200:\n%s", n, &out)
	}
	return cost, nil
}

// runVegeta sends requests to url with vegeta, which takes a time and no number,
// and returns how many those were. It fails when one is not answered with 200.
func (p *programs) runVegeta(ctx context.Context, length time.Duration, url string) (int64, child.Cost, error) {
	dir, err := os.MkdirTemp(p.dir, "vegeta-*")
	if err != nil {
		return 0, child.Cost{}, fmt.Errorf("make room for vegeta: %w", err)
	}
	defer os.RemoveAll(dir)
	targets, results := filepath.Join(dir, "targets"), filepath.Join(dir, "results")
	if err := os.WriteFile(targets, []byte("GET "+url+"\n"), 0o600); err != nil {
		return 0, child.Cost{}, fmt.Errorf("name vegeta's target: %w", err)
	}
	cost, err := child.Run(ctx, process.Command{Path: p.vegeta, Dir: p.dir, Args: []string{
		"attack", "-rate=0", "-max-workers=" + count(workers), "-workers=" + count(workers),
		"-duration=" + length.String(), "-targets=" + targets, "-output=" + results, "-prometheus-addr=",
	}}, io.Discard)
	if err != nil {
		return 0, child.Cost{}, err
	}
	var report bytes.Buffer
	if _, err := child.Run(ctx, process.Command{
		Path: p.vegeta, Dir: p.dir, Args: []string{"report", "-type=json", results},
	}, &report); err != nil {
		return 0, child.Cost{}, err
	}
	var said struct {
		Requests    int64            `json:"requests"`
		StatusCodes map[string]int64 `json:"status_codes"`
	}
	if err := json.Unmarshal(report.Bytes(), &said); err != nil {
		return 0, child.Cost{}, fmt.Errorf("read vegeta's report: %w", err)
	}
	if said.Requests == 0 || said.StatusCodes["200"] != said.Requests {
		return 0, child.Cost{}, fmt.Errorf("of vegeta's %d requests not all were answered with 200: %v", said.Requests, said.StatusCodes)
	}
	return said.Requests, cost, nil
}
