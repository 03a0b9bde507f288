package docker

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"

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

	// Probe checked whether the port can be reached; the status is "" if none did.
	Probe  string
	Hop    probe.Hop
	status probe.Status
}

// String is the port as Jaeger has it, "6831/udp".
func (n Need) String() string { return strconv.Itoa(n.Inside) + "/" + n.Proto }

// At is where the configuration goes, "udp localhost:6831".
func (n Need) At() string { return n.Proto + " " + net.JoinHostPort(n.Host, strconv.Itoa(n.Port)) }

// Needs returns the ports that the configuration needs: that for spans,
// then that for the query API.
func Needs(ctx context.Context, env *probe.Env) []Need {
	var spans Need
	if cfg := env.Config(); cfg.UsesCollector() {
		spans = urlNeed(cfg.CollectorURL(), send.ProtocolOf(&env.Target).Port, "--collector-endpoint")
		spans.checkedBy(env, probe.HopNetwork, probe.IDCollector, probe.IDCanary)
	} else {
		agent := cfg.Reporter.Agent
		spans = Need{Host: agent.Host, Port: agent.Port, Inside: jaegers.PortCompact, Proto: "udp"}
		if agent.Port == jaegers.PortBinary || agent.Port == jaegers.PortZipkin {
			// For another encoding agent-udp and canary have better findings.
			spans.Inside = agent.Port
		}
		spans.checkedBy(env, probe.HopNetwork, probe.IDHost, probe.IDUDP, probe.IDCanary)
	}
	query := urlNeed(env.Config().Query.URL, probe.PortUI, "--query-url")
	query.checkedBy(env, probe.HopQuery, probe.IDQuery)
	needs := []Need{spans, query}
	for i := range needs {
		needs[i].resolve(ctx, env)
	}
	return needs
}

// Met reports whether the need was found to be met.
func (n Need) Met() bool { return n.status.Passes() }

// resolve sets the address, unless an earlier probe could not resolve the name, which
// may have been slow.
func (n *Need) resolve(ctx context.Context, env *probe.Env) {
	unresolved := []probe.Code{probe.CodeHostUnresolved, probe.CodeCollectorUnresolved, probe.CodeQueryUnresolved}
	if slices.Contains(unresolved, env.Code(n.Probe)) {
		return
	}
	addrs, err := env.Lookup(ctx, n.Host)
	if err != nil || len(addrs) == 0 {
		return
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	n.Addr = probe.Preferred(addrs)
}

// checkedBy sets the probe that checked the need: the first that failed,
// otherwise the last that ran.
func (n *Need) checkedBy(env *probe.Env, hop probe.Hop, probes ...string) {
	n.Hop, n.Probe = hop, probes[0]
	for _, id := range probes {
		if env.Passed(id) {
			n.Probe, n.status = id, probe.StatusOK
		}
		if env.Failed(id) {
			n.Probe, n.status = id, probe.StatusFail
			return
		}
	}
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
