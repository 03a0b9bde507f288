//go:build unix

package udp

import (
	"net"
	"syscall"
)

// pending reports whether a datagram waits in conn's buffer.
func pending(conn *net.UDPConn) bool {
	err := error(syscall.EBADF) // when it is closed
	control(conn, func(fd int) {
		var first [1]byte
		_, _, err = syscall.Recvfrom(fd, first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil
}

// control calls f with conn's descriptor, unless conn is closed.
func control(conn *net.UDPConn, f func(fd int)) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails only when closed
}
