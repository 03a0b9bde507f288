// Package udpsink is where tests and benchmarks send datagrams that nobody needs. Start
// at Open.
package udpsink

import (
	"net"
	"testing"
)

// readBuffer is the receive buffer that otdemo's backend requests, in bytes: our UDP
// transport waits for a full one.
const readBuffer = 4 << 20

// Open returns a UDP port on 127.0.0.1 whose datagrams are read and discarded until the
// test ends.
func Open(tb testing.TB) int {
	tb.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}()
	tb.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).Port
}
