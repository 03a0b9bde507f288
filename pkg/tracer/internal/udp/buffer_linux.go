package udp

import (
	"encoding/binary"
	"net/netip"
	"syscall"
)

// Parts of a query for one socket, from linux/sock_diag.h and linux/inet_diag.h.
const (
	sockDiagByFamily = 20
	diagMemoryInfo   = 7           // the attribute with the socket's memory
	diagAnswerSize   = 4 + 48 + 20 // what stands before the attributes
)

// diagRequest is struct inet_diag_req_v2 behind the header of its message.
type diagRequest struct {
	syscall.NlMsghdr
	Family, Protocol, Extensions, _ uint8
	States                          uint32
	// The kernel finds the socket as for a datagram with these addresses. Ports are
	// in the network's byte order.
	SourcePort, TargetPort [2]byte
	Source, Target         [16]byte
	_                      uint32 // interface
	Cookie                 uint64
}

// bufferQuery reads from the kernel how full the receive buffer is that our datagrams
// go to, if that socket is on this machine (sock_diag(7)). It needs no privileges.
type bufferQuery struct {
	fd      int
	request []byte
	answer  [512]byte
}

// newBufferQuery returns nil if the kernel does not offer that.
func newBufferQuery(from, to netip.AddrPort) *bufferQuery {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, syscall.NETLINK_INET_DIAG)
	if err != nil {
		return nil
	}
	r := diagRequest{
		NlMsghdr:   syscall.NlMsghdr{Type: sockDiagByFamily, Flags: syscall.NLM_F_REQUEST},
		Family:     syscall.AF_INET,
		Protocol:   syscall.IPPROTO_UDP,
		Extensions: 1 << (diagMemoryInfo - 1),
		States:     ^uint32(0), // any
		Cookie:     ^uint64(0), // none
	}
	if to.Addr().Is6() {
		r.Family = syscall.AF_INET6
	}
	r.Len = uint32(binary.Size(r))
	binary.BigEndian.PutUint16(r.SourcePort[:], from.Port())
	binary.BigEndian.PutUint16(r.TargetPort[:], to.Port())
	copy(r.Source[:], from.Addr().Unmap().AsSlice())
	copy(r.Target[:], to.Addr().AsSlice())
	request, _ := binary.Append(nil, binary.NativeEndian, r) // whose size is fixed
	return &bufferQuery{fd: fd, request: request}
}

// read returns the bytes of the buffer that are in use and that there are, as the
// kernel counts them: with its own use, about twice a small datagram's payload.
// It reports false when there is no such socket here, or none may be looked at.
func (q *bufferQuery) read() (used, most int, ok bool) {
	kernel := syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}
	if err := syscall.Sendto(q.fd, q.request, 0, &kernel); err != nil {
		return 0, 0, false
	}
	n, _, err := syscall.Recvfrom(q.fd, q.answer[:], syscall.MSG_DONTWAIT)
	if err != nil || n < syscall.SizeofNlMsghdr+diagAnswerSize ||
		binary.NativeEndian.Uint16(q.answer[4:]) != sockDiagByFamily {
		return 0, 0, false
	}
	attributes := q.answer[syscall.SizeofNlMsghdr+diagAnswerSize : n]
	for len(attributes) >= syscall.SizeofRtAttr {
		size, kind := int(binary.NativeEndian.Uint16(attributes)), binary.NativeEndian.Uint16(attributes[2:])
		if size < syscall.SizeofRtAttr || size > len(attributes) {
			break
		}
		if kind == diagMemoryInfo && size >= syscall.SizeofRtAttr+8 {
			list := attributes[syscall.SizeofRtAttr:] // begins with what is used and what there is
			return int(binary.NativeEndian.Uint32(list)), int(binary.NativeEndian.Uint32(list[4:])), true
		}
		attributes = attributes[min((size+3)&^3, len(attributes)):]
	}
	return 0, 0, false
}

func (q *bufferQuery) close() { _ = syscall.Close(q.fd) }
