package ledger

import (
	"context"
	"net"
	"net/netip"
	"strconv"

	"github.com/otdemo/otdemo/internal/procnet"
)

// kernel counts the datagrams that this machine's kernel dropped because a
// receiver was too slow.
type kernel struct {
	// known says that the agent's port is on this machine and could be looked at.
	known bool
	// port is what the sockets on the agent's port dropped, machine what all did.
	port, machine int64
}

// readKernel looks at the sockets on the agent's port, if that is on this machine
// and it is a Linux.
func readKernel(ctx context.Context, agent string) kernel {
	host, port, err := net.SplitHostPort(agent)
	if err != nil || !isHere(ctx, host) {
		return kernel{}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return kernel{}
	}
	k := kernel{machine: procnet.ReceiveBufferErrors()}
	for socket := range procnet.Sockets("udp") {
		if uint64(socket.Port) == number {
			k.port += socket.Drops
			k.known = true
		}
	}
	return k
}

// isHere reports whether host is an address of this machine.
func isHere(ctx context.Context, host string) bool {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, addr := range addrs {
		addr = addr.Unmap()
		if addr.IsLoopback() {
			return true
		}
		for _, o := range own {
			if prefix, err := netip.ParsePrefix(o.String()); err == nil && prefix.Addr().Unmap() == addr {
				return true
			}
		}
	}
	return false
}
