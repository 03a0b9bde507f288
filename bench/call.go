package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/bench/sheet"
)

const (
	// callRequests keep each client busy for some three seconds on two cores.
	callRequests = 50_000
	// vegetaTime is about as long, since vegeta takes no number of requests.
	vegetaTime = 3 * time.Second
)

const (
	untracedName, tracedName = "otdemo call, untraced", "otdemo call, traced over UDP"
	heyName                  = "hey"
)

func callColumns() columns {
	return columns{of: "client", base: heyName, each: []column{
		{requestRate, 0, true}, {clientCPU, 1, true}, {spansLost, 0, false},
	}}
}

// measureCall has each client send requests as fast as it can to the same server,
// which makes no spans of its own.
func measureCall(ctx context.Context, progs *programs, rounds int) (tables []sheet.Table, err error) {
	server, err := progs.serve(ctx, "--tracer", "noop")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	res, err := compare(ctx, callColumns(), rounds, []contender{
		{heyName, func(ctx context.Context) ([]float64, error) {
			cost, err := progs.runHey(ctx, callRequests, server.url)
			return clientFigures(callRequests, cost, math.NaN()), err
		}},
		{"vegeta", func(ctx context.Context) ([]float64, error) {
			n, cost, err := progs.runVegeta(ctx, vegetaTime, server.url)
			return clientFigures(n, cost, math.NaN()), err
		}},
		{untracedName, func(ctx context.Context) ([]float64, error) {
			_, cost, err := progs.runCall(ctx, server.url, "--tracer", "noop")
			return clientFigures(callRequests, cost, math.NaN()), err
		}},
		{tracedName, func(ctx context.Context) ([]float64, error) {
			return progs.tracedTurn(ctx, server.url)
		}},
	})
	if err != nil {
		return nil, err
	}
	const goalUntraced, goalTraced = 1, 0.7
	return []sheet.Table{res.table(), goalTable(
		atLeast("untraced call, requests/s of hey's", goalUntraced, res.ratio(untracedName, requestRate), ratioDigits),
		atLeast("traced call, requests/s of hey's", goalTraced, res.ratio(tracedName, requestRate), ratioDigits),
	)}, nil
}

// tracedTurn measures otdemo call with every call traced, to a Jaeger of its own.
func (p *programs) tracedTurn(ctx context.Context, url string) (figures []float64, err error) {
	backend, err := p.allInOne(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, backend.Stop()) }()
	made, cost, err := p.runCall(ctx, url, toAgent(backend)...)
	if err != nil {
		return nil, err
	}
	stored, err := received(ctx, backend)
	if err != nil {
		return nil, err
	}
	return clientFigures(callRequests, cost, float64(made-stored)), nil
}

// runCall sends callRequests requests with otdemo call, whose tracer has the flags
// in args, and returns how many spans it made. Its exit status says whether all
// were answered.
func (p *programs) runCall(ctx context.Context, url string, args ...string) (made int64, cost child.Cost, err error) {
	args = append([]string{"call", url, "-n", count(callRequests), "-c", count(workers), "-o", "json"}, args...)
	var out bytes.Buffer
	cost, err = child.Run(ctx, p.command(args...), &out)
	if err != nil {
		return 0, child.Cost{}, err
	}
	var said struct {
		Report struct {
			Requests int64 `json:"requests"`
		} `json:"report"`
		Spans struct {
			Finished int64 `json:"finished"`
		} `json:"spans"`
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return 0, child.Cost{}, fmt.Errorf("read what otdemo call reports: %w", err)
	}
	if said.Report.Requests != callRequests {
		return 0, child.Cost{}, fmt.Errorf("otdemo call made %d requests, want %d", said.Report.Requests, callRequests)
	}
	return said.Spans.Finished, cost, nil
}

// clientFigures are those of a client that made n requests. Its wall time runs from
// the start of the process to its end, whoever it is, so it holds all that a user
// waits for: of otdemo, that the last spans are sent.
func clientFigures(n int64, cost child.Cost, lost float64) []float64 {
	return []float64{float64(n) / cost.Wall.Seconds(), micros(cost.CPU, n), lost}
}
