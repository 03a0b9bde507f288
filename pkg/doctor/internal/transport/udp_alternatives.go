package transport

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// IsTCPOnly reports whether Jaeger uses the port, but not for UDP.
func IsTCPOnly(port int) bool {
	return slices.Contains([]int{4317, 4318, 5778, 5779, 9411, 14250, 14268, 14269, 16685, 16686}, port)
}

// alternativeFlags sends a span to where the agent rather is when addr is closed, and
// returns the flags for those places that do not refuse it: Jaeger's own port, the
// host that has the query API, and 127.0.0.1 for ::1, since Jaeger 2 listens on
// one of them only.
func alternativeFlags(ctx context.Context, env *probe.Env, addr string) []string {
	agent := env.Config().Reporter.Agent
	hosts := []string{agent.Host}
	if probe.IsLoopback(agent.Host) && !probe.IsLoopback(env.QueryHost()) {
		hosts = append(hosts, env.QueryHost())
	}
	if probe.HostOf(addr) == net.IPv6loopback.String() {
		hosts = append(hosts, "127.0.0.1")
	}
	var hints []string
	for _, host := range hosts {
		if host == agent.Host && agent.Port == jaegers.PortCompact || ctx.Err() != nil {
			continue
		}
		var flags []string
		if host != agent.Host {
			flags = append(flags, "--agent-host "+host)
		}
		if agent.Port != jaegers.PortCompact {
			flags = append(flags, fmt.Sprintf("--agent-port %d", jaegers.PortCompact))
		}
		addr := net.JoinHostPort(host, strconv.Itoa(jaegers.PortCompact))
		if a := send.NewRawSpan(probe.IDUDP, time.Now()).SendUDP(ctx, env, addr, send.CompactProtocol); a.Problem == nil {
			hints = append(hints, strings.Join(flags, " "))
		}
	}
	return hints
}
