package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/otdemo/otdemo/bench/child"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// stopped stops a program that cannot be used, and adds to err how it ended.
func stopped(running *child.Child, err error) error { return errors.Join(err, running.Stop()) }

// waitAddrs reads the addresses that an otdemo writes once it listens.
func waitAddrs(ctx context.Context, path string, running *child.Child) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(path)
		if err == nil {
			var addrs map[string]string
			if err := json.Unmarshal(content, &addrs); err != nil {
				return nil, fmt.Errorf("read its addresses: %w", err)
			}
			return addrs, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it does not listen within %s: %w", startTimeout, err)
		case <-running.Done():
			return nil, errors.New("it ended before it listened")
		case <-tick.C:
		}
	}
}

const (
	// quietTime without work means that a backend has taken in what it was sent:
	// Jaeger 2.13 keeps spans back for 200 ms, no other waits at all.
	quietTime = 500 * time.Millisecond
	// quietCPU is what an idle backend may take in that time.
	quietCPU = 20 * time.Millisecond
	// quietTimeout bounds the wait for it.
	quietTimeout = 30 * time.Second
)

// waitQuiet returns the processor time that s has taken so far once it has no more
// work.
func waitQuiet(ctx context.Context, s *service) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, quietTimeout)
	defer cancel()
	tick := time.NewTicker(quietTime)
	defer tick.Stop()
	before, err := s.CPU()
	if err != nil {
		return 0, err
	}
	for {
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("it is still at work after %s: %w", quietTimeout, ctx.Err())
		case <-tick.C:
		}
		now, err := s.CPU()
		if err != nil {
			return 0, err
		}
		if now-before <= quietCPU {
			return now, nil
		}
		before = now
	}
}

// received returns how many spans otdemo's own Jaeger has stored, once it has no
// more work.
func received(ctx context.Context, backend *service) (int64, error) {
	if _, err := waitQuiet(ctx, backend); err != nil {
		return 0, err
	}
	client, err := query.New(backend.query, query.Options{})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	account, err := client.Loss(ctx)
	return account.Store.Added, err
}

// readAtOnce is how many traces are read back with one request.
const readAtOnce = 100

// countStored reads all traces back from any Jaeger and returns how many spans
// they have.
func countStored(ctx context.Context, backend *service, ids []trace.TraceID) (int64, error) {
	client, err := query.New(backend.query, query.Options{})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var stored int64
	for some := range slices.Chunk(ids, readAtOnce) {
		traces, err := client.Outlines(ctx, some)
		if err != nil {
			return 0, fmt.Errorf("read the spans back: %w", err)
		}
		for _, t := range traces {
			stored += int64(len(t.Spans))
		}
	}
	return stored, nil
}
