package doctor

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

const idPorts = "ports"

const (
	codePortsScanned Code = "ports-scanned"
	codePortsForeign Code = "ports-foreign"
	codePortsTCPOnly Code = "ports-tcp-only"
	codePortsNone    Code = "ports-none"
)

// portsProbe looks, when something is wrong, at every port that a Jaeger of any
// generation has.
func portsProbe() Probe {
	return Probe{
		ID:    idPorts,
		Hop:   HopNetwork,
		Title: "no other program holds a port of Jaeger's",
		From:  []string{idCanary},
		After: []string{idQuery, idUDP, idCollector, idCanary},
		Aside: true,
		Codes: []Code{codePortsScanned, codePortsForeign, codePortsTCPOnly, codePortsNone},
		Run:   runPorts,
	}
}

func runPorts(ctx context.Context, env *Env) Finding {
	if !env.Thorough && !env.inTrouble() && !env.failed(idQuery) {
		return notUsed("nothing is wrong that the other ports would explain")
	}
	scanned := portsToScan(&env.Target)
	if len(scanned) == 0 {
		return notUsed("no URL of the configuration names a host")
	}
	scan(ctx, env, scanned)
	if ctx.Err() != nil {
		return unfinished(ctx)
	}
	return judgePorts(scanned).saw(describePorts(scanned)...)
}

// portsToScan are all ports of the configuration's hosts but the one that
// agent-udp looks at.
func portsToScan(t *Target) []scannedPort {
	var ports []scannedPort
	for _, host := range t.hosts() {
		for _, p := range knownPorts() {
			addr := net.JoinHostPort(host, strconv.Itoa(p.port))
			if p.network == "udp" && !t.config().UsesCollector() && addr == t.agentAddr() {
				continue
			}
			ports = append(ports, scannedPort{knownPort: p, addr: addr})
		}
	}
	return ports
}

// inTrouble reports whether spans of the configuration fail to arrive.
func (e *Env) inTrouble() bool { return e.failed(idUDP) || e.failed(idCollector) || e.failed(idCanary) }

// hosts are those of the configuration, each once.
func (t *Target) hosts() []string {
	var hosts []string
	for _, host := range []string{t.spanHost(), t.queryHost()} {
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func judgePorts(scanned []scannedPort) Finding {
	var open []string
	for i := range scanned {
		s := &scanned[i]
		if s.foreign() {
			return found(StatusWarn, codePortsForeign, "another program than Jaeger holds %s (%s): it answers %d %s",
				s.network+" "+s.addr, s.use, s.answer.status, s.answer.mediaType()).
				hint(fmt.Sprintf("ss -lntp 'sport = :%d' (on %s)", s.port, hostOf(s.addr)))
		}
		if s.network == "tcp" && s.state == portOpen {
			open = append(open, strconv.Itoa(s.port))
		}
	}
	if s := tcpOnly(scanned); s != nil {
		return found(StatusWarn, codePortsTCPOnly, "tcp %s is open, and Jaeger takes UDP there: published without /udp", s.addr).
			hint(fmt.Sprintf("docker run -p %d:%d/udp ... (in compose: \"%d:%d/udp\")", s.port, s.port, s.port, s.port))
	}
	if len(open) == 0 {
		return found(StatusUnknown, codePortsNone, "no port of any Jaeger is open on %s", strings.Join(scannedHosts(scanned), " or ")).
			hint(hintStart(hostOf(scanned[0].addr)))
	}
	return found(StatusOK, codePortsScanned, "of Jaeger's ports these are open: tcp %s", strings.Join(open, " "))
}

// tcpOnly returns a port that should be UDP and is open for TCP.
func tcpOnly(scanned []scannedPort) *scannedPort {
	i := slices.IndexFunc(scanned, func(s scannedPort) bool {
		return s.network == "tcp" && s.path == "" && s.state == portOpen
	})
	if i < 0 {
		return nil
	}
	return &scanned[i]
}

func scannedHosts(scanned []scannedPort) []string {
	var hosts []string
	for i := range scanned {
		hosts = append(hosts, hostOf(scanned[i].addr))
	}
	return slices.Compact(hosts)
}

// describePorts has a line for each port that answers, and one for each other
// state of a host.
func describePorts(scanned []scannedPort) []string {
	var lines []string
	for _, host := range scannedHosts(scanned) {
		quiet := make(map[string][]string)
		for i := range scanned {
			s := &scanned[i]
			if hostOf(s.addr) != host {
				continue
			}
			if line := s.line(); line != "" {
				lines = append(lines, line)
				continue
			}
			quiet[s.word()] = append(quiet[s.word()], s.name())
		}
		for _, word := range []string{"closed", "silent", "not refused (more is not to be known from UDP)", "unreachable"} {
			if names := quiet[word]; len(names) > 0 {
				lines = append(lines, fmt.Sprintf("%s: %s: %s", host, word, strings.Join(names, ", ")))
			}
		}
	}
	return lines
}

// line tells of a port that answers, "" of others.
func (s *scannedPort) line() string {
	if s.state != portOpen {
		return ""
	}
	text := fmt.Sprintf("%s %s (%s): open", s.network, s.addr, s.use)
	if s.speaks != "" {
		text += ", speaks " + s.speaks
	}
	if s.answer != nil {
		text += "; " + s.answer.evidence()
	}
	return text
}

func (s *scannedPort) word() string {
	switch {
	case s.state == portClosed:
		return "closed"
	case s.state == portUnreachable:
		return "unreachable"
	case s.network == "udp":
		return "not refused (more is not to be known from UDP)"
	default:
		return "silent"
	}
}
