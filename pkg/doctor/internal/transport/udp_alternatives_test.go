package transport

import (
	"context"
	"net"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

func TestAlternativeFlags(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host, query string
		port        int
		// open are the addresses that do not refuse.
		open []string
		want []string
	}{
		"another port of Jaeger's": {
			"localhost", "http://localhost:16686", 6830,
			[]string{"localhost:6831"},
			[]string{"--agent-port 6831"},
		},
		"nowhere": {"localhost", "http://localhost:16686", 6830, nil, nil},
		"the host of the query API": {
			"localhost", "http://jaeger:16686", 6831,
			[]string{"jaeger:6831"},
			[]string{"--agent-host jaeger"},
		},
		"another port of the host of the query API": {
			"localhost", "http://jaeger:16686", 6830,
			[]string{"jaeger:6831"},
			[]string{"--agent-host jaeger --agent-port 6831"},
		},
		"the older loopback": {
			"::1", "http://localhost:16686", 6831,
			[]string{"127.0.0.1:6831"},
			[]string{"--agent-host 127.0.0.1"},
		},
		"a host of its own is not second-guessed": {
			"agent", "http://jaeger:16686", 6831, []string{"jaeger:6831"}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent, closed := probetest.ListenUDP(t).LocalAddr().String(), probetest.ClosedAddr(t)
			target := probetest.Outside(probetest.Load(t, "reporter.agent.host", tt.host,
				"reporter.agent.port", strconv.Itoa(tt.port), "query.url", tt.query))
			target.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				target := closed
				if slices.Contains(tt.open, address) {
					target = silent
				}
				return new(net.Dialer).DialContext(ctx, network, target)
			}
			env := &probe.Env{Target: target}
			got := alternativeFlags(t.Context(), env, env.AgentAddr())
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("hints (-want +got):\n%s", diff)
			}
		})
	}
}
