package probetest

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"
)

// NotFoundBody is Jaeger's response to an unknown id.
const NotFoundBody = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found"}]}`

func nopLogger() *log.Logger { return log.New(io.Discard, "", 0) }

// DialFunc is the type of Target.Dial.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// UsualPorts dials each of Jaeger's default ports at the address that the test
// gives, and refuses the others, whatever runs on this machine. Keys are as
// "tcp 14268".
func UsualPorts(to map[string]string) DialFunc {
	usual := []string{
		"tcp 4317", "tcp 4318", "tcp 5778", "tcp 5779", "tcp 6831", "tcp 6832", "tcp 8888", "tcp 9411", "tcp 13132", "tcp 13133",
		"tcp 14250", "tcp 14268", "tcp 14269", "tcp 14271", "tcp 16685", "tcp 16686", "udp 5775", "udp 6831", "udp 6832",
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		name := network + " " + port
		elsewhere, ok := to[name]
		switch {
		case ok && elsewhere == "silent":
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
		case ok:
			addr = elsewhere
		case slices.Contains(usual, name):
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}

// Hostport returns the host:port of an HTTP URL.
func Hostport(url string) string { return strings.TrimPrefix(url, "http://") }

// WholeBatch reports whether an agent with that protocol reads a process and
// one span from packet, and nothing is left.
func WholeBatch(t *testing.T, packet []byte, protocol func(thrift.TTransport) thrift.TProtocol) bool {
	t.Helper()
	got := &Keeper{}
	buf := thrift.NewTMemoryBuffer()
	buf.Write(packet)
	in := protocol(buf)
	_, err := agent.NewAgentProcessor(got).Process(t.Context(), in, in)
	return err == nil && got.Batch != nil && got.Batch.Process != nil && len(got.Batch.Spans) == 1 && buf.Len() == 0
}

// GRPCServer greets like an HTTP/2 server: with a SETTINGS frame.
func GRPCServer(t *testing.T) string {
	t.Helper()
	return greet(t, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00")
}

// TLSAlert responds to plain HTTP with a TLS alert, as OpenSSL's servers do.
func TLSAlert(t *testing.T) string {
	t.Helper()
	return greet(t, "\x15\x03\x01\x00\x02\x02\x46")
}

// greet responds to each connection with fixed bytes once it has sent a line.
func greet(t *testing.T, bytes string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, bytes)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// QuietTLS is a TLS server that does not log what its clients do wrong.
func QuietTLS(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nopLogger()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// HomePage is the page of a web server that is not Jaeger.
const HomePage = "<!doctype html><html><body>welcome</body></html>"

// TLSServer runs an HTTPS server until the test ends.
func TLSServer(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(Answer(200, "", RootES7))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// ListenUDP holds a port; what it gets is for the test to read.
func ListenUDP(t *testing.T) net.PacketConn {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Receive reads one datagram.
func Receive(t *testing.T, conn net.PacketConn) ([]byte, net.Addr) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 65536)
	n, from, err := conn.ReadFrom(packet)
	if err != nil {
		t.Fatal(err)
	}
	return packet[:n], from
}

// Keeper is an agent.Agent that keeps what it is sent.
type Keeper struct{ Batch *jaeger.Batch }

// EmitBatch implements agent.Agent.
func (k *Keeper) EmitBatch(_ context.Context, b *jaeger.Batch) error { k.Batch = b; return nil }

// EmitZipkinBatch implements agent.Agent.
func (k *Keeper) EmitZipkinBatch(context.Context, []*zipkincore.Span) error { return nil }
