package doctor

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
)

// knownPort is a port of some generation of Jaeger.
type knownPort struct {
	network string // tcp or udp
	port    int
	use     string
	// path is what is asked for, when it is TCP; empty means only to connect.
	path string
	// ours recognises Jaeger's answer; nil where another program's cannot be
	// told from it.
	ours func(*fetched) bool
	// protocol encodes a datagram, when the port is UDP.
	protocol func(thrift.TTransport) thrift.TProtocol
}

func compactProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTCompactProtocolConf(t, nil)
}

func binaryProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTBinaryProtocolConf(t, nil)
}

// knownPorts returns the ports of all generations. The answers are those that
// 1.42, 1.62 and 2.13 gave when they were asked.
func knownPorts() []knownPort {
	status := func(code int) func(*fetched) bool {
		return func(f *fetched) bool { return f.status == code }
	}
	says := func(text string) func(*fetched) bool {
		return func(f *fetched) bool { return bytes.Contains(f.body, []byte(text)) }
	}
	postOnly := func(f *fetched) bool { return f.status == http.StatusMethodNotAllowed && len(f.body) == 0 }
	return []knownPort{
		{network: "tcp", port: 4317, use: "OTLP over gRPC", path: "/"},
		{network: "tcp", port: 4318, use: "OTLP over HTTP", path: "/v1/traces", ours: status(http.StatusMethodNotAllowed)},
		{network: "tcp", port: 5778, use: "sampling over HTTP", path: "/sampling", ours: says("'service' parameter")},
		{network: "tcp", port: 5779, use: "sampling over gRPC", path: "/"},
		// Nothing of Jaeger's, but where "-p 6831:6831" without /udp ends up.
		{network: "tcp", port: portCompact, use: "nothing; thrift is sent to it over UDP"},
		{network: "tcp", port: portBinary, use: "nothing; thrift is sent to it over UDP"},
		{network: "tcp", port: 8888, use: "metrics of Jaeger 2", path: "/metrics"},
		{network: "tcp", port: 9411, use: "Zipkin", path: "/"},
		{network: "tcp", port: 13133, use: "health of Jaeger 2", path: "/status"},
		{network: "tcp", port: 14250, use: "spans over gRPC", path: "/"},
		{network: "tcp", port: 14268, use: "thrift over HTTP", path: thriftPath, ours: postOnly},
		{network: "tcp", port: 14269, use: "admin of Jaeger 1", path: "/", ours: says(`"status":"Server`)},
		{network: "tcp", port: 14271, use: "admin of Jaeger 1's agent", path: "/", ours: says(`"status":"Server`)},
		{network: "tcp", port: 16685, use: "query over gRPC", path: "/"},
		{network: "tcp", port: 16686, use: "UI and query API", path: "/api/services", ours: isQueryAPI},
		{network: "udp", port: portCompact, use: "thrift, compact", protocol: compactProtocol},
		{network: "udp", port: portBinary, use: "thrift, binary", protocol: binaryProtocol},
		{network: "udp", port: portZipkin, use: "thrift, compact, until 1.62", protocol: compactProtocol},
	}
}

// isQueryAPI leaves the doubt to a 404, which a Jaeger with a base path has, and
// knows the page that Jaegers after 2.20 answer with.
func isQueryAPI(f *fetched) bool {
	return f.status != http.StatusOK || bytes.Contains(f.body, []byte(`"data"`)) ||
		bytes.Contains(f.body, []byte("Jaeger")) || bytes.Contains(f.body, []byte("otdemo"))
}

// portState is what became of a look at a port.
type portState uint8

const (
	// portClosed: the host refuses.
	portClosed portState = iota
	// portOpen: it connects. UDP ports are never known to be open.
	portOpen
	// portSilent: no answer within the time.
	portSilent
	// portUnreachable: the host cannot be sent to.
	portUnreachable
)

// scannedPort is a knownPort at a host, as it was found.
type scannedPort struct {
	knownPort
	addr  string
	state portState
	// speaks is the protocol of an open TCP port: HTTP, TLS, HTTP/2 or "".
	speaks string
	// answer is the answer over HTTP, nil when there was none.
	answer *fetched
	err    error
}

// foreign reports whether another program holds the port. A proxy that wants a
// login may have a Jaeger behind it.
func (s *scannedPort) foreign() bool {
	if s.answer == nil || s.ours == nil || s.ours(s.answer) {
		return false
	}
	code := s.answer.status
	return code != http.StatusUnauthorized && code != http.StatusForbidden && (code < 300 || code >= 400)
}

func (s *scannedPort) name() string { return s.network + " " + strconv.Itoa(s.port) }

// scanTimeout bounds the look at a port: two round trips around the earth.
const scanTimeout = 700 * time.Millisecond

// scan looks at all ports side by side.
func scan(ctx context.Context, env *Env, ports []scannedPort) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range ports {
		wg.Go(func() { ports[i].look(ctx, env) })
	}
	wg.Wait()
}

func (s *scannedPort) look(ctx context.Context, env *Env) {
	switch {
	case s.network == "udp":
		s.lookUDP(ctx, env)
	case s.path == "":
		var conn net.Conn
		if conn, s.err = env.Dial(ctx, "tcp", s.addr); s.err == nil {
			_ = conn.Close()
		}
		s.state = stateOf(s.err)
	default:
		s.lookHTTP(ctx, env)
	}
}

// lookUDP sends a whole emitBatch in the port's own encoding: Jaegers are known
// to crash on less.
func (s *scannedPort) lookUDP(ctx context.Context, env *Env) {
	packet, err := newHandmade(idPorts, time.Now()).encoded(ctx, s.protocol)
	if err != nil {
		s.state, s.err = portUnreachable, err
		return
	}
	_, s.err = exchangeUDP(ctx, env, s.addr, packet, refusalTime(hostOf(s.addr)))
	s.state = stateOf(s.err)
	if s.state == portOpen {
		// An answer: Jaeger never gives one.
		s.speaks = "something that answers"
	}
}

func (s *scannedPort) lookHTTP(ctx context.Context, env *Env) {
	s.answer, s.err = fetch(ctx, env, &url.URL{Scheme: "http", Host: s.addr, Path: s.path}, maxAnswer)
	switch {
	case s.err == nil && saysUseTLS(s.answer.status, string(s.answer.body)):
		s.state, s.speaks, s.answer = portOpen, "TLS", nil
	case s.err == nil:
		s.state, s.speaks = portOpen, "HTTP"
	case classify(s.err) == faultTLS:
		s.state, s.speaks = portOpen, "TLS"
	case classify(s.err) == faultProtocol:
		s.state, s.speaks = portOpen, "HTTP/2, as gRPC does"
	default:
		s.state = stateOf(s.err)
	}
}

// stateOf reads the error of a connection. A connection that is closed without
// an answer was open.
func stateOf(err error) portState {
	var network net.Error
	var op *net.OpError
	switch {
	case err == nil:
		return portOpen
	case errors.Is(err, syscall.ECONNREFUSED):
		return portClosed
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		return portSilent
	case errors.As(err, &op) && op.Op == "dial":
		return portUnreachable
	default:
		return portOpen
	}
}

// refusalTime is how long a refusal by host may take to come back.
func refusalTime(host string) time.Duration {
	if ip, err := netip.ParseAddr(host); isLoopback(host) || err == nil && ip.IsLoopback() {
		return localRefusal
	}
	return remoteRefusal
}

// encoded returns the span as a oneway call of Agent.emitBatch.
func (h handmade) encoded(ctx context.Context, protocol func(thrift.TTransport) thrift.TProtocol) ([]byte, error) {
	buf := thrift.NewTMemoryBuffer()
	p := protocol(buf)
	if err := agent.NewAgentClientProtocol(buf, p, p).EmitBatch(ctx, h.batch); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
