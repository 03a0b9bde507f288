package ports

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

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
	addr  string
	state portState
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

func (s *scannedPort) name() string { return s.network + " " + strconv.Itoa(s.port) }

// scanTimeout bounds the probing of a port: two round trips around the earth.
const scanTimeout = 700 * time.Millisecond

func scan(ctx context.Context, env *probe.Env, ports []scannedPort) {
	ctx, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range ports {
		wg.Go(func() { ports[i].probe(ctx, env) })
	}
	wg.Wait()
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
	_, err = send.ExchangeUDP(ctx, env, s.addr, packet, send.RefusalTime(probe.HostOf(s.addr)))
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
