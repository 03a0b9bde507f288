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
	// host and port are where the configuration goes, addr what host resolves to.
	Host string
	Addr netip.Addr
	Port int
	// inside is the port that Jaeger has for it.
	Inside int
	Proto  string
	// flag tells the configuration to go to another host and port.
	flag func(host string, port int) string

	// probe found out whether the port can be reached; tried says that it ran.
	Probe  string
	Hop    probe.Hop
	tried  bool
	broken bool
}

// String is the port as Jaeger has it, "6831/udp".
func (n Need) String() string { return strconv.Itoa(n.Inside) + "/" + n.Proto }

// At is where the configuration goes, "udp localhost:6831".
func (n Need) At() string { return n.Proto + " " + net.JoinHostPort(n.Host, strconv.Itoa(n.Port)) }

// JaegerNeeds returns the ports that the configuration needs: that for spans,
// then that for the query API.
func JaegerNeeds(env *probe.Env) []Need {
	spans := agentNeed(env)
	if env.Config().UsesCollector() {
		spans = urlNeed(env.Config().CollectorURL(), send.ProtocolOf(&env.Target).Port, collectorFlag)
		spans.blame(env, probe.HopNetwork, probe.IDCollector, probe.IDCanary)
	} else {
		spans.blame(env, probe.HopNetwork, probe.IDHost, probe.IDUDP, probe.IDCanary)
	}
	query := urlNeed(env.Config().Query.URL, probe.PortUI, queryFlag)
	query.blame(env, probe.HopQuery, probe.IDQuery)
	return []Need{spans, query}
}

// Met reports whether the need was found to be met.
func (n Need) Met() bool { return n.tried && !n.broken }

// Resolve sets the needs' addresses, side by side. It asks for no name that was
// just found to have none, since that may have taken its time.
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

// blame finds the probe that says whether the need is met: the first that
// failed, else the last that ran.
func (n *Need) blame(env *probe.Env, hop probe.Hop, probes ...string) {
	n.Hop, n.Probe = hop, probes[0]
	for _, id := range probes {
		switch {
		case env.Failed(id):
			n.Probe, n.tried, n.broken = id, true, true
			return
		case env.Passed(id):
			n.Probe, n.tried = id, true
		}
	}
}

func agentNeed(env *probe.Env) Need {
	agent := env.Config().Reporter.Agent
	n := Need{Host: agent.Host, Port: agent.Port, Inside: jaegers.PortCompact, Proto: "udp", flag: agentFlag}
	if agent.Port == jaegers.PortBinary || agent.Port == jaegers.PortZipkin {
		// Another encoding's: agent-udp and canary have more to say about it.
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
