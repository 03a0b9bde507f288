package transport

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

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
)

// agentAt returns a configuration for an agent at addr, and what agent-host
// would have published about it. The default port is closed, even on a machine
// where a Jaeger runs.
func agentAt(t *testing.T, addr string) (probe.Target, map[string]probe.Outcome) {
	t.Helper()
	target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, addr)))
	target.Dial = probetest.RedirectDial(map[string]string{usualAgent: probetest.ClosedAddr(t)})
	return target, map[string]probe.Outcome{
		probe.IDHost: {Finding: probe.Found(probe.StatusOK, codeHostResolves, "x"), Published: netip.MustParseAddr("127.0.0.1")},
	}
}

func withQuery(earlier map[string]probe.Outcome, status probe.Status) map[string]probe.Outcome {
	earlier[probe.IDQuery] = probe.Outcome{Finding: probe.Finding{Status: status}}
	return earlier
}

// usualAgent is where the doctor looks when the configured port is closed.
const usualAgent = "127.0.0.1:6831"

func TestUDPSilenceIsNotCalledOpen(t *testing.T) {
	t.Parallel()
	conn := probetest.ListenUDP(t)
	addr := conn.LocalAddr().String()
	target, earlier := agentAt(t, addr)
	f, _ := probetest.Examine(t, UDPProbe(), target, earlier)
	probetest.Expect(t, f, probe.StatusOK, CodeUDPSilent, "udp "+addr+" did not refuse a span within 20ms; UDP proves no more than that", "")
}

// Some datagrams crash some Jaegers (an empty one, a batch without its process
// or spans), so what the probe sends is read as an agent reads it.
func TestUDPSendsOneWholeSpan(t *testing.T) {
	t.Parallel()
	conn := probetest.ListenUDP(t)
	target, earlier := agentAt(t, conn.LocalAddr().String())
	probetest.Examine(t, UDPProbe(), target, earlier)
	packet, _ := probetest.Receive(t, conn)

	got := &probetest.Keeper{}
	buf := thrift.NewTMemoryBuffer()
	buf.Write(packet)
	in := thrift.NewTCompactProtocolFactoryConf(nil).GetProtocol(buf)
	if _, err := agent.NewAgentProcessor(got).Process(t.Context(), in, in); err != nil {
		t.Fatal(err)
	}
	if got.Batch == nil || got.Batch.Process == nil || got.Batch.Process.ServiceName != probe.CheckService {
		t.Fatalf("got %+v, want a batch of %s", got.Batch, probe.CheckService)
	}
	if spans := got.Batch.Spans; len(spans) != 1 || spans[0].Flags != 1 || spans[0].TraceIdLow == 0 || spans[0].OperationName != probe.IDUDP {
		t.Errorf("got spans %+v, want one sampled span named %s", spans, probe.IDUDP)
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
		query     probe.Status
		readFile  func(string) ([]byte, error)
		environ   []string
		code      probe.Code
		fact      string
		hint      string
		someCause string
	}{
		"no Jaeger at all": {
			query: probe.StatusFail, code: probe.CodeUDPRefused, fact: "nothing listens on udp ADDR", hint: "otdemo all-in-one",
		},
		"Jaeger without UDP": {
			query: probe.StatusOK, code: probe.CodeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "docker run -p PORT:6831/udp ... (/udp is needed)", someCause: "this Jaeger has no UDP port: all-in-one 1.63 to 1.76 and Jaeger 2.1 have none",
		},
		"in a container": {
			query: probe.StatusFail, readFile: dockerenv, code: probe.CodeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)", someCause: "Jaeger runs in another container",
		},
		"in a pod": {
			query: probe.StatusFail, environ: []string{"KUBERNETES_SERVICE_HOST=10.0.0.1"}, code: probe.CodeUDPRefused, fact: "nothing listens on udp ADDR",
			hint: "JAEGER_AGENT_HOST=jaeger (the name of Jaeger's service or container)",
		},
		"in a container with a Jaeger": {
			query: probe.StatusOK, readFile: dockerenv, code: probe.CodeUDPRefused,
			fact: "nothing listens on udp ADDR", hint: "docker run -p PORT:6831/udp ... (/udp is needed)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := probetest.ClosedAddr(t)
			target, earlier := agentAt(t, addr)
			target.Environ = tt.environ
			if tt.readFile != nil {
				target.ReadFile = tt.readFile
			}
			f, _ := probetest.Examine(t, UDPProbe(), target, withQuery(earlier, tt.query))
			fill := strings.NewReplacer("ADDR", addr, "PORT", probetest.PortFrom(t, addr))
			probetest.Expect(t, f, probe.StatusFail, tt.code, fill.Replace(tt.fact), fill.Replace(tt.hint))
			if tt.someCause != "" && !probetest.HasCause(f, tt.someCause) {
				t.Errorf("causes %+v lack %q", f.Causes, tt.someCause)
			}
		})
	}
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
	f, _ := probetest.Examine(t, UDPProbe(), target, earlier)
	port := probetest.PortFrom(t, addr)
	probetest.Expect(t, f, probe.StatusFail, codeUDPPublishedAsTCP,
		"tcp "+addr+" is open and udp "+addr+" is closed: published without /udp",
		`docker run -p `+port+`:6831/udp ... (in compose: "`+port+`:6831/udp")`)
}

func TestUDPAnswered(t *testing.T) {
	t.Parallel()
	conn := probetest.ListenUDP(t)
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
	f, _ := probetest.Examine(t, UDPProbe(), target, earlier)
	probetest.Expect(t, f, probe.StatusWarn, CodeUDPAnswered,
		"udp "+conn.LocalAddr().String()+" responded with 5 bytes, which Jaeger never does: another program?", "")
}

// brokenConn is a socket whose network is down.
type brokenConn struct{ net.Conn }

func (c brokenConn) Write([]byte) (int, error) {
	return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", syscall.ENETUNREACH)}
}

func TestUDPUnreachable(t *testing.T) {
	t.Parallel()
	conn := probetest.ListenUDP(t)
	target, earlier := agentAt(t, conn.LocalAddr().String())
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		return brokenConn{c}, err
	}
	f, _ := probetest.Examine(t, UDPProbe(), target, earlier)
	probetest.Expect(t, f, probe.StatusFail, probe.CodeUDPUnreachable,
		"cannot send to udp "+conn.LocalAddr().String()+": sendto: network is unreachable", "ip route get 127.0.0.1")
}

// These ports are fixed, so the sockets are elsewhere: the hook redirects.
func TestUDPPortsOfOtherEncodings(t *testing.T) {
	t.Parallel()
	open, closed := probetest.ListenUDP(t).LocalAddr().String(), probetest.ClosedAddr(t)
	tests := map[string]struct {
		port, to   string
		status     probe.Status
		code       probe.Code
		fact, hint string
	}{
		"6832 open": {
			"6832", open, probe.StatusWarn, CodeUDPWrongEncoding,
			"udp 127.0.0.1:6832 does not refuse spans, but port 6832 is Jaeger's port for binary thrift, and spans are sent as compact thrift", "--agent-port 6831",
		},
		// Jaeger 1 reads compact batches there, so only the canary shows the
		// fault.
		"5775 open": {
			"5775", open, probe.StatusOK, CodeUDPSilent,
			"udp 127.0.0.1:5775 did not refuse a span within 20ms; UDP proves no more than that", "",
		},
		"5775 closed": {
			"5775", closed, probe.StatusFail, probe.CodeUDPRefused, "nothing listens on udp 127.0.0.1:5775",
			"--agent-port 6831 (no Jaeger 2 listens on 5775)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, earlier := agentAt(t, "127.0.0.1:"+tt.port)
			target.Dial = probetest.RedirectDial(map[string]string{"127.0.0.1:" + tt.port: tt.to, usualAgent: closed})
			f, _ := probetest.Examine(t, UDPProbe(), target, withQuery(earlier, probe.StatusOK))
			probetest.Expect(t, f, tt.status, tt.code, tt.fact, tt.hint)
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
			target := probe.Target{ReadFile: func(name string) ([]byte, error) {
				if name == "/proc/1/cgroup" {
					return []byte(tt.cgroup), nil
				}
				return nil, os.ErrNotExist
			}}
			if got := target.InContainer(); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}
