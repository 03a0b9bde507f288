package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

const idUDP = "agent-udp"

const (
	codeUDPSilent         Code = "udp-not-refused"
	codeUDPRefused        Code = "udp-refused"
	codeUDPPublishedAsTCP Code = "udp-published-as-tcp"
	codeUDPUnreachable    Code = "udp-unreachable"
	codeUDPAnswered       Code = "udp-answered"
	// codeUDPWrongEncoding is a suspicion until the canary is lost, too.
	codeUDPWrongEncoding Code = "udp-wrong-encoding"
)

// The time in which a refusal comes back. On the machine itself the kernel has
// it ready before the write returns; 300 ms are a round trip around the earth.
const (
	localRefusal  = 20 * time.Millisecond
	remoteRefusal = 300 * time.Millisecond
)

// tcpTimeout bounds the look whether a port is open for TCP: it has just refused
// UDP, so the host is there.
const tcpTimeout = 500 * time.Millisecond

// Jaeger's UDP ports. The Go client speaks what 6831 expects.
const (
	portCompact = 6831
	portBinary  = 6832
	portZipkin  = 5775
)

// sentSpan is what agent-udp learns: a small span that left for addr.
type sentSpan struct {
	trace trace.TraceID
	addr  string
}

func agentUDP() Probe {
	return Probe{
		ID:    idUDP,
		Hop:   HopNetwork,
		Title: "the agent's UDP port refuses nothing",
		Needs: []string{idHost},
		// Whether a Jaeger is there at all, and which, decides what mends a refusal.
		// Jaeger's counters are read before the first span.
		After:   []string{idQuery, idIdentity},
		Follows: []string{idStorageKind},
		Codes: []Code{
			codeUDPSilent, codeUDPRefused, codeUDPPublishedAsTCP, codeUDPUnreachable, codeUDPAnswered,
			codeUDPWrongEncoding, codeUDPNotServed,
		},
		Run: runAgentUDP,
	}
}

func runAgentUDP(ctx context.Context, env *Env) Finding {
	if env.config().UsesCollector() {
		return notUsed("spans go to the collector, the agent is not used")
	}
	shown := env.agentAddr()
	addr, wait := shown, remoteRefusal
	if host, ok := fact[agentAddrs](env, idHost); ok {
		addr = net.JoinHostPort(host.chosen.String(), strconv.Itoa(env.config().Reporter.Agent.Port))
		if host.chosen.IsLoopback() {
			wait = localRefusal
		}
	}
	span := newHandmade(idUDP, time.Now())
	packet, err := span.datagram(ctx)
	if err != nil {
		return found(StatusUnknown, codeUDPUnreachable, "%v", err)
	}
	sent := fmt.Sprintf("sent a span of %d bytes to udp %s (trace %s)", len(packet), addr, span.id)
	env.learn(sentSpan{trace: span.id, addr: addr})
	env.sent.add(span.id, false)
	answer, err := exchangeUDP(ctx, env, addr, packet, wait)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return notRefused(env, shown, wait).saw(sent, fmt.Sprintf("nothing came back within %s", wait))
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused(ctx, env, addr).saw(sent, "came back: connection refused (ICMP port unreachable)")
	case err != nil:
		return cannotSend(shown, addr, err).saw(sent, err.Error())
	default:
		return found(StatusWarn, codeUDPAnswered,
			"udp %s answered with %s, a Jaeger never does: another program?", shown, plural.Of(len(answer), "byte", "bytes")).
			saw(sent, "came back: "+excerpt(answer))
	}
}

// exchangeUDP sends a datagram on a connected socket and waits for bytes or for
// the error that the network sends back. Only an error is certain: silence is
// what a Jaeger, a firewall and a black hole have in common.
func exchangeUDP(ctx context.Context, env *Env, addr string, packet []byte, wait time.Duration) ([]byte, error) {
	conn, err := env.Dial(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	deadline := time.Now().Add(wait)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	answer := make([]byte, maxExcerpt)
	n, err := conn.Read(answer)
	return answer[:n], err
}

// cannotSend is the finding for an error that is no refusal: the network's, or
// this machine's own.
func cannotSend(shown, addr string, err error) Finding {
	f := found(StatusFail, codeUDPUnreachable, "udp %s cannot be sent to: %s", shown, reason(err))
	if errors.Is(err, syscall.EPERM) {
		return f.hint("iptables -S OUTPUT")
	}
	return f.hint("ip route get "+hostOf(addr)).maybe(
		Cause{Text: "a firewall on the way rejects the packets", Command: "iptables -nvL (on Jaeger's host)"},
		Cause{Text: "there is no route, or no such host"},
	)
}

func notRefused(env *Env, addr string, wait time.Duration) Finding {
	if port := env.config().Reporter.Agent.Port; port == portBinary {
		return found(StatusWarn, codeUDPWrongEncoding,
			"udp %s refuses nothing, but port %d is Jaeger's for binary thrift, and spans are sent compact", addr, port).
			hint(fmt.Sprintf("--agent-port %d", portCompact))
	}
	return found(StatusOK, codeUDPSilent,
		"udp %s did not refuse a span within %s, more is not to be known from UDP", addr, wait)
}

// refused finds out why a port may be closed. What else answers on the host
// tells a closed port from an absent Jaeger.
func refused(ctx context.Context, env *Env, addr string) Finding {
	agent := env.config().Reporter.Agent
	shown, port := env.agentAddr(), agent.Port
	jaeger, lacks := notServed(env)
	if lacks {
		return notServedFinding(env, jaeger, "nothing listens on udp %s", shown)
	}
	if !isTCPOnly(port) && tcpOpen(ctx, env, addr) {
		return found(StatusFail, codeUDPPublishedAsTCP,
			"tcp %s is open and udp %s is closed: published without /udp", shown, shown).
			saw("tcp " + addr + ": connected").
			hint(fmt.Sprintf("docker run -p %d:%d/udp ... (in compose: \"%d:%d/udp\")", port, portCompact, port, portCompact))
	}
	f := found(StatusFail, codeUDPRefused, "nothing listens on udp %s", shown).hint(openBeside(ctx, env, addr)...)
	switch {
	case port == portZipkin:
		return f.hint(fmt.Sprintf("--agent-port %d (no Jaeger 2 listens on %d)", portCompact, port))
	case isTCPOnly(port):
		f.Fact += ", a port that Jaeger uses over TCP only"
		if len(f.Hints) == 0 {
			f = f.hint(fmt.Sprintf("--agent-port %d", portCompact))
		}
		return f
	case env.passed(idQuery):
		return f.hint(fmt.Sprintf("docker run -p %d:%d/udp ... (/udp is needed)", port, portCompact)).
			maybe(causesClosed(env, jaeger)...)
	case isLoopback(agent.Host) && env.inContainer():
		return f.saw("this process runs in a container, where "+agent.Host+" is the container itself").
			hint("JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)", hintAllInOne).
			maybe(causesInContainer(port)...)
	default:
		// No sign of a Jaeger anywhere.
		return f.hint(hintStart(agent.Host))
	}
}

// hintAllInOne starts the backend that comes with otdemo.
const hintAllInOne = "otdemo all-in-one"

// hintStart says how to get a Jaeger on host, as far as that can be done from
// here.
func hintStart(host string) string {
	if isLoopback(host) {
		return hintAllInOne
	}
	return fmt.Sprintf("start Jaeger on %s, or send spans elsewhere: --agent-host HOST", host)
}

func causesInContainer(port int) []Cause {
	return []Cause{
		{Text: "Jaeger runs in another container", Command: "getent hosts jaeger"},
		{Text: "in Kubernetes, the agent is a DaemonSet on the node: set JAEGER_AGENT_HOST from status.hostIP"},
		{Text: "Jaeger is to run in this container and does not", Command: fmt.Sprintf("ss -lnup 'sport = :%d'", port)},
	}
}

func tcpOpen(ctx context.Context, env *Env, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, tcpTimeout)
	defer cancel()
	conn, err := env.Dial(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
