package apiv2

import (
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/rpc"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

// Name is the receiver's name.
const Name = "collector-grpc"

const (
	postSpans   = "/jaeger.api_v2.CollectorService/PostSpans"
	getStrategy = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"
)

// Receiver receives spans as Jaeger's agents and collectors send them, and gives agents
// the sampling strategies that they serve to tracers.
type Receiver struct {
	Sampling *sampling.Strategies
}

// Spec describes the receiver.
func (Receiver) Spec() ingest.Spec {
	return ingest.Spec{
		Name: Name, Network: "tcp", Port: 14250, Purpose: "receive spans over gRPC, as Jaeger's agents send them",
		Paths: []string{postSpans}, MediaTypes: []string{rpc.MediaType},
	}
}

// Start serves gRPC until the Server is closed.
func (r Receiver) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	return ingest.ServeGRPC(s.TCP, port, map[string]rpc.Method{
		postSpans: func(_ *http.Request, message []byte) ([]byte, error) {
			batches, err := DecodePostSpans(message)
			if err != nil {
				return nil, rpc.Statusf(codes.InvalidArgument, "%w", err)
			}
			for n := range batches {
				port.Accept(&batches[n])
			}
			return nil, nil
		},
		getStrategy: func(_ *http.Request, message []byte) ([]byte, error) {
			reply, err := r.Sampling.Protobuf(message)
			if err != nil {
				return nil, rpc.Statusf(codes.InvalidArgument, "%w", err)
			}
			return reply, nil
		},
	}, "this port receives Jaeger's spans over gRPC: send thrift over HTTP to the collector's port (Jaeger's is 14268)")
}
