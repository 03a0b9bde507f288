package udp

import (
	"encoding/binary"
	"syscall"

	"github.com/otdemo/otdemo/pkg/tracer/internal/thrift"
)

// Origins of an extended socket error that mean the network reported it, from
// linux/errqueue.h. A local one is returned by the write itself as well.
const (
	originICMP  = 2
	originICMP6 = 3
)

// quoteSize is enough to find a datagram's number in its first bytes.
const quoteSize = 16

// askForQuotes makes the kernel queue each ICMP error together with the first
// bytes of the datagram it is about (ip(7), IP_RECVERR).
func (s *socket) askForQuotes() bool {
	level, option := syscall.IPPROTO_IP, syscall.IP_RECVERR
	if s.addr.Addr().Is6() {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR
	}
	var err error
	if cerr := s.raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), level, option, 1)
	}); cerr != nil {
		return false
	}
	return err == nil
}

// refusals returns the datagrams whose refusal became known since the last call, oldest
// first. It never blocks.
func (s *socket) refusals() []uint32 {
	var found []uint32
	_ = s.raw.Control(func(fd uintptr) {
		if !s.exact {
			if code, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && code != 0 {
				found = append(found, s.last)
			}
			return
		}
		found = readErrorQueue(int(fd))
	})
	return found
}

func readErrorQueue(fd int) []uint32 {
	var found []uint32
	var quote [quoteSize]byte
	var control [256]byte
	for {
		n, controlSize, _, _, err := syscall.Recvmsg(fd, quote[:], control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
		if err != nil {
			return found
		}
		if fromNetwork(control[:controlSize]) {
			found = append(found, thrift.DatagramNumber(quote[:n]))
		}
	}
}

// fromNetwork looks for a struct sock_extended_err whose origin is ICMP. The
// origin is the byte after its 32-bit error number.
func fromNetwork(control []byte) bool {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for _, m := range messages {
		ours := m.Header.Level == syscall.IPPROTO_IP && m.Header.Type == syscall.IP_RECVERR ||
			m.Header.Level == syscall.IPPROTO_IPV6 && m.Header.Type == syscall.IPV6_RECVERR
		if ours && len(m.Data) > 4 && binary.NativeEndian.Uint32(m.Data) != 0 {
			return m.Data[4] == originICMP || m.Data[4] == originICMP6
		}
	}
	return false
}
