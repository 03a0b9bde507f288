package allinone

import (
	"net/netip"

	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// compactAgent handles the datagrams of Jaeger's port 6831: thrift's compact
// protocol.
func compactAgent(in *intake) udp.Handler {
	return func(payload []byte, from netip.AddrPort) {
		batch, err := wire.DecodeCompact(payload)
		if err != nil {
			in.reject(AgentCompact, from, len(payload), err)
			return
		}
		in.accept(&batch)
	}
}
