package udp

import (
	"net"
	"syscall"

	"github.com/otdemo/otdemo/internal/procnet"
)

// readBuffer returns the size of conn's receive buffer as it was granted, 0 if
// unknown. Linux reports twice the size, because half is for its own use (socket(7)).
func readBuffer(conn *net.UDPConn) int {
	var size int
	control(conn, func(fd int) {
		if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF); err == nil {
			size = n / 2
		}
	})
	return size
}

// kernelDrops returns how many datagrams found conn's buffer full.
func kernelDrops(conn *net.UDPConn) (n int64, known bool) {
	var inode uint64
	control(conn, func(fd int) {
		var stat syscall.Stat_t
		if syscall.Fstat(fd, &stat) == nil {
			inode = stat.Ino
		}
	})
	if inode == 0 {
		return 0, false
	}
	for socket := range procnet.Sockets("udp") {
		if socket.Inode == inode {
			return socket.Drops, true
		}
	}
	return 0, false
}

// control calls f with conn's descriptor, unless conn is closed.
func control(conn *net.UDPConn, f func(fd int)) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails only when closed
}
