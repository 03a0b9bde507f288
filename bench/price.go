package main

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/bench/sheet"
)

const (
	// workers is the number of requests under way at a time, hey's default.
	workers = 50
	// priceRequests keep a server busy for some two seconds on two cores, after
	// priceWarmup that are not measured.
	priceRequests, priceWarmup = 30_000, 3_000
)

// The columns that several comparisons share.
const (
	requestRate = "requests/s"
	serverCPU   = "server CPU µs/request"
	clientCPU   = "client CPU µs/request"
	spansLost   = "spans lost"
)

func priceColumns() columns {
	return columns{of: "serve --tracer", base: "noop", each: []column{
		{requestRate, 0, true}, {serverCPU, 1, true}, {spansLost, 0, false},
	}}
}

// measurePrice loads a server with hey, once for each way that its spans can go.
func measurePrice(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error) {
	side := func(name string, traced bool, args func(backend *service) []string) contender {
		return contender{name, func(ctx context.Context) ([]float64, error) {
			return progs.priceTurn(ctx, traced, args)
		}}
	}
	res, err := compare(ctx, priceColumns(), rounds, []contender{
		side("noop", false, func(*service) []string { return []string{"--tracer", "noop"} }),
		side("jaeger, sampled out", false, func(backend *service) []string {
			return append(toAgent(backend), "--sampler-type", "const", "--sampler-param", "0")
		}),
		side("jaeger, all over UDP", true, toAgent),
		side("jaeger, all over HTTP", true, func(backend *service) []string {
			return []string{"--collector-endpoint", backend.collector}
		}),
	})
	if err != nil {
		return nil, err
	}
	return []sheet.Table{res.table()}, nil
}

// toAgent returns the flags that send spans to a Jaeger over UDP.
func toAgent(backend *service) []string {
	host, port, _ := net.SplitHostPort(backend.agent)
	return []string{"--agent-host", host, "--agent-port", port}
}

// priceTurn measures a server whose tracer has the flags in args. Each turn has a
// server and a Jaeger of its own, so that none finds a full store.
func (p *programs) priceTurn(ctx context.Context, traced bool, args func(*service) []string) (figures []float64, err error) {
	backend, err := p.allInOne(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, backend.Stop()) }()
	server, err := p.serve(ctx, args(backend)...)
	if err != nil {
		return nil, err
	}
	rate, cpu, err := p.loadServer(ctx, server)
	// The server sends its last spans when it is stopped.
	if err = errors.Join(err, server.Stop()); err != nil {
		return nil, err
	}
	stored, err := received(ctx, backend)
	if err != nil {
		return nil, err
	}
	want := 0
	if traced {
		want = priceWarmup + priceRequests // a span each
	}
	return []float64{rate, micros(cpu, priceRequests), float64(want) - float64(stored)}, nil
}

// loadServer returns the requests/s that hey got from a server, and the processor
// time that the server took for them.
func (p *programs) loadServer(ctx context.Context, server *service) (rate float64, cpu time.Duration, err error) {
	if _, err := p.runHey(ctx, priceWarmup, server.url); err != nil {
		return 0, 0, err
	}
	before, err := server.CPU()
	if err != nil {
		return 0, 0, err
	}
	cost, err := p.runHey(ctx, priceRequests, server.url)
	if err != nil {
		return 0, 0, err
	}
	after, err := server.CPU()
	return float64(priceRequests) / cost.Wall.Seconds(), after - before, err
}

// micros returns the microseconds of a total that fall to each of n.
func micros(total time.Duration, n int64) float64 {
	return float64(total.Nanoseconds()) / 1000 / float64(n)
}

func count(n int) string { return strconv.Itoa(n) }
