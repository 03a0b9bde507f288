package ports

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
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
	hosts := env.Hosts()
	if len(hosts) == 0 {
		return probe.NotUsed("no URL in the configuration has a host")
	}
	scanned := scan(ctx, env, hosts)
	if ctx.Err() != nil {
		return probe.Unfinished(ctx)
	}
	return judge(scanned, hosts).Saw(describe(scanned, hosts)...)
}

func judge(scanned []*scannedPort, hosts []string) probe.Finding {
	var open []string
	for _, s := range scanned {
		if s.foreign() {
			return probe.Found(probe.StatusWarn, codeForeign, "a program other than Jaeger uses %s (%s): it returned %d %s",
				s.network+" "+s.addr, s.use, s.answer.Status, s.answer.MediaType()).
				Hint(fmt.Sprintf("ss -lntp 'sport = :%d' (on %s)", s.port, s.host))
		}
		if s.network == "tcp" && s.state == portOpen {
			open = append(open, strconv.Itoa(s.port))
		}
	}
	shouldBeUDP := func(s *scannedPort) bool { return s.network == "tcp" && s.path == "" && s.state == portOpen }
	if i := slices.IndexFunc(scanned, shouldBeUDP); i >= 0 {
		s := scanned[i]
		return probe.Found(probe.StatusWarn, codeTCPOnly, "tcp %s is open, but Jaeger receives UDP there: published without /udp", s.addr).
			Hint(fmt.Sprintf("docker run -p %d:%d/udp ... (in compose: \"%d:%d/udp\")", s.port, s.port, s.port, s.port))
	}
	if len(open) == 0 {
		return probe.Found(probe.StatusUnknown, codeNone, "no Jaeger port is open on %s", strings.Join(hosts, " or ")).
			Hint(probe.HintStart(hosts[0]))
	}
	return probe.Found(probe.StatusOK, codeScanned, "open Jaeger ports: tcp %s", strings.Join(open, " "))
}

// describe returns a line for each port that responds, and one for each other
// state of a host.
func describe(scanned []*scannedPort, hosts []string) []string {
	var lines []string
	for _, host := range hosts {
		quiet := make(map[portState][]string)
		for _, s := range scanned {
			switch {
			case s.host != host:
			case s.state == portOpen:
				lines = append(lines, s.line())
			default:
				quiet[s.state] = append(quiet[s.state], fmt.Sprintf("%s %d", s.network, s.port))
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

// knownPort is a port of some generation of Jaeger.
type knownPort struct {
	network string // tcp or udp
	port    int
	use     string
	// path is requested over TCP; empty means only to connect.
	path string
	// isJaeger recognises Jaeger's response; nil if another program's may be
	// the same.
	isJaeger func(*probe.Fetched) bool
	// protocol encodes a datagram, when the port is UDP.
	protocol func(thrift.TTransport) thrift.TProtocol
}

// knownPorts returns the ports of all generations. The responses are those of
// 1.42, 1.62 and 2.13.
func knownPorts() []knownPort {
	status := func(code int) func(*probe.Fetched) bool {
		return func(f *probe.Fetched) bool { return f.Status == code }
	}
	contains := func(text string) func(*probe.Fetched) bool {
		return func(f *probe.Fetched) bool { return bytes.Contains(f.Body, []byte(text)) }
	}
	postOnly := func(f *probe.Fetched) bool { return f.Status == http.StatusMethodNotAllowed && len(f.Body) == 0 }
	return []knownPort{
		{network: "tcp", port: 4317, use: "OTLP over gRPC", path: "/"},
		{network: "tcp", port: 4318, use: "OTLP over HTTP", path: "/v1/traces", isJaeger: status(http.StatusMethodNotAllowed)},
		{network: "tcp", port: 5778, use: "sampling over HTTP", path: "/sampling", isJaeger: contains("'service' parameter")},
		{network: "tcp", port: 5779, use: "sampling over gRPC", path: "/"},
		// Nothing of Jaeger's, but where "-p 6831:6831" without /udp ends up.
		{network: "tcp", port: jaegers.PortCompact, use: "nothing; thrift is sent to it over UDP"},
		{network: "tcp", port: jaegers.PortBinary, use: "nothing; thrift is sent to it over UDP"},
		{network: "tcp", port: 8888, use: "metrics of Jaeger 2", path: "/metrics"},
		{network: "tcp", port: 9411, use: "Zipkin", path: "/"},
		{network: "tcp", port: 13133, use: "health of Jaeger 2", path: "/status"},
		{network: "tcp", port: 14250, use: "spans over gRPC", path: "/"},
		{network: "tcp", port: 14268, use: "thrift over HTTP", path: probe.ThriftPath, isJaeger: postOnly},
		{network: "tcp", port: 14269, use: "admin of Jaeger 1", path: "/", isJaeger: contains(`"status":"Server`)},
		{network: "tcp", port: 14271, use: "admin of Jaeger 1's agent", path: "/", isJaeger: contains(`"status":"Server`)},
		{network: "tcp", port: 16685, use: "query over gRPC", path: "/"},
		{network: "tcp", port: 16686, use: "UI and query API", path: "/api/services", isJaeger: isQueryAPI},
		{network: "udp", port: jaegers.PortCompact, use: "thrift, compact", protocol: send.CompactProtocol},
		{network: "udp", port: jaegers.PortBinary, use: "thrift, binary", protocol: send.BinaryProtocol},
		{network: "udp", port: jaegers.PortZipkin, use: "thrift, compact, until 1.62", protocol: send.CompactProtocol},
	}
}

// isQueryAPI accepts a 404, which a Jaeger with a base path returns, and the
// page of Jaegers after 2.20.
func isQueryAPI(f *probe.Fetched) bool {
	return f.Status != http.StatusOK || bytes.Contains(f.Body, []byte(`"data"`)) ||
		bytes.Contains(f.Body, []byte("Jaeger")) || bytes.Contains(f.Body, []byte("otdemo"))
}

// portState is the result of probing a port, as it is reported.
type portState string

const (
	portOpen        portState = "open" // it connects; UDP ports are never known to be open
	portClosed      portState = "closed"
	portSilent      portState = "silent"
	portNotRefused  portState = "not refused (UDP proves no more than that)"
	portUnreachable portState = "unreachable"
)

// scannedPort is a knownPort at a host, as it was found.
type scannedPort struct {
	knownPort
	host, addr string
	state      portState
	// speaks is the protocol of an open TCP port: HTTP, TLS, HTTP/2 or "".
	speaks string
	// answer is the HTTP response, nil if there was none.
	answer *probe.Fetched
}

// foreign reports whether another program holds the port. A proxy that wants a
// login may have a Jaeger behind it.
func (s *scannedPort) foreign() bool {
	if s.answer == nil || s.isJaeger == nil || s.isJaeger(s.answer) {
		return false
	}
	code := s.answer.Status
	return code != http.StatusUnauthorized && code != http.StatusForbidden && (code < 300 || code >= 400)
}

// scanTimeout bounds the probing of a port: two round trips around the earth.
const scanTimeout = 700 * time.Millisecond

// scan probes all ports of the hosts in parallel, except the one that agent-udp checks.
func scan(ctx context.Context, env *probe.Env, hosts []string) []*scannedPort {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var ports []*scannedPort
	var wg sync.WaitGroup
	for _, host := range hosts {
		for _, p := range knownPorts() {
			addr := net.JoinHostPort(host, strconv.Itoa(p.port))
			if p.network == "udp" && !env.Config().UsesCollector() && addr == env.AgentAddr() {
				continue
			}
			s := &scannedPort{knownPort: p, host: host, addr: addr}
			ports = append(ports, s)
			wg.Go(func() { s.probe(ctx, env) })
		}
	}
	wg.Wait()
	return ports
}

func (s *scannedPort) probe(ctx context.Context, env *probe.Env) {
	switch {
	case s.network == "udp":
		s.probeUDP(ctx, env)
	case s.path == "":
		conn, err := env.Dial(ctx, "tcp", s.addr)
		if s.state = stateOf(err); err == nil {
			_ = conn.Close()
		}
	default:
		s.probeHTTP(ctx, env)
	}
}

// probeUDP sends a complete emitBatch in the port's own encoding: some Jaegers
// crash on less.
func (s *scannedPort) probeUDP(ctx context.Context, env *probe.Env) {
	packet, err := send.NewRawSpan(probe.IDPorts, time.Now()).Encode(ctx, s.protocol)
	if err != nil {
		s.state = portUnreachable
		return
	}
	_, err = send.ExchangeUDP(ctx, env, s.addr, packet, send.RefusalTime(s.host))
	s.state = stateOf(err)
	if s.state == portSilent {
		s.state = portNotRefused
	}
	if s.state == portOpen {
		// A response, which Jaeger never sends.
		s.speaks = "an unknown protocol"
	}
}

func (s *scannedPort) probeHTTP(ctx context.Context, env *probe.Env) {
	answer, err := probe.Fetch(ctx, env, &url.URL{Scheme: "http", Host: s.addr, Path: s.path}, probe.MaxAnswer)
	s.state = portOpen
	switch {
	case err == nil && !probe.RequiresTLS(answer.Status, string(answer.Body)):
		s.speaks, s.answer = "HTTP", answer
	case err == nil, probe.Classify(err) == probe.FaultTLS:
		s.speaks = "TLS"
	case probe.Classify(err) == probe.FaultProtocol:
		s.speaks = "HTTP/2, like gRPC"
	default:
		s.state = stateOf(err)
	}
}

// stateOf reads the error of a connection. A connection that is closed without
// a response was open.
func stateOf(err error) portState {
	if err == nil {
		return portOpen
	}
	op, isOp := errors.AsType[*net.OpError](err)
	switch fault := probe.Classify(err); {
	case fault == probe.FaultRefused:
		return portClosed
	case fault == probe.FaultTimeout:
		return portSilent
	case isOp && op.Op == "dial":
		return portUnreachable
	default:
		return portOpen
	}
}
