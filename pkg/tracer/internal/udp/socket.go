package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// How long a datagram may still be refused after it was written; until then it
// is kept. On loopback the refusal is there when the write returns, unless the
// kernel is so busy that it handles received packets in a thread of their own.
// From another host a refusal needs a round trip.
const (
	loopbackGrace = 10 * time.Millisecond
	remoteGrace   = 250 * time.Millisecond
)

// writeBuffer is the send buffer that is requested, so that a burst of the
// largest datagrams need not wait for the network card. The kernel may cap it.
const writeBuffer = 1 << 20

// unknown is the number of a refused datagram that the system did not quote; they
// count from 1.
const unknown = 0

// socket is a connected UDP socket that finds out about refused datagrams.
type socket struct {
	conn  *net.UDPConn
	raw   syscall.RawConn
	addr  netip.AddrPort
	grace time.Duration
	// exact is true if refusals quote the datagram; otherwise the last one
	// written counts as the refused one.
	exact  bool
	last   uint32
	window sendWindow
	stop   func() bool
}

// openSocket connects to addr. Once ctx ends, writes return at once.
func openSocket(ctx context.Context, addr netip.AddrPort) (*socket, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, fmt.Errorf("opening a socket to the agent: %w", err)
	}
	raw, _ := conn.SyscallConn() // an open one has it
	// A smaller buffer than requested only makes writes wait.
	_ = conn.SetWriteBuffer(writeBuffer)
	s := &socket{conn: conn, raw: raw, addr: addr, grace: remoteGrace}
	if addr.Addr().IsLoopback() {
		s.grace = loopbackGrace
	}
	s.exact = s.askForQuotes()
	s.window = newSendWindow(conn.LocalAddr().(*net.UDPAddr).AddrPort(), addr)
	s.stop = context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	return s, nil
}

// write sends one datagram. An error may belong to an earlier datagram, see
// refusals; either way this one was not sent.
func (s *socket) write(number uint32, payload []byte) error {
	_, err := s.conn.Write(payload)
	if err == nil {
		s.last = number
	}
	return err
}

func (s *socket) close() {
	s.stop()
	s.window.close()
	_ = s.conn.Close()
}

// refused returns the datagram behind a write's error that refusals did not return.
func (s *socket) refused() uint32 {
	if s.exact {
		return unknown
	}
	return s.last
}

// isBusy reports whether the same write may well work a little later.
func isBusy(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EAGAIN) ||
		errors.Is(err, os.ErrDeadlineExceeded)
}
