package ledger

import (
	"context"
	"net"
	"strconv"

	"github.com/otdemo/otdemo/internal/hosts"
	"github.com/otdemo/otdemo/internal/procnet"
)

// kernel counts the datagrams that this machine's kernel dropped because a
// receiver was too slow.
type kernel struct {
	// known reports that the agent's port is on this machine and its sockets were found.
	known bool
	// port counts what the sockets on the agent's port dropped, machine what all did.
	port, machine int64
}

// readKernel reads the counters of the sockets on the agent's port, if that is on this
// machine and it runs Linux.
func readKernel(ctx context.Context, agent string) kernel {
	host, port, err := net.SplitHostPort(agent)
	if err != nil || !hosts.IsLocal(ctx, host) {
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
