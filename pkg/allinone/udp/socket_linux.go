package udp

import (
	"bytes"
	"net"
	"os"
	"strconv"
	"syscall"
)

// readBuffer returns the size of conn's receive buffer as it was granted, 0 when
// that cannot be told. Linux reports twice the size, the half being its own use
// (socket(7)).
func readBuffer(conn *net.UDPConn) int {
	var size int
	control(conn, func(fd int) {
		if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF); err == nil {
			size = n / 2
		}
	})
	return size
}

// The columns of /proc/net/udp that matter (proc_net(5), and udp4_format_sock in
// the kernel's net/ipv4/udp.c for the drops).
const (
	inodeColumn = 9
	dropsColumn = 12
)

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
	want := []byte(strconv.FormatUint(inode, 10))
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			columns := bytes.Fields(line)
			if len(columns) > dropsColumn && bytes.Equal(columns[inodeColumn], want) {
				n, err := strconv.ParseInt(string(columns[dropsColumn]), 10, 64)
				return n, err == nil
			}
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
