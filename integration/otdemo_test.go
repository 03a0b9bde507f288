package integration

import (
	"encoding/json"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// runTimeout bounds a command that ends by itself.
	runTimeout = 30 * time.Second
	// startTimeout bounds the start of one that serves.
	startTimeout = 10 * time.Second
)

// command is otdemo with args.
func command(t *testing.T, args ...string) process.Command {
	t.Helper()
	return program.Command(t, args...)
}

// run runs otdemo to its end and fails the test unless its exit code is want.
func run(t *testing.T, want int, args ...string) process.Result {
	t.Helper()
	return program.Run(t, want, args...)
}

// start runs an otdemo that serves and returns where it listens, by name.
func start(t *testing.T, args ...string) (*process.Process, map[string]string) {
	t.Helper()
	return program.Start(t, nil, args...)
}

// report is what the tests look at of check-jaeger's JSON.
type report struct {
	Verdict struct {
		Answer         string `json:"answer"`
		FirstBrokenHop string `json:"first_broken_hop"`
		Probe          string `json:"probe"`
		Text           string `json:"text"`
		Warnings       int    `json:"warnings"`
	} `json:"verdict"`
	Findings []struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"findings"`
}

// status returns what the probe came to, or "" when it is not in the report.
func (r report) status(probe string) string {
	for _, f := range r.Findings {
		if f.ID == probe {
			return f.Status
		}
	}
	return ""
}

// check runs check-jaeger and fails the test unless its exit code is want.
func check(t *testing.T, want int, flags ...string) report {
	t.Helper()
	got := run(t, want, append([]string{"check-jaeger", "-o", "json"}, flags...)...)
	var r report
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q: %v", got.Stdout, err)
	}
	return r
}

// agentFlags tell otdemo to send its spans over UDP.
func agentFlags(t *testing.T, hostPort string) []string {
	t.Helper()
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--agent-host", host, "--agent-port", port}
}

// traceID finds the line "trace: <id>" in what call printed.
func traceID(t *testing.T, stdout string) trace.TraceID {
	t.Helper()
	m := regexp.MustCompile(`(?m)^trace: ([0-9a-f]+)$`).FindStringSubmatch(stdout)
	if m == nil {
		t.Fatalf("no line with the trace's id in:\n%s", stdout)
	}
	id, err := trace.ParseTraceID(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// ways returns the flags for each way by which spans can go to j.
func ways(t *testing.T, j *jaegers.Instance) map[string][]string {
	t.Helper()
	return map[string][]string{
		"udp":  agentFlags(t, j.AgentHostPort),
		"http": {"--collector-endpoint", j.CollectorURL},
	}
}
