package udp

import (
	"net"
	"syscall"

	"github.com/otdemo/otdemo/internal/procnet"
)

// readBuffer returns the size of conn's receive buffer as it was granted, 0 if
// unknown. Linux reports twice the size, because half is for its own use (socket(7)).
func readBuffer(conn *net.UDPConn) (size int) {
	control(conn, func(fd int) {
		n, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF)
		size = n / 2
	})
	return size
}

// kernelDrops returns how many datagrams found conn's buffer full, nil if unknown.
func kernelDrops(conn *net.UDPConn) *int64 {
	var stat syscall.Stat_t
	control(conn, func(fd int) { _ = syscall.Fstat(fd, &stat) })
	for socket := range procnet.Sockets("udp") {
		if socket.Inode == stat.Ino && stat.Ino != 0 {
			return &socket.Drops
		}
	}
	return nil
}
