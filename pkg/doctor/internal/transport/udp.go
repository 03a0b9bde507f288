package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/pkg/doctor/internal/identity"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/plural"
)

// The codes of what is found here.
const (
	CodeUDPSilent         probe.Code = "udp-not-refused"
	codeUDPPublishedAsTCP probe.Code = "udp-published-as-tcp"
	CodeUDPAnswered       probe.Code = "udp-answered"
	// CodeUDPWrongEncoding is a warning until the canary is lost as well.
	CodeUDPWrongEncoding probe.Code = "udp-wrong-encoding"
	// CodeUDPNotServed is found by agent-udp and by the canary, whichever notices.
	CodeUDPNotServed probe.Code = "udp-not-served"
)

// TCPTimeout bounds the look whether a port is open for TCP: it has just refused
// UDP, so the host is there.
const TCPTimeout = 500 * time.Millisecond

// UDPProbe sends one span to the agent's UDP port and waits for a refusal.
func UDPProbe() probe.Probe {
	return probe.Probe{
		ID:    probe.IDUDP,
		Hop:   probe.HopNetwork,
		Title: "the agent's UDP port is reachable",
		Needs: []string{probe.IDHost},
		// The fix of a refusal depends on whether a Jaeger is there, and which.
		// Jaeger's counters are read before the first span.
		After:   []string{probe.IDQuery, probe.IDIdentity},
		Follows: []string{probe.IDStorageKind},
		Codes: []probe.Code{
			CodeUDPSilent, probe.CodeUDPRefused, codeUDPPublishedAsTCP, probe.CodeUDPUnreachable, CodeUDPAnswered,
			CodeUDPWrongEncoding, CodeUDPNotServed,
		},
		Run: runUDP,
	}
}

func runUDP(ctx context.Context, env *probe.Env) probe.Finding {
	if env.Config().UsesCollector() {
		return probe.NotUsed("spans go to the collector; the agent is not used")
	}
	configured := env.AgentAddr()
	addr := configured
	if host, ok := probe.Result[netip.Addr](env, probe.IDHost); ok {
		addr = net.JoinHostPort(host.String(), strconv.Itoa(env.Config().Reporter.Agent.Port))
	}
	span := send.NewRawSpan(probe.IDUDP, time.Now())
	env.Publish(send.SentSpan{Trace: span.ID, Addr: addr})
	env.Sent.Add(span.ID, false)
	a := span.SendUDP(ctx, env, addr, send.CompactProtocol)
	switch {
	case errors.Is(a.Err, os.ErrDeadlineExceeded):
		wait := send.RefusalTime(probe.HostOf(addr))
		return notRefused(env, configured, wait).Saw(a.Evidence, fmt.Sprintf("no response within %s", wait))
	case errors.Is(a.Err, syscall.ECONNREFUSED):
		return refused(ctx, env, addr).Saw(a.Evidence, "response: connection refused (ICMP port unreachable)")
	case a.Err != nil:
		return cannotSend(configured, addr, a.Err).Saw(a.Evidence, a.Err.Error())
	default:
		return probe.Warn(CodeUDPAnswered,
			"udp %s responded with %s, which Jaeger never does: another program?", configured, plural.Of(len(a.Answer), "byte", "bytes")).
			Saw(a.Evidence, "response: "+probe.Excerpt(a.Answer))
	}
}

// cannotSend returns the finding for an error that is not a refusal: of the
// network, or of this machine.
func cannotSend(configured, addr string, err error) probe.Finding {
	f := probe.Fail(probe.CodeUDPUnreachable, "cannot send to udp %s: %s", configured, probe.Reason(err))
	if errors.Is(err, syscall.EPERM) {
		return f.Hint("iptables -S OUTPUT")
	}
	return f.Hint("ip route get "+probe.HostOf(addr)).
		Perhaps("a firewall in between rejects the packets", "iptables -nvL (on Jaeger's host)").
		Perhaps("no route, or no such host", "")
}

func notRefused(env *probe.Env, addr string, wait time.Duration) probe.Finding {
	if port := env.Config().Reporter.Agent.Port; port == jaegers.PortBinary {
		return probe.Warn(CodeUDPWrongEncoding,
			"udp %s does not refuse spans, but port %d is Jaeger's port for binary thrift, and spans are sent as compact thrift", addr, port).
			Hint(compactPort())
	}
	return probe.OK(CodeUDPSilent, "udp %s did not refuse a span within %s; UDP proves no more than that", addr, wait)
}

// refused finds out why a port may be closed. Other open ports on the host
// distinguish a closed port from a missing Jaeger.
func refused(ctx context.Context, env *probe.Env, addr string) probe.Finding {
	agent := env.Config().Reporter.Agent
	configured, port := env.AgentAddr(), agent.Port
	jaeger, lacks := NotServed(env)
	if lacks {
		return NotServedFinding(env, jaeger, "nothing listens on udp %s", configured)
	}
	if !IsTCPOnly(port) && tcpOpen(ctx, env, addr) {
		return probe.Fail(codeUDPPublishedAsTCP, "tcp %s is open and udp %s is closed: published without /udp", configured, configured).
			Saw("tcp " + addr + ": connected").
			Hint(fmt.Sprintf("docker run -p %d:%d/udp ... (in compose: \"%d:%d/udp\")", port, jaegers.PortCompact, port, jaegers.PortCompact))
	}
	f := probe.Fail(probe.CodeUDPRefused, "nothing listens on udp %s", configured).Hint(alternativeFlags(ctx, env, addr)...)
	switch {
	case port == jaegers.PortZipkin:
		return f.Hint(fmt.Sprintf("--agent-port %d (no Jaeger 2 listens on %d)", jaegers.PortCompact, port))
	case IsTCPOnly(port):
		f.Fact += ", a port that Jaeger uses over TCP only"
		if len(f.Hints) == 0 {
			f = f.Hint(compactPort())
		}
		return f
	case env.Passed(probe.IDQuery):
		return perhapsClosed(f.Hint(fmt.Sprintf("docker run -p %d:%d/udp ... (/udp is needed)", port, jaegers.PortCompact)), env, jaeger)
	case hosts.IsLoopback(agent.Host) && env.InContainer():
		return f.Saw("this process runs in a container, where "+agent.Host+" is the container itself").
			Hint("JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)", probe.HintAllInOne).
			Perhaps("Jaeger runs in another container", "getent hosts jaeger").
			Perhaps("in Kubernetes, the agent is a DaemonSet on the node: set JAEGER_AGENT_HOST from status.hostIP", "").
			Perhaps("Jaeger should run in this container but does not", fmt.Sprintf("ss -lnup 'sport = :%d'", port))
	default:
		// No sign of a Jaeger anywhere.
		return f.Hint(probe.HintStart(agent.Host))
	}
}

func tcpOpen(ctx context.Context, env *probe.Env, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, TCPTimeout)
	defer cancel()
	conn, err := env.Dial(ctx, "tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// compactPort is the flag for the agent's usual port.
func compactPort() string { return fmt.Sprintf("--agent-port %d", jaegers.PortCompact) }

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
	candidates := []string{agent.Host}
	if hosts.IsLoopback(agent.Host) && !hosts.IsLoopback(env.QueryHost()) {
		candidates = append(candidates, env.QueryHost())
	}
	if probe.HostOf(addr) == net.IPv6loopback.String() {
		candidates = append(candidates, "127.0.0.1")
	}
	var hints []string
	for _, host := range candidates {
		if host == agent.Host && agent.Port == jaegers.PortCompact || ctx.Err() != nil {
			continue
		}
		var flags []string
		if host != agent.Host {
			flags = append(flags, "--agent-host "+host)
		}
		if agent.Port != jaegers.PortCompact {
			flags = append(flags, compactPort())
		}
		addr := net.JoinHostPort(host, strconv.Itoa(jaegers.PortCompact))
		if a := send.NewRawSpan(probe.IDUDP, time.Now()).SendUDP(ctx, env, addr, send.CompactProtocol); a.Problem == nil {
			hints = append(hints, strings.Join(flags, " "))
		}
	}
	return hints
}

// NotServed returns the Jaeger that was identified, and whether it certainly
// does not listen on the agent's port. The version proves nothing about a
// separate agent on another host, or about a custom port.
func NotServed(env *probe.Env) (jaeger identity.Identity, lacks bool) {
	jaeger, _ = probe.Result[identity.Identity](env, probe.IDIdentity)
	agent := env.Config().Reporter.Agent
	if !slices.Contains([]int{jaegers.PortCompact, jaegers.PortBinary, jaegers.PortZipkin}, agent.Port) || !jaeger.RunsOn(agent.Host) {
		return jaeger, false
	}
	return jaeger, jaeger.All(identity.LacksUDP(agent.Port))
}

// NotServedFinding returns a finding at the identity hop: this Jaeger does not
// have the port. format describes what was observed.
func NotServedFinding(env *probe.Env, jaeger identity.Identity, format string, args ...any) probe.Finding {
	agent := env.Config().Reporter.Agent
	f := probe.Fail(CodeUDPNotServed, format, args...).AtHop(probe.HopIdentity).
		Saw("it is " + jaeger.String() + ": " + jaeger.Source)
	if jaeger.All(identity.TakesUDP(jaegers.PortCompact)) || jaeger.Major == 2 && agent.Port == jaegers.PortZipkin {
		f.Fact += fmt.Sprintf(": %s has no port %d/udp", jaeger, agent.Port)
		return f.Hint(compactPort())
	}
	f.Fact += fmt.Sprintf(": %s does not receive spans over UDP", jaeger)
	return f.Hint(
		"JAEGER_ENDPOINT="+send.ThriftURL(agent.Host)+" (the same as --collector-endpoint)",
		"or use a Jaeger that receives UDP: jaegertracing/jaeger:2.2 and later, jaegertracing/all-in-one:1.62",
	)
}

// perhapsClosed adds the explanations of a closed port on a host with a Jaeger,
// without those that its identity rules out.
func perhapsClosed(f probe.Finding, env *probe.Env, jaeger identity.Identity) probe.Finding {
	agent := env.Config().Reporter.Agent
	f = f.Perhaps(fmt.Sprintf("Jaeger's container does not publish %d/udp", agent.Port), "docker ps --format '{{.Names}} {{.Image}} {{.Ports}}'")
	isElsewhere := !jaeger.RunsOn(agent.Host)
	if isElsewhere || jaeger.May(identity.LacksUDP(agent.Port)) {
		f = f.Perhaps("this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none",
			"otdemo check-jaeger --collector-endpoint "+send.ThriftURL(agent.Host))
	}
	if isElsewhere || jaeger.May(identity.OnLoopback) {
		f = f.Perhaps(loopbackOnly, fmt.Sprintf("ss -lnup 'sport = :%d' (on Jaeger's host)", agent.Port))
	}
	return f
}

const loopbackOnly = "Jaeger 2 listens on 127.0.0.1 only, unless JAEGER_LISTEN_HOST=0.0.0.0 is set for it"
