package ledger_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
)

// Whatever is broken, and however much of it at once, the sums close (run.do checks
// them), and what counts as stored is what the backend has.
func TestSumsCloseWhateverBreaks(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		seed := rand.Uint64()
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			dice := rand.New(rand.NewPCG(seed, 0))
			often := func(n int) bool { return dice.IntN(n) == 0 }

			b, end := startBackend(t, allinone.Options{MaxMemory: 4 << 20})
			agent := b.Addrs()[allinone.AgentCompact]
			if often(2) {
				fate := rand.New(rand.NewPCG(seed, 1))
				agent = relay(t, agent, func(int) int { return fate.IntN(3) })
			}
			change := func(c *config.Config) {
				if often(3) {
					c.Reporter.QueueSize = 1 + dice.IntN(20)
				}
				if often(4) {
					c.Reporter.Collector.Endpoint = "http://" + b.Addrs()[allinone.CollectorHTTP] + "/api/traces"
				}
				if often(6) {
					c.Reporter.Agent.Port = portOf(t, closedPort(t))
				}
				if often(6) {
					c.Reporter.FlushInterval = time.Hour
				}
			}
			s := startService(t, startTracer(t, "server", agent, change))
			r := run{
				query: b.Addrs()[allinone.Query], agent: agent, url: s.url, each: paced,
				tracer: startTracer(t, "client", agent, change), requests: 1 + dice.Int64N(300),
				workers: 1 + dice.IntN(4), share: dice.Float64(), patience: patience,
			}
			killed, restarted := often(4), often(4)
			r.between = func() {
				if killed {
					s.http.Close()
				}
				if restarted {
					end()
					b, _ = startBackend(t, again(t, b))
				}
			}
			l, err := r.do(t)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := l.Spans.Stored+l.Spans.Duplicates, b.Stats().Store.Spans; got > want || !killed && got != want {
				// A server that was killed may still flush: here it lives on.
				t.Errorf("got %d stored and %d duplicates, the backend has %d", l.Spans.Stored, l.Spans.Duplicates, want)
			}
		})
	}
}
