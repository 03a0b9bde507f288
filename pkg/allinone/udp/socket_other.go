//go:build !linux

package udp

import "net"

// readBuffer returns 0: only Linux is asked for the size it granted.
func readBuffer(*net.UDPConn) int { return 0 }

// kernelDrops is known on Linux only.
func kernelDrops(*net.UDPConn) (n int64, known bool) { return 0, false }
