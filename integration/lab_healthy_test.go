package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
)

// TestNoFalseAlarm checks healthy backends many times over, and expects each
// check to say yes and to warn of nothing.
func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	for _, r := range jaegers.Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			j := jaegers.Start(t, r)
			for way, flags := range ways(t, j) {
				repeat(t, way, 50, append(flags, "--query-url", j.QueryURL))
			}
		})
	}
	t.Run("all-in-one", func(t *testing.T) {
		t.Parallel()
		_, addrs := start(t, "all-in-one", "--free-ports")
		repeat(t, "udp", 200, append(agentFlags(t, addrs["agent-compact"]), "--query-url", "http://"+addrs["query"]))
	})
}

// repeat checks n times, some at a time, and logs how long a check takes.
func repeat(t *testing.T, way string, n int, flags []string) {
	t.Helper()
	const atOnce = 2
	var mu sync.Mutex
	var took []float64
	t.Run(way, func(t *testing.T) {
		t.Parallel()
		t.Cleanup(func() {
			slices.Sort(took)
			if len(took) > 0 {
				t.Logf("%d checks, median %.0f ms, longest %.0f ms", len(took), took[len(took)/2], took[len(took)-1])
			}
		})
		for worker := range atOnce {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for range n / atOnce {
					ms := checkHealthy(t, flags)
					mu.Lock()
					took = append(took, ms)
					mu.Unlock()
				}
			})
		}
	})
}

// checkHealthy returns how long the check took, in milliseconds.
func checkHealthy(t *testing.T, flags []string) float64 {
	t.Helper()
	got := place{}.check(t, nil, flags...)
	var r labReport
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q: %v\n%s", got.Stdout, err, got.Stderr)
	}
	if got.Code != 0 || r.Verdict.Answer != "yes" || r.Verdict.Warnings != 0 {
		t.Fatalf("got exit code %d, want 0 and no warnings\n%s", got.Code, r)
	}
	return r.ElapsedMS
}
