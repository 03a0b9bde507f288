package allinone

import (
	"net/netip"

	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// decoder reads one kind of datagram.
type decoder func(datagram []byte) (wire.Batch, error)

// agent handles the datagrams of one of the ports that Jaeger's agent has.
func agent(in *inlet, decode decoder) udp.Handler {
	return func(payload []byte, from netip.AddrPort) {
		batch, err := decode(payload)
		if err != nil {
			in.reject(from, len(payload), err)
			return
		}
		in.accept(&batch)
	}
}
