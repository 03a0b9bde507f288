package ports

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

const (
	codeScanned probe.Code = "ports-scanned"
	codeForeign probe.Code = "ports-foreign"
	codeTCPOnly probe.Code = "ports-tcp-only"
	codeNone    probe.Code = "ports-none"
)

// Probe looks, when something is wrong, at every port that a Jaeger of any
// generation has.
func Probe() probe.Probe {
	return probe.Probe{
		ID:       probe.IDPorts,
		Hop:      probe.HopNetwork,
		Title:    "no other program uses Jaeger's ports",
		From:     []string{probe.IDCanary},
		After:    []string{probe.IDQuery, probe.IDUDP, probe.IDCollector, probe.IDCanary},
		Advisory: true,
		Codes:    []probe.Code{codeScanned, codeForeign, codeTCPOnly, codeNone},
		Run:      run,
	}
}

func run(ctx context.Context, env *probe.Env) probe.Finding {
	if !env.Thorough && !env.LosesSpans() && !env.Failed(probe.IDQuery) {
		return probe.NotUsed("no problem that the other ports could explain")
	}
	scanned := portsToScan(&env.Target)
	if len(scanned) == 0 {
		return probe.NotUsed("no URL in the configuration has a host")
	}
	scan(ctx, env, scanned)
	if ctx.Err() != nil {
		return probe.Unfinished(ctx)
	}
	return judge(scanned).Saw(describe(scanned)...)
}

// portsToScan returns all ports of the configuration's hosts except the one
// that agent-udp checks.
func portsToScan(t *probe.Target) []scannedPort {
	var ports []scannedPort
	for _, host := range t.Hosts() {
		for _, p := range knownPorts() {
			addr := net.JoinHostPort(host, strconv.Itoa(p.port))
			if p.network == "udp" && !t.Config().UsesCollector() && addr == t.AgentAddr() {
				continue
			}
			ports = append(ports, scannedPort{knownPort: p, addr: addr})
		}
	}
	return ports
}

func judge(scanned []scannedPort) probe.Finding {
	var open []string
	for i := range scanned {
		s := &scanned[i]
		if s.foreign() {
			return probe.Found(probe.StatusWarn, codeForeign, "a program other than Jaeger uses %s (%s): it returned %d %s",
				s.network+" "+s.addr, s.use, s.answer.Status, s.answer.MediaType()).
				Hint(fmt.Sprintf("ss -lntp 'sport = :%d' (on %s)", s.port, probe.HostOf(s.addr)))
		}
		if s.network == "tcp" && s.state == portOpen {
			open = append(open, strconv.Itoa(s.port))
		}
	}
	shouldBeUDP := func(s scannedPort) bool { return s.network == "tcp" && s.path == "" && s.state == portOpen }
	if i := slices.IndexFunc(scanned, shouldBeUDP); i >= 0 {
		s := &scanned[i]
		return probe.Found(probe.StatusWarn, codeTCPOnly, "tcp %s is open, but Jaeger receives UDP there: published without /udp", s.addr).
			Hint(fmt.Sprintf("docker run -p %d:%d/udp ... (in compose: \"%d:%d/udp\")", s.port, s.port, s.port, s.port))
	}
	if len(open) == 0 {
		return probe.Found(probe.StatusUnknown, codeNone, "no Jaeger port is open on %s", strings.Join(scannedHosts(scanned), " or ")).
			Hint(probe.HintStart(probe.HostOf(scanned[0].addr)))
	}
	return probe.Found(probe.StatusOK, codeScanned, "open Jaeger ports: tcp %s", strings.Join(open, " "))
}

func scannedHosts(scanned []scannedPort) []string {
	var hosts []string
	for i := range scanned {
		hosts = append(hosts, probe.HostOf(scanned[i].addr))
	}
	return slices.Compact(hosts)
}

// describe returns a line for each port that responds, and one for each other
// state of a host.
func describe(scanned []scannedPort) []string {
	var lines []string
	for _, host := range scannedHosts(scanned) {
		quiet := make(map[portState][]string)
		for i := range scanned {
			s := &scanned[i]
			switch {
			case probe.HostOf(s.addr) != host:
			case s.state == portOpen:
				lines = append(lines, s.line())
			default:
				quiet[s.state] = append(quiet[s.state], s.name())
			}
		}
		for _, state := range []portState{portClosed, portSilent, portNotRefused, portUnreachable} {
			if names := quiet[state]; len(names) > 0 {
				lines = append(lines, fmt.Sprintf("%s: %s: %s", host, state, strings.Join(names, ", ")))
			}
		}
	}
	return lines
}

func (s *scannedPort) line() string {
	text := fmt.Sprintf("%s %s (%s): open", s.network, s.addr, s.use)
	if s.speaks != "" {
		text += ", speaks " + s.speaks
	}
	if s.answer != nil {
		text += "; " + s.answer.Evidence()
	}
	return text
}
