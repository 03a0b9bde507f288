//go:build storage && linux

package integration

import (
	"cmp"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
)

const (
	// readyTimeout bounds the start of a Jaeger, which makes its schema then.
	readyTimeout = 60 * time.Second
	// exitTimeout bounds the end of a Jaeger that does not reach its storage.
	exitTimeout = 60 * time.Second
)

// deployed is Jaeger 2.13 with a configuration of deploy/ as it stands there. Only
// its variables are set. It can be ended, and started again at the same addresses.
type deployed struct {
	command process.Command
	// host:port of each listener that a test talks to.
	agent, query, collector, otlp, health, metrics string

	proc *process.Process
}

// deployedJaeger makes one that does not run yet. The storage is the name of its
// file in deploy/jaeger.
func deployedJaeger(t *testing.T, storage string, env ...string) *deployed {
	t.Helper()
	d := &deployed{command: process.Command{
		Path: programOf(t, jaegers.V213().Version),
		// Its own traces would be among the services, and keep it from ending.
		Env: append([]string{"OTEL_TRACES_SAMPLER=always_off"}, env...),
		Dir: t.TempDir(),
	}}
	for _, name := range []string{"common.yaml", storage} {
		path, err := filepath.Abs(filepath.Join("..", "deploy", "jaeger", name))
		if err != nil {
			t.Fatal(err)
		}
		d.command.Args = append(d.command.Args, "--config", path)
	}
	d.move(t)
	return d
}

// move gives it free ports for each listener.
func (d *deployed) move(t *testing.T) {
	t.Helper()
	moved := []string{
		"JAEGER_HEALTH", "JAEGER_QUERY_HTTP", "JAEGER_THRIFT_COMPACT", "JAEGER_THRIFT_BINARY", "JAEGER_THRIFT_HTTP",
		"JAEGER_GRPC", "JAEGER_OTLP_GRPC", "JAEGER_OTLP_HTTP", "JAEGER_ZIPKIN", "JAEGER_QUERY_GRPC",
		"JAEGER_SAMPLING_HTTP", "JAEGER_SAMPLING_GRPC",
	}
	addrs := freeTCP(t, len(moved)+1)
	env := []string{"JAEGER_METRICS_HOST=127.0.0.1", "JAEGER_METRICS_PORT=" + portOf(t, addrs[len(moved)])}
	for i, name := range moved {
		env = append(env, name+"="+addrs[i])
	}
	// Of a variable that is given twice, the last counts.
	d.command.Env = slices.Concat(d.command.Env, env)
	d.health, d.query, d.agent, d.collector, d.otlp = addrs[0], addrs[1], addrs[2], addrs[4], addrs[7]
	d.metrics = addrs[len(moved)]
}

func (d *deployed) queryURL() string { return "http://" + d.query }

func (d *deployed) sendFlags(t *testing.T) []string {
	t.Helper()
	return agentFlags(t, d.agent)
}

// with returns another that has these variables too and is not running.
func (d *deployed) with(env ...string) *deployed {
	other := *d
	// Of a variable that is given twice, the last counts.
	other.command.Env = slices.Concat(d.command.Env, env)
	other.proc = nil
	return &other
}

// start returns once the health check answers that all is well. When another program
// took one of its ports, it moves to others.
func (d *deployed) start(t *testing.T) {
	t.Helper()
	tries := 0
	process.OnFreePorts(t, "jaeger", func() (*process.Process, error) {
		t.Helper()
		if tries++; tries > 1 {
			d.move(t)
		}
		return d.proc, d.run(t)
	})
}

func (d *deployed) run(t *testing.T) error {
	t.Helper()
	d.proc = process.Start(t, d.command)
	deadline := time.NewTimer(readyTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !healthy(t, d.health) {
		select {
		case <-d.proc.Done():
			return d.proc.EndedEarly()
		case <-deadline.C:
			return fmt.Errorf("not ready after %s", readyTimeout)
		case <-tick.C:
		}
	}
	return nil
}

// healthy asks Jaeger's own health check.
func healthy(t *testing.T, hostPort string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+hostPort+"/status", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	// Kept-alive connections would outlive the wait.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// startInVain expects that Jaeger ends with a failure, and with this in its log.
func (d *deployed) startInVain(t *testing.T, says string) {
	t.Helper()
	p := process.Start(t, d.command)
	awaitEnd(t, p)
	if code := p.Code(); code <= 0 {
		t.Errorf("jaeger: got exit code %d, want a failure", code)
	}
	if !strings.Contains(p.Output(), says) {
		t.Errorf("jaeger's log lacks %q:\n%s", says, p.Output())
	}
}

func awaitEnd(t *testing.T, p *process.Process) {
	t.Helper()
	deadline := time.NewTimer(exitTimeout)
	defer deadline.Stop()
	select {
	case <-p.Done():
	case <-deadline.C:
		t.Fatalf("jaeger has not ended after %s:\n%s", exitTimeout, p.Output())
	}
}

// stop ends Jaeger as Docker does, and expects that it writes what it has.
func (d *deployed) stop(t *testing.T) {
	t.Helper()
	if err := d.proc.Stop(); err != nil {
		t.Errorf("stop jaeger: %v", err)
	}
}

// jaegerV1 is Jaeger 1.62 with the flags of its documentation for a store.
type jaegerV1 struct {
	setup jaegers.Setup
	proc  *process.Process
}

// startV1 runs Jaeger 1.62 with this kind of store and these flags.
func startV1(t *testing.T, kind string, flags ...string) *jaegerV1 {
	t.Helper()
	r := jaegers.V162()
	path := programOf(t, r.Version)
	return process.OnFreePorts(t, "jaeger 1.62", func() (*jaegerV1, error) {
		t.Helper()
		setup, err := r.Setup(t.Context(), path)
		if err != nil {
			return nil, err
		}
		setup.Command.Args = append(setup.Command.Args, flags...)
		setup.Command.Env = append(setup.Command.Env, "SPAN_STORAGE_TYPE="+kind)
		setup.Command.Dir = t.TempDir()
		j := &jaegerV1{setup: setup}
		return j, j.run(t)
	})
}

// start starts it again, where it was.
func (j *jaegerV1) start(t *testing.T) {
	t.Helper()
	if err := j.run(t); err != nil {
		t.Fatalf("jaeger 1.62: %v\n%s", err, j.proc.Output())
	}
}

func (j *jaegerV1) run(t *testing.T) error {
	t.Helper()
	j.proc = process.Start(t, j.setup.Command)
	if err := j.setup.WaitReady(t.Context(), j.proc.Done()); err != nil {
		return cmp.Or(j.proc.EndedEarly(), err)
	}
	return nil
}

func (j *jaegerV1) stop(t *testing.T) {
	t.Helper()
	if err := j.proc.Stop(); err != nil {
		t.Errorf("stop jaeger 1.62: %v", err)
	}
}

func (j *jaegerV1) queryURL() string { return j.setup.Instance.QueryURL }

func (j *jaegerV1) sendFlags(t *testing.T) []string {
	t.Helper()
	return agentFlags(t, j.setup.Instance.AgentHostPort)
}
