//go:build unix

package udp

import (
	"net"
	"syscall"
)

// pending reports whether a datagram waits in conn's buffer.
func pending(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var peeked error
	var first [1]byte
	err = raw.Control(func(fd uintptr) {
		_, _, peeked = syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && peeked == nil
}
