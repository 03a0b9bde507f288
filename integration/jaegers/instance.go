package jaegers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/process"
)

const (
	// readyTimeout is ample: on a quiet machine both releases take 30 ms.
	readyTimeout = 30 * time.Second
	// readyPoll is short, because each test waits for it.
	readyPoll = 10 * time.Millisecond
)

// Instance is a Jaeger with its storage in memory that runs until its test ends.
type Instance struct {
	Release Release
	// AgentHostPort takes compact thrift over UDP, as 6831 does by default.
	AgentHostPort string
	// CollectorURL takes binary thrift over HTTP, as 14268 does by default.
	CollectorURL string
	// OTLPHostPort takes OTLP over gRPC, as 4317 does by default.
	OTLPHostPort string
	// OTLPURL takes OTLP over HTTP, as 4318 does by default.
	OTLPURL string
	// ZipkinURL takes Zipkin's spans, as 9411 does by default.
	ZipkinURL string
	// QueryURL is the UI and the query API, as 16686 does by default.
	QueryURL string
	// SamplingURL answers with sampling strategies, as 5778 does by default.
	SamplingURL string
	// StartedIn is the time from the start of the program until it was ready.
	StartedIn time.Duration

	proc *process.Process
}

// Start runs release r on free ports of the loopback interface, returns once all
// its receivers answer, and stops it when the test ends. It fails the test when r
// is not built or does not get ready. Jaeger does not trace itself here, so that
// its storage holds nothing but what the test sends.
func Start(t *testing.T, r Release) *Instance {
	t.Helper()
	path := r.Program().Need(t)
	return process.OnFreePorts(t, "jaeger "+r.Name, func() (*Instance, error) {
		t.Helper()
		return start(t, r, path)
	})
}

// errEnded is what a program has that is not waited for any more.
var errEnded = errors.New("ended before it was ready")

func start(t *testing.T, r Release, path string) (*Instance, error) {
	t.Helper()
	setup, err := r.Setup(t.Context(), path)
	if err != nil {
		return nil, err
	}
	setup.Command.Dir = t.TempDir()
	started := time.Now()
	proc := process.Start(t, setup.Command)
	if err := setup.WaitReady(t.Context(), proc.Done()); err != nil {
		return nil, cmp.Or(proc.EndedEarly(), err)
	}
	inst := setup.Instance
	inst.StartedIn, inst.proc = time.Since(started), proc
	return &inst, nil
}

// waitReady returns nil once url returns 200, and errEnded when ended is closed
// before that.
func waitReady(ctx context.Context, url string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	// Kept-alive connections would outlive the wait.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		last := probe(ctx, client, url)
		if last == nil {
			return nil
		}
		select {
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("not ready within %s: %w", readyTimeout, last)
		case <-tick.C:
		}
	}
}

// probe returns nil when url returns 200.
func probe(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("make the health request: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask for its health: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask for its health: %s", resp.Status)
	}
	return nil
}

// Stop ends Jaeger before its test does, waits for it, and returns nil when it
// ended with exit status 0.
func (i *Instance) Stop() error { return i.proc.Stop() }

// Kill ends Jaeger at once, with all traces that it has.
func (i *Instance) Kill() error { return i.proc.Kill() }
