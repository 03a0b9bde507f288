package udp

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// defaultBuffer is Linux's default receive buffer as SetReadBuffer takes it.
const defaultBuffer = 106496

// deafAgent is a UDP port with the default receive buffer that nobody reads.
func deafAgent(t *testing.T) *net.UDPConn {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this system does not show receive buffers")
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadBuffer(defaultBuffer); err != nil {
		t.Fatal(err)
	}
	return conn
}

func portOf(conn *net.UDPConn) int { return conn.LocalAddr().(*net.UDPAddr).Port }

// A datagram waits for an agent that does not read, then counts as failed, and
// those behind it do not wait again.
func TestAgentDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		agent := deafAgent(t)
		r, l := startUDP(t, config.Agent{Host: "127.0.0.1", Port: portOf(agent), MaxPacketSize: 65000}, nil)
		start := time.Now()
		for i := 0; i < 20 && r.stats().Failed == 0; i++ {
			r.report(2000)
		}
		if waited := time.Since(start); waited < stallTimeout || waited > stallTimeout+time.Second {
			t.Errorf("waited %v, want %v", waited, stallTimeout)
		}
		l.Want(t, "level=WARN", "spans not sent", "receive buffer stays full")
		start = time.Now()
		before := r.stats().Failed
		r.report(5000)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("the next ones waited %v too", waited)
		}
		s := r.stats()
		testkit.CheckBalance(t, s)
		if s.Failed == before {
			t.Errorf("got %+v, want more failed", s)
		}

		buf := make([]byte, 1<<16)
		for used, _, ok := r.transport.sock.window.buffer.read(); ok && used > 0; used, _, ok = r.transport.sock.window.buffer.read() {
			if _, err := agent.Read(buf); err != nil {
				t.Fatal(err)
			}
		}
		before = s.Failed
		r.report(1)
		r.transport.Flush()
		if got := r.stats().Failed; got != before {
			t.Errorf("got %d failed once the agent reads, want %d", got, before)
		}
	})
}

// When the tracer's life ends, nobody waits for room any more.
func TestEndOfLifeWhileWaitingForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		agent := deafAgent(t)
		r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: portOf(agent), MaxPacketSize: 65000}, nil)
		time.AfterFunc(stallTimeout/2, r.cancel)
		start := time.Now()
		r.report(20_000)
		if waited := time.Since(start); waited != stallTimeout/2 {
			t.Errorf("waited %v, want %v", waited, stallTimeout/2)
		}
		s := r.stats()
		testkit.CheckBalance(t, s)
		if s.Failed == 0 {
			t.Errorf("got %+v, want some failed", s)
		}
	})
}

// What the kernel says is what it was given.
func TestRoomQuery(t *testing.T) {
	t.Parallel()
	agent := deafAgent(t)
	s, err := openSocket(t.Context(), agent.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if s.window.buffer == nil {
		t.Fatal("the kernel cannot be asked")
	}
	for _, size := range []int{1, 1000, 8000, 20_000, 40_000, 65_000} {
		before, most, ok := s.window.buffer.read()
		if !ok || most != 2*defaultBuffer {
			t.Fatalf("got a buffer of %d bytes, %v, want %d", most, ok, 2*defaultBuffer)
		}
		if err := s.write(1, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		after, _, _ := s.window.buffer.read()
		if took := after - before; took < size || took > bufferSize(size) {
			t.Errorf("a datagram of %d bytes takes %d, want no more than %d", size, took, bufferSize(size))
		}
	}
	_ = agent.Close()
	if _, _, ok := s.window.buffer.read(); ok {
		t.Error("got an answer about a closed port")
	}
}

// Only an agent on this machine has a buffer to look at.
func TestFlowToAnotherMachine(t *testing.T) {
	t.Parallel()
	from, to := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("192.0.2.2:6831")
	f := newSendWindow(from, to)
	if f.buffer != nil {
		t.Fatal("the buffer of another machine is looked at")
	}
	const size = 64 << 10
	now := time.Now()
	for i := range burstBytes / size {
		if got := f.delay(size, now); got != 0 {
			t.Errorf("datagram %d of a burst: got a pause of %v, want none", i, got)
		}
	}
	// Whoever sends as fast as allowed, sends at the rate.
	start, sent := now, 0
	for now.Sub(start) < time.Second {
		if wait := f.delay(size, now); wait > 0 {
			now = now.Add(wait)
			continue
		}
		sent += size
	}
	if sent < burstRate*9/10 || sent > burstRate+burstBytes {
		t.Errorf("sent %d bytes in a second, want %d", sent, burstRate)
	}
	if got := f.delay(size, now.Add(time.Minute)); got != 0 {
		t.Errorf("after a minute: got a pause of %v, want none", got)
	}
}
