package docker

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// Need is a port of Jaeger's that the configuration goes to.
type Need struct {
	// Host and port are where the configuration goes, addr what host resolves to.
	Host string
	Addr netip.Addr
	Port int
	// Inside is the port that Jaeger has for it.
	Inside int
	Proto  string
	// flag returns the flags for another host and port.
	flag func(host string, port int) string

	// Probe checked whether the port can be reached; checked is set if it ran.
	Probe   string
	Hop     probe.Hop
	checked bool
	broken  bool
}

// String is the port as Jaeger has it, "6831/udp".
func (n Need) String() string { return strconv.Itoa(n.Inside) + "/" + n.Proto }

// At is where the configuration goes, "udp localhost:6831".
func (n Need) At() string { return n.Proto + " " + net.JoinHostPort(n.Host, strconv.Itoa(n.Port)) }

// Needs returns the ports that the configuration needs: that for spans,
// then that for the query API.
func Needs(env *probe.Env) []Need {
	spans := agentNeed(env)
	if env.Config().UsesCollector() {
		spans = urlNeed(env.Config().CollectorURL(), send.ProtocolOf(&env.Target).Port, collectorFlag)
		spans.checkedBy(env, probe.HopNetwork, probe.IDCollector, probe.IDCanary)
	} else {
		spans.checkedBy(env, probe.HopNetwork, probe.IDHost, probe.IDUDP, probe.IDCanary)
	}
	query := urlNeed(env.Config().Query.URL, probe.PortUI, queryFlag)
	query.checkedBy(env, probe.HopQuery, probe.IDQuery)
	return []Need{spans, query}
}

// Met reports whether the need was found to be met.
func (n Need) Met() bool { return n.checked && !n.broken }

// Resolve sets the needs' addresses, in parallel. It skips names that an
// earlier probe could not resolve, since that may have been slow.
func Resolve(ctx context.Context, env *probe.Env, needs []Need) {
	unresolved := []probe.Code{probe.CodeHostUnresolved, probe.CodeCollectorUnresolved, probe.CodeQueryUnresolved}
	var wg sync.WaitGroup
	for i := range needs {
		n := &needs[i]
		if slices.Contains(unresolved, env.Code(n.Probe)) {
			continue
		}
		wg.Go(func() {
			addrs, err := env.Lookup(ctx, n.Host)
			if err != nil || len(addrs) == 0 {
				return
			}
			for j := range addrs {
				addrs[j] = addrs[j].Unmap()
			}
			n.Addr = probe.Preferred(addrs)
		})
	}
	wg.Wait()
}

// checkedBy sets the probe that checked the need: the first that failed,
// otherwise the last that ran.
func (n *Need) checkedBy(env *probe.Env, hop probe.Hop, probes ...string) {
	n.Hop, n.Probe = hop, probes[0]
	for _, id := range probes {
		switch {
		case env.Failed(id):
			n.Probe, n.checked, n.broken = id, true, true
			return
		case env.Passed(id):
			n.Probe, n.checked = id, true
		}
	}
}

func agentNeed(env *probe.Env) Need {
	agent := env.Config().Reporter.Agent
	n := Need{Host: agent.Host, Port: agent.Port, Inside: jaegers.PortCompact, Proto: "udp", flag: agentFlag}
	if agent.Port == jaegers.PortBinary || agent.Port == jaegers.PortZipkin {
		// For another encoding agent-udp and canary have better findings.
		n.Inside = agent.Port
	}
	return n
}

// urlNeed is for a URL that pkg/config has found to be one.
func urlNeed(raw, inside string, flag func(base url.URL) func(string, int) string) Need {
	u, err := url.Parse(raw)
	if err != nil {
		return Need{Proto: "tcp"}
	}
	port, _ := strconv.Atoi(probe.PortOf(u))
	own, _ := strconv.Atoi(inside)
	return Need{Host: u.Hostname(), Port: port, Inside: own, Proto: "tcp", flag: flag(*u)}
}

func agentFlag(host string, port int) string {
	line := "--agent-host " + host
	if port != jaegers.PortCompact {
		line += " --agent-port " + strconv.Itoa(port)
	}
	return line
}

func collectorFlag(u url.URL) func(string, int) string { return urlFlag("--collector-endpoint ", u) }

func queryFlag(u url.URL) func(string, int) string { return urlFlag("--query-url ", u) }

func urlFlag(flag string, u url.URL) func(string, int) string {
	return func(host string, port int) string {
		u.Host = net.JoinHostPort(host, strconv.Itoa(port))
		return flag + probe.Bare(&u)
	}
}
