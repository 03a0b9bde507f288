package lab

import (
	"net"
	"sync"
	"testing"
)

const loopbackAny = "127.0.0.1:0"

// Swallow returns the host:port of a UDP port that another program holds, one
// that takes every datagram and says nothing.
func Swallow(t *testing.T) string {
	t.Helper()
	return holdUDP(t, func(net.PacketConn, []byte, net.Addr) {})
}

// Echo returns the host:port of a UDP port that sends everything back.
func Echo(t *testing.T) string {
	t.Helper()
	return holdUDP(t, func(conn net.PacketConn, p []byte, from net.Addr) { _, _ = conn.WriteTo(p, from) })
}

func holdUDP(t *testing.T, take func(conn net.PacketConn, p []byte, from net.Addr)) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", loopbackAny) //nolint:noctx // closed by a cleanup
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			take(conn, buf[:n], from)
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
	})
	return conn.LocalAddr().String()
}

// Reset returns the host:port of a TCP port that accepts every connection and
// resets it, as a mutual-TLS proxy does to who speaks plain.
func Reset(t *testing.T) string {
	t.Helper()
	return holdTCP(t, func(conn *net.TCPConn) bool {
		// The client has written by then, or its answer would be a plain close.
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.SetLinger(0)
		return false
	})
}

// Hang returns the host:port of a TCP port that accepts every connection and
// says nothing, as a program does that is stuck.
func Hang(t *testing.T) string {
	t.Helper()
	return holdTCP(t, func(*net.TCPConn) bool { return true })
}

// holdTCP gives take each connection and closes it at once, or at the end of
// the test if take wants to keep it.
func holdTCP(t *testing.T, take func(conn *net.TCPConn) (keep bool)) string {
	t.Helper()
	l, err := net.Listen("tcp4", loopbackAny) //nolint:noctx // closed by a cleanup
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		var kept []net.Conn
		for {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			if take(conn.(*net.TCPConn)) {
				kept = append(kept, conn)
				continue
			}
			_ = conn.Close()
		}
		for _, conn := range kept {
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}
