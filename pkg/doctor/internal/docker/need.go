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
	// option is the flag of the URL that has host and port; url is nil for the agent.
	option string
	url    *url.URL

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
		spans = urlNeed(env.Config().CollectorURL(), send.ProtocolOf(&env.Target).Port, "--collector-endpoint")
		spans.checkedBy(env, probe.HopNetwork, probe.IDCollector, probe.IDCanary)
	} else {
		spans.checkedBy(env, probe.HopNetwork, probe.IDHost, probe.IDUDP, probe.IDCanary)
	}
	query := urlNeed(env.Config().Query.URL, probe.PortUI, "--query-url")
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
	n := Need{Host: agent.Host, Port: agent.Port, Inside: jaegers.PortCompact, Proto: "udp"}
	if agent.Port == jaegers.PortBinary || agent.Port == jaegers.PortZipkin {
		// For another encoding agent-udp and canary have better findings.
		n.Inside = agent.Port
	}
	return n
}

// urlNeed is for a URL that pkg/config has found to be one.
func urlNeed(raw, inside, option string) Need {
	u, err := url.Parse(raw)
	if err != nil {
		return Need{Proto: "tcp"}
	}
	port, _ := strconv.Atoi(probe.PortOf(u))
	own, _ := strconv.Atoi(inside)
	return Need{Host: u.Hostname(), Port: port, Inside: own, Proto: "tcp", option: option, url: u}
}

// flag returns the flags for another host and port.
func (n Need) flag(host string, port int) string {
	switch {
	case n.url != nil:
		u := *n.url
		u.Host = net.JoinHostPort(host, strconv.Itoa(port))
		return n.option + " " + probe.Bare(&u)
	case port != jaegers.PortCompact:
		return "--agent-host " + host + " --agent-port " + strconv.Itoa(port)
	default:
		return "--agent-host " + host
	}
}

// PublishFor is the binding that brings what is sent to a need's address to
// Jaeger. Loopback is one of all addresses, so nothing narrower is proposed.
func (n Need) PublishFor() Binding { return Binding{Port: n.Port, Inside: n.Inside, Proto: n.Proto} }
