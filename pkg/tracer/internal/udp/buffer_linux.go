package udp

import (
	"encoding/binary"
	"net/netip"
	"syscall"
)

// Parts of a query for one socket, from linux/sock_diag.h and linux/inet_diag.h.
const (
	sockDiagByFamily = 20
	diagMemoryInfo   = 7 // the attribute with the socket's memory
	diagRequestSize  = syscall.SizeofNlMsghdr + 8 + diagIDSize
	diagIDSize       = 48
	diagAnswerSize   = 4 + diagIDSize + 20 // what stands before the attributes
)

// Places in the list that diagMemoryInfo is.
const (
	memoryUsed = 0
	memoryMost = 1
)

// bufferQuery reads from the kernel how full the receive buffer is that our datagrams
// go to, if that socket is on this machine (sock_diag(7)). It needs no privileges.
type bufferQuery struct {
	fd      int
	request [diagRequestSize]byte
	answer  [512]byte
}

// newBufferQuery returns nil if the kernel does not offer that.
func newBufferQuery(from, to netip.AddrPort) *bufferQuery {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, syscall.NETLINK_INET_DIAG)
	if err != nil {
		return nil
	}
	q := &bufferQuery{fd: fd}
	b := q.request[:]
	binary.NativeEndian.PutUint32(b, diagRequestSize)
	binary.NativeEndian.PutUint16(b[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(b[6:], syscall.NLM_F_REQUEST)
	b = b[syscall.SizeofNlMsghdr:]
	b[0] = syscall.AF_INET
	if to.Addr().Is6() {
		b[0] = syscall.AF_INET6
	}
	b[1] = syscall.IPPROTO_UDP
	b[2] = 1 << (diagMemoryInfo - 1)
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0)) // in any state
	id := b[8:]
	// The kernel finds the socket as for a datagram with these addresses.
	binary.BigEndian.PutUint16(id, from.Port())
	binary.BigEndian.PutUint16(id[2:], to.Port())
	copy(id[4:20], from.Addr().Unmap().AsSlice())
	copy(id[20:36], to.Addr().AsSlice())
	binary.NativeEndian.PutUint64(id[40:], ^uint64(0)) // no cookie
	return q
}

// read returns the bytes of the buffer that are in use and that there are, as the
// kernel counts them: with its own use, about twice a small datagram's payload.
// It reports false when there is no such socket here, or none may be looked at.
func (q *bufferQuery) read() (used, most int, ok bool) {
	kernel := syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}
	if err := syscall.Sendto(q.fd, q.request[:], 0, &kernel); err != nil {
		return 0, 0, false
	}
	n, _, err := syscall.Recvfrom(q.fd, q.answer[:], syscall.MSG_DONTWAIT)
	if err != nil || n < syscall.SizeofNlMsghdr+diagAnswerSize ||
		binary.NativeEndian.Uint16(q.answer[4:]) != sockDiagByFamily {
		return 0, 0, false
	}
	attributes := q.answer[syscall.SizeofNlMsghdr+diagAnswerSize : n]
	for len(attributes) >= syscall.SizeofRtAttr {
		size := int(binary.NativeEndian.Uint16(attributes))
		if size < syscall.SizeofRtAttr || size > len(attributes) {
			break
		}
		if kind := binary.NativeEndian.Uint16(attributes[2:]); kind == diagMemoryInfo && size >= syscall.SizeofRtAttr+8 {
			list := attributes[syscall.SizeofRtAttr:]
			return int(binary.NativeEndian.Uint32(list[4*memoryUsed:])), int(binary.NativeEndian.Uint32(list[4*memoryMost:])), true
		}
		attributes = attributes[min((size+3)&^3, len(attributes)):]
	}
	return 0, 0, false
}

func (q *bufferQuery) close() { _ = syscall.Close(q.fd) }
