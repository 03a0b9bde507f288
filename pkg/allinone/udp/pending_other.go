//go:build !unix

package udp

import "net"

// pending is unknown here; what the socket holds at the end is lost.
func pending(*net.UDPConn) bool { return false }
