package send

import (
	"context"
	"net"
	"time"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// CompactProtocol is thrift's compact protocol.
func CompactProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTCompactProtocolConf(t, nil)
}

// BinaryProtocol is thrift's binary protocol.
func BinaryProtocol(t thrift.TTransport) thrift.TProtocol {
	return thrift.NewTBinaryProtocolConf(t, nil)
}

// ThriftURL returns where a Jaeger on host receives thrift over HTTP.
func ThriftURL(host string) string {
	return "http://" + net.JoinHostPort(host, probe.PortThriftHTTP) + probe.ThriftPath
}

// ExchangeUDP sends a datagram on a connected socket and waits for bytes or for
// the error that the network sends back. Only an error is certain: silence is
// what a Jaeger, a firewall and a black hole have in common.
func ExchangeUDP(ctx context.Context, env *probe.Env, addr string, packet []byte, wait time.Duration) ([]byte, error) {
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
	answer := make([]byte, probe.MaxExcerpt)
	n, err := conn.Read(answer)
	return answer[:n], err
}
