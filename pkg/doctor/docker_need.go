package doctor

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
)

// need is a port of Jaeger's that the configuration goes to.
type need struct {
	// host and port are where the configuration goes, addr what host resolves to.
	host string
	addr netip.Addr
	port int
	// inside is the port that Jaeger has for it.
	inside int
	proto  string
	// flag tells the configuration to go to another host and port.
	flag func(host string, port int) string

	// probe found out whether the port can be reached; tried says that it ran.
	probe  string
	hop    Hop
	tried  bool
	broken bool
}

// String is the port as Jaeger has it, "6831/udp".
func (n need) String() string { return strconv.Itoa(n.inside) + "/" + n.proto }

// at is where the configuration goes, "udp localhost:6831".
func (n need) at() string { return n.proto + " " + net.JoinHostPort(n.host, strconv.Itoa(n.port)) }

// jaegerNeeds returns the ports that the configuration needs: that for spans,
// then that for the query API.
func jaegerNeeds(env *Env) []need {
	spans := agentNeed(env)
	if env.config().UsesCollector() {
		spans = urlNeed(env.config().CollectorURL(), intakeOf(&env.Target).port, collectorFlag)
		spans.blame(env, HopNetwork, idCollector, idCanary)
	} else {
		spans.blame(env, HopNetwork, idHost, idUDP, idCanary)
	}
	query := urlNeed(env.config().Query.URL, portUI, queryFlag)
	query.blame(env, HopQuery, idQuery)
	return []need{spans, query}
}

// met reports whether the need was found to be met.
func (n need) met() bool { return n.tried && !n.broken }

// resolve sets the needs' addresses, side by side. It asks for no name that was
// just found to have none, since that may have taken its time.
func resolve(ctx context.Context, env *Env, needs []need) {
	unresolved := []Code{codeHostUnresolved, codeCollectorUnresolved, codeQueryUnresolved}
	var wg sync.WaitGroup
	for i := range needs {
		n := &needs[i]
		if slices.Contains(unresolved, env.code(n.probe)) {
			continue
		}
		wg.Go(func() {
			addrs, err := env.Lookup(ctx, n.host)
			if err != nil || len(addrs) == 0 {
				return
			}
			for j := range addrs {
				addrs[j] = addrs[j].Unmap()
			}
			n.addr = preferred(addrs)
		})
	}
	wg.Wait()
}

// blame finds the probe that says whether the need is met: the first that
// failed, else the last that ran.
func (n *need) blame(env *Env, hop Hop, probes ...string) {
	n.hop, n.probe = hop, probes[0]
	for _, id := range probes {
		switch {
		case env.failed(id):
			n.probe, n.tried, n.broken = id, true, true
			return
		case env.passed(id):
			n.probe, n.tried = id, true
		}
	}
}

func agentNeed(env *Env) need {
	agent := env.config().Reporter.Agent
	n := need{host: agent.Host, port: agent.Port, inside: portCompact, proto: "udp", flag: agentFlag}
	if agent.Port == portBinary || agent.Port == portZipkin {
		// Another encoding's: agent-udp and canary have more to say about it.
		n.inside = agent.Port
	}
	return n
}

// urlNeed is for a URL that pkg/config has found to be one.
func urlNeed(raw, inside string, flag func(base url.URL) func(string, int) string) need {
	u, err := url.Parse(raw)
	if err != nil {
		return need{proto: "tcp"}
	}
	port, _ := strconv.Atoi(portOf(u))
	own, _ := strconv.Atoi(inside)
	return need{host: u.Hostname(), port: port, inside: own, proto: "tcp", flag: flag(*u)}
}

func agentFlag(host string, port int) string {
	line := "--agent-host " + host
	if port != portCompact {
		line += " --agent-port " + strconv.Itoa(port)
	}
	return line
}

func collectorFlag(u url.URL) func(string, int) string { return urlFlag("--collector-endpoint ", u) }

func queryFlag(u url.URL) func(string, int) string { return urlFlag("--query-url ", u) }

func urlFlag(flag string, u url.URL) func(string, int) string {
	return func(host string, port int) string {
		u.Host = net.JoinHostPort(host, strconv.Itoa(port))
		return flag + bare(&u)
	}
}

// isOwn reports whether addr is one of this machine's. A socket that is
// connected to such an address has the same one at both ends; nothing is sent.
func isOwn(ctx context.Context, t *Target, addr netip.Addr) bool {
	if !addr.IsValid() || addr.IsLoopback() {
		return addr.IsValid()
	}
	const discard = "9"
	conn, err := t.Dial(ctx, "udp", net.JoinHostPort(addr.String(), discard))
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	return hostOf(conn.LocalAddr().String()) == addr.String()
}
