package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otdemo/otdemo/bench/sheet"
	"github.com/otdemo/otdemo/integration/jaegers"
)

// The burst: 1000 traces of 200 small spans, as many as a busy minute has.
const burstTraces, burstSpans = 1000, 200

const (
	lossPercent = "lost, %"
	spanCPU     = "backend CPU µs/span"
	// allInOneName and newestName are the contenders of the goal.
	allInOneName, newestName = "otdemo all-in-one", "Jaeger 2.13"
)

// ingestColumns are those of the table for the spans that come over a protocol.
func ingestColumns(over string) columns {
	return columns{of: "backend, over " + over, base: newestName, each: []column{
		{"sent, thousand spans/s", 0, false}, {lossPercent, 2, false}, {spanCPU, 1, true}, {"memory KiB/span", 2, true}, {"resident MiB", 0, false},
	}}
}

// measureIngest sends the same spans to our own and to real Jaegers, each time to a
// fresh one, and reads back what is there.
func measureIngest(ctx context.Context, progs *programs, rounds int) ([]sheet.Table, error) {
	spans := newBurst(burstTraces, burstSpans)
	defer spans.close()
	compareOver := func(over string, send func(*service) error) (result, error) {
		side := func(name string, start func(context.Context) (*service, error)) contender {
			return contender{name, func(ctx context.Context) ([]float64, error) {
				return ingestTurn(ctx, spans, start, send)
			}}
		}
		contenders := []contender{side(allInOneName, progs.allInOne)}
		for _, release := range jaegers.Releases() {
			contenders = append(contenders, side("Jaeger "+release.Name, func(ctx context.Context) (*service, error) {
				return progs.jaeger(ctx, release)
			}))
		}
		return compare(ctx, ingestColumns(over), rounds, contenders)
	}
	udp, err := compareOver("UDP", func(s *service) error { return spans.sendUDP(s.agent) })
	if err != nil {
		return nil, fmt.Errorf("over UDP: %w", err)
	}
	http, err := compareOver("HTTP", func(s *service) error { return spans.sendHTTP(s.collector) })
	if err != nil {
		return nil, fmt.Errorf("over HTTP: %w", err)
	}
	const goalCPU = 1.0 / 3
	return []sheet.Table{udp.table(), http.table(), goalTable(
		atMost("spans that all-in-one lost over UDP, %, in the worst round", 0, slices.Max(udp.sample(allInOneName, lossPercent)), 2),
		atMost("its CPU per span over UDP, of Jaeger 2.13's", goalCPU, udp.ratio(allInOneName, spanCPU), ratioDigits),
		atMost("its CPU per span over HTTP, of Jaeger 2.13's", goalCPU, http.ratio(allInOneName, spanCPU), ratioDigits),
	)}, nil
}

// ingestTurn measures a backend that start starts.
func ingestTurn(
	ctx context.Context, spans *burst, start func(context.Context) (*service, error), send func(*service) error,
) (figures []float64, err error) {
	backend, err := start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, backend.Stop()) }()
	before, err := useWhenQuiet(ctx, backend)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	if err := send(backend); err != nil {
		return nil, err
	}
	took := time.Since(started)
	after, err := useWhenQuiet(ctx, backend)
	if err != nil {
		return nil, err
	}
	stored, err := countStored(ctx, backend, spans.traces)
	if err != nil {
		return nil, err
	}
	if stored == 0 {
		return nil, errors.New("it has stored none of the spans")
	}
	sent := float64(len(spans.all))
	return []float64{
		sent / 1000 / took.Seconds(),
		100 * (sent - float64(stored)) / sent,
		micros(after.cpu-before.cpu, stored),
		float64(after.resident-before.resident) / 1024 / float64(stored),
		float64(after.resident) / (1 << 20),
	}, nil
}

// use is what a backend has taken so far.
type use struct {
	cpu      time.Duration
	resident int64 // bytes
}

// useWhenQuiet returns it once the backend has no more work.
func useWhenQuiet(ctx context.Context, backend *service) (use, error) {
	cpu, err := waitQuiet(ctx, backend)
	if err != nil {
		return use{}, err
	}
	resident, err := backend.Resident()
	return use{cpu, resident}, err
}
