// Package agent receives the datagrams that Jaeger's clients send to Jaeger's agent:
// batches of Jaeger's or Zipkin's spans in thrift. Start at Compact.
package agent

import (
	"net/netip"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
)

// The names of the receivers.
const (
	CompactName = "agent-compact"
	BinaryName  = "agent-binary"
	ZipkinName  = "agent-zipkin"
)

// Receiver receives datagrams on one of the agent's ports.
type Receiver struct {
	spec   ingest.Spec
	decode func(datagram []byte) (ingest.Batch, error)
}

// Compact returns the receiver of compact thrift.
func Compact() Receiver {
	return Receiver{ingest.Spec{
		Name: CompactName, Network: "udp", Port: 6831, Signature: thrift.CompactSignature(),
		Purpose: "receive compact thrift over UDP, which Jaeger's clients send by default",
	}, thrift.DecodeCompact}
}

// Binary returns the receiver of binary thrift.
func Binary() Receiver {
	return Receiver{ingest.Spec{
		Name: BinaryName, Network: "udp", Port: 6832, Signature: thrift.BinarySignature(),
		Purpose: "receive binary thrift over UDP",
	}, thrift.DecodeBinary}
}

// Zipkin returns the receiver on the port that Jaeger's agent once had for Zipkin's
// spans. It accepts what Compact does.
func Zipkin() Receiver {
	return Receiver{ingest.Spec{
		Name: ZipkinName, Network: "udp", Port: 5775,
		Purpose: "receive Zipkin's compact thrift over UDP",
	}, thrift.DecodeCompact}
}

// Spec describes the receiver.
func (r Receiver) Spec() ingest.Spec { return r.spec }

// Start receives until the Server, a *udp.Receiver, is closed.
func (r Receiver) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	return udp.Start(s.UDP, r.Handler(port), port.Logger.With("listener", port.Name))
}

// Handler returns the function that handles a datagram.
func (r Receiver) Handler(port *ingest.Port) udp.Handler {
	return func(payload []byte, from netip.AddrPort) {
		batch, err := r.decode(payload)
		if err != nil {
			port.Reject(from, len(payload), err)
			return
		}
		port.Accept(&batch)
	}
}
