package allinone

import (
	"errors"
	"io"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/apiv2"
	"github.com/otdemo/otdemo/pkg/allinone/rpc"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// The paths of Jaeger's gRPC methods for spans and for sampling.
const (
	jaegerPostSpans = "/jaeger.api_v2.CollectorService/PostSpans"
	jaegerSampling  = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy"
)

// startCalls runs the receivers that OpenTelemetry's and Jaeger's own components
// send to.
func (b *Backend) startCalls(s *sockets, up *uploads, strategies *sampling.Strategies) {
	in := b.intake.inlet(CollectorGRPC)
	b.serve(CollectorGRPC, s, grpcHandler(in, up, jaegerMethods(in, strategies),
		"this port takes Jaeger's spans over gRPC: thrift over HTTP belongs on the collector's port (Jaeger's is 14268)"), rpc.Configure)
	in = b.intake.inlet(OTLPGRPC)
	b.serve(OTLPGRPC, s, grpcHandler(in, up, otlpMethods(in),
		"this port takes OTLP over gRPC: OTLP over HTTP belongs on its own port (Jaeger's is 4318), path /v1/traces"), rpc.Configure)
	in = b.intake.inlet(OTLPHTTP)
	b.serve(OTLPHTTP, s, (&otlpHTTP{in: in, up: up, logger: b.logger}).handler())
}

// jaegerMethods takes spans as Jaeger's agents and collectors send them, and hands
// agents the strategies that they hand to tracers.
func jaegerMethods(in *inlet, strategies *sampling.Strategies) map[string]rpc.Method {
	return map[string]rpc.Method{
		jaegerPostSpans: func(_ *http.Request, message []byte) ([]byte, error) {
			return nil, in.postSpans(message)
		},
		jaegerSampling: func(_ *http.Request, message []byte) ([]byte, error) {
			reply, err := strategies.Protobuf(message)
			if err != nil {
				return nil, rpc.Statusf(rpc.InvalidArgument, "%w", err)
			}
			return reply, nil
		},
	}
}

// postSpans stores the spans of a PostSpansRequest.
func (i *inlet) postSpans(message []byte) error {
	batches, err := apiv2.DecodePostSpans(message)
	if err != nil {
		return rpc.Statusf(rpc.InvalidArgument, "%w", err)
	}
	for n := range batches {
		i.accept(&batches[n])
	}
	return nil
}

// grpcHandler answers the methods. To whatever is no gRPC it says hello.
func grpcHandler(in *inlet, up *uploads, methods map[string]rpc.Method, hello string) http.Handler {
	return rpc.Handler(rpc.Options{
		Methods:    methods,
		MaxMessage: rpc.DefaultMaxMessage,
		Hello:      hello,
		Read: func(message io.Reader) ([]byte, func(), error) {
			body, err := up.bodies.take(message)
			if err != nil {
				return nil, nil, callError(err)
			}
			return body.bytes, body.close, nil
		},
		Begin: func(r *http.Request) (func(), error) {
			release, err := up.slot(r.Context())
			if err != nil {
				return nil, callError(err)
			}
			return release, nil
		},
		Failed: func(r *http.Request, size int64, err error) {
			// What came to the wrong port has been counted before it got here.
			if !errors.Is(err, rpc.ErrForeign) && !errors.Is(err, rpc.ErrUnknownMethod) {
				in.reject(remote(r), int(size), callFault(err))
			}
		},
	})
}

// callError gives the fault of a body the status that makes a client try again
// when that helps.
func callError(err error) error {
	if wire.ReasonOf(err) == wire.Busy {
		return rpc.Statusf(rpc.Unavailable, "%w", err)
	}
	return rpc.Statusf(rpc.Internal, "%w", err)
}

// callFault returns why a call carried no spans.
func callFault(err error) error {
	if fault, ok := errors.AsType[*wire.Fault](err); ok {
		return fault
	}
	fault := &wire.Fault{Reason: wire.Malformed, Detail: err.Error()}
	switch {
	case errors.Is(err, rpc.ErrPanicked):
		fault.Reason = wire.Panicked
	case rpc.CodeOf(err) == rpc.Unimplemented:
		fault.Reason = wire.Encoding
	case rpc.CodeOf(err) == rpc.ResourceExhausted:
		fault.Reason = wire.TooLarge
	}
	return fault
}
