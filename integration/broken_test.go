package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
)

// closedAddr is where nothing listens: no port below 1024 is ever picked as a free
// one, and nobody serves tcpmux any longer.
const closedAddr = "127.0.0.1:1"

// TestWayClosed has a Jaeger that works but for the port that the spans go to. Over
// UDP this is the fault that jaeger-client-go takes for success.
func TestWayClosed(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	tests := []struct {
		way       string
		flags     []string
		wantLoss  string
		wantProbe string
	}{
		{"udp", agentFlags(t, closedAddr), "refused", "agent-udp"},
		{
			"http",
			[]string{"--collector-endpoint", "http://" + closedAddr + "/api/traces"},
			"not accepted", "collector-http",
		},
	}
	for _, test := range tests {
		t.Run(test.way, func(t *testing.T) {
			t.Parallel()
			flags := append([]string{"--query-url", j.QueryURL}, test.flags...)
			_, addrs := start(t, slices.Concat([]string{"serve", "--port", "0"}, flags)...)
			called := run(t, 0, slices.Concat([]string{"call", "http://" + addrs["http"] + "/"}, flags)...)
			if want := "Received result: The time is "; !strings.Contains(called.Stdout, want) {
				t.Errorf("call's stdout lacks %q:\n%s", want, called.Stdout)
			}
			// Of the trace's six spans, two are the server's.
			for _, want := range []string{"4 of 4 spans to ", " were " + test.wantLoss, "otdemo check-jaeger"} {
				if !strings.Contains(called.Stderr, want) {
					t.Errorf("call's stderr lacks %q:\n%s", want, called.Stderr)
				}
			}

			got := check(t, 1, flags...).Verdict
			if got.Answer != "no" || got.FirstBrokenHop != "network" || got.Probe != test.wantProbe {
				t.Errorf("verdict: got %+v, want no, broken first at network, by probe %s", got, test.wantProbe)
			}
			if want := "spans do NOT reach Jaeger: first broken hop: network: "; !strings.HasPrefix(got.Text, want) {
				t.Errorf("verdict's text: got %q, want it to start with %q", got.Text, want)
			}
		})
	}
}
