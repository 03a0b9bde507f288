package doctor

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
	"github.com/uber/jaeger-client-go/thrift-gen/zipkincore"
)

// listenUDP holds a port; what it gets is for the test to read.
func listenUDP(t *testing.T) net.PacketConn {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func receive(t *testing.T, conn net.PacketConn) ([]byte, net.Addr) {
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

// agentAt makes a configuration for an agent at addr, and what agent-host would
// have learned of it. The usual port is closed, even on a machine where a Jaeger runs.
func agentAt(t *testing.T, addr string) (Target, map[string]outcome) {
	t.Helper()
	target := outside(load(t, "reporter.agent.host", "127.0.0.1", "reporter.agent.port", portFrom(t, addr)))
	target.Dial = redirectDial(map[string]string{usualAgent: closedAddr(t)})
	return target, map[string]outcome{
		idHost: {finding: found(StatusOK, codeHostResolves, "x"), learned: agentAddrs{netip.MustParseAddr("127.0.0.1")}},
	}
}

func withQuery(earlier map[string]outcome, status Status) map[string]outcome {
	earlier[idQuery] = outcome{finding: Finding{Status: status}}
	return earlier
}

// usualAgent is where the doctor looks when the configured port is closed.
const usualAgent = "127.0.0.1:6831"

func TestUDPSilenceIsNotCalledOpen(t *testing.T) {
	t.Parallel()
	conn := listenUDP(t)
	addr := conn.LocalAddr().String()
	target, earlier := agentAt(t, addr)
	f, _ := examine(t, agentUDP(), target, earlier)
	expect(t, f, StatusOK, codeUDPSilent, "udp "+addr+" did not refuse a span within 20ms, more is not to be known from UDP", "")
}

// keeper is an agent.Agent that keeps what it is sent.
type keeper struct{ batch *jaeger.Batch }

func (k *keeper) EmitBatch(_ context.Context, b *jaeger.Batch) error { k.batch = b; return nil }

func (k *keeper) EmitZipkinBatch(context.Context, []*zipkincore.Span) error { return nil }

// Some datagrams crash some Jaegers (an empty one, a batch without its process
// or spans), so what the probe sends is read as an agent reads it.
func TestUDPSendsOneWholeSpan(t *testing.T) {
	t.Parallel()
	conn := listenUDP(t)
	target, earlier := agentAt(t, conn.LocalAddr().String())
	examine(t, agentUDP(), target, earlier)
	packet, _ := receive(t, conn)

	got := &keeper{}
	buf := thrift.NewTMemoryBuffer()
	buf.Write(packet)
	in := thrift.NewTCompactProtocolFactoryConf(nil).GetProtocol(buf)
	if _, err := agent.NewAgentProcessor(got).Process(t.Context(), in, in); err != nil {
		t.Fatal(err)
	}
	if got.batch == nil || got.batch.Process == nil || got.batch.Process.ServiceName != checkService {
		t.Fatalf("got %+v, want a batch of %s", got.batch, checkService)
	}
	if spans := got.batch.Spans; len(spans) != 1 || spans[0].Flags != flagSampled || spans[0].TraceIdLow == 0 || spans[0].OperationName != idUDP {
		t.Errorf("got spans %+v, want one sampled span named %s", spans, idUDP)
	}
	if buf.Len() != 0 {
		t.Errorf("%d bytes follow the batch", buf.Len())
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := conn.ReadFrom(packet); err == nil {
		t.Errorf("a second datagram of %d bytes was sent", n)
	}
}

func TestUDPRefused(t *testing.T) {
	t.Parallel()
	dockerenv := func(name string) ([]byte, error) {
		if name == "/.dockerenv" {
			return nil, nil
		}
		return nil, os.ErrNotExist
	}
	tests := map[string]struct {
		query     Status
		readFile  func(string) ([]byte, error)
		environ   []string
		code      Code
		fact      string
		hint      string
		someCause string
	}{
		"no Jaeger at all": {
			query: StatusFail, code: codeUDPRefused, fact: "nothing listens on udp ADDR", hint: "otdemo all-in-one",
		},
		"Jaeger without UDP": {
			query: StatusOK, code: codeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "docker run -p PORT:6831/udp ... (/udp is needed)", someCause: "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none",
		},
		"in a container": {
			query: StatusFail, readFile: dockerenv, code: codeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)", someCause: "Jaeger runs in another container",
		},
		"in a pod": {
			query: StatusFail, environ: []string{"KUBERNETES_SERVICE_HOST=10.0.0.1"}, code: codeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)",
		},
		"in a container with a Jaeger": {
			query: StatusOK, readFile: dockerenv, code: codeUDPRefused,
			fact: "nothing listens on udp ADDR", hint: "docker run -p PORT:6831/udp ... (/udp is needed)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := closedAddr(t)
			target, earlier := agentAt(t, addr)
			target.Environ = tt.environ
			if tt.readFile != nil {
				target.ReadFile = tt.readFile
			}
			f, _ := examine(t, agentUDP(), target, withQuery(earlier, tt.query))
			fill := strings.NewReplacer("ADDR", addr, "PORT", portFrom(t, addr))
			expect(t, f, StatusFail, tt.code, fill.Replace(tt.fact), fill.Replace(tt.hint))
			if tt.someCause != "" && !hasCause(f, tt.someCause) {
				t.Errorf("causes %+v lack %q", f.Causes, tt.someCause)
			}
		})
	}
}

func hasCause(f Finding, text string) bool {
	for _, c := range f.Causes {
		if c.Text == text {
			return true
		}
	}
	return false
}

func TestUDPPublishedAsTCP(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	addr := l.Addr().String()
	elsewhere := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	held, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: l.Addr().(*net.TCPAddr).Port}, elsewhere)
	if err != nil {
		t.Skipf("udp %s is taken: %v", addr, err)
	}
	t.Cleanup(func() { _ = held.Close() })
	target, earlier := agentAt(t, addr)
	f, _ := examine(t, agentUDP(), target, earlier)
	port := portFrom(t, addr)
	expect(t, f, StatusFail, codeUDPPublishedAsTCP,
		"tcp "+addr+" is open and udp "+addr+" is closed: published without /udp",
		`docker run -p `+port+`:6831/udp ... (in compose: "`+port+`:6831/udp")`)
}

func TestUDPAnswered(t *testing.T) {
	t.Parallel()
	conn := listenUDP(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 65536)
		if _, from, err := conn.ReadFrom(packet); err == nil {
			_, _ = conn.WriteTo([]byte("what?"), from)
		}
	}()
	t.Cleanup(func() { <-done })
	target, earlier := agentAt(t, conn.LocalAddr().String())
	f, _ := examine(t, agentUDP(), target, earlier)
	expect(t, f, StatusWarn, codeUDPAnswered,
		"udp "+conn.LocalAddr().String()+" answered with 5 bytes, a Jaeger never does: another program?", "")
}

// brokenConn is a socket whose network is down.
type brokenConn struct{ net.Conn }

func (c brokenConn) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", syscall.ENETUNREACH)}
}

func TestUDPUnreachable(t *testing.T) {
	t.Parallel()
	conn := listenUDP(t)
	target, earlier := agentAt(t, conn.LocalAddr().String())
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		return brokenConn{c}, err
	}
	f, _ := examine(t, agentUDP(), target, earlier)
	expect(t, f, StatusFail, codeUDPUnreachable,
		"udp "+conn.LocalAddr().String()+" cannot be sent to: sendto: network is unreachable", "ip route get 127.0.0.1")
}

// These ports are fixed, so the sockets are elsewhere: the hook redirects.
func TestUDPPortsOfOtherEncodings(t *testing.T) {
	t.Parallel()
	open, closed := listenUDP(t).LocalAddr().String(), closedAddr(t)
	tests := map[string]struct {
		port, to   string
		status     Status
		code       Code
		fact, hint string
	}{
		"6832 open": {
			"6832", open, StatusWarn, codeUDPWrongEncoding,
			"udp 127.0.0.1:6832 refuses nothing, but port 6832 is Jaeger's for binary thrift, and spans are sent compact", "--agent-port 6831",
		},
		// Jaeger 1 reads compact batches there, so only the canary can tell.
		"5775 open": {
			"5775", open, StatusOK, codeUDPSilent,
			"udp 127.0.0.1:5775 did not refuse a span within 20ms, more is not to be known from UDP", "",
		},
		"5775 closed": {
			"5775", closed, StatusFail, codeUDPRefused, "nothing listens on udp 127.0.0.1:5775",
			"--agent-port 6831 (no Jaeger 2 listens on 5775)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, earlier := agentAt(t, "127.0.0.1:"+tt.port)
			target.Dial = redirectDial(map[string]string{"127.0.0.1:" + tt.port: tt.to, usualAgent: closed})
			f, _ := examine(t, agentUDP(), target, withQuery(earlier, StatusOK))
			expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
		})
	}
}

func TestInContainerReadsCgroups(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cgroup string
		want   bool
	}{
		"docker": {"12:memory:/docker/0123\n", true},
		"pod":    {"0::/kubepods/besteffort/pod1\n", true},
		"host":   {"0::/init.scope\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := Target{ReadFile: func(name string) ([]byte, error) {
				if name == "/proc/1/cgroup" {
					return []byte(tt.cgroup), nil
				}
				return nil, os.ErrNotExist
			}}
			if got := target.inContainer(); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
