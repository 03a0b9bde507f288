//go:build !linux

package udp

import "net"

// readBuffer returns 0: the granted size is read on Linux only.
func readBuffer(*net.UDPConn) int { return 0 }

// kernelDrops is known on Linux only.
func kernelDrops(*net.UDPConn) *int64 { return nil }
