package ingest

import (
	"errors"
	"io"
	"net"
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/otdemo/otdemo/pkg/allinone/rpc"
)

// ServeGRPC serves unary gRPC methods, by path, on a listener until the Server is
// closed. Their messages are read within the limits of the port's Uploads. What is
// not gRPC gets greeting as its response, in plain text.
func ServeGRPC(l net.Listener, port *Port, methods map[string]rpc.Method, greeting string) Server {
	return ServeHTTP(l, port, rpc.Handler(rpc.Options{
		Methods:        methods,
		MaxMessage:     rpc.DefaultMaxMessage,
		PlainTextReply: greeting,
		Read: func(message io.Reader) ([]byte, func(), error) {
			body, err := port.Uploads.Take(message)
			if err != nil {
				return nil, nil, statusError(err)
			}
			return body.Bytes, body.Close, nil
		},
		Begin: func(r *http.Request) (func(), error) {
			release, err := port.Uploads.Decoder(r.Context())
			if err != nil {
				return nil, statusError(err)
			}
			return release, nil
		},
		OnError: func(r *http.Request, size int64, err error) {
			// Calls to the wrong port were counted before.
			if !errors.Is(err, rpc.ErrNotGRPC) && !errors.Is(err, rpc.ErrUnknownMethod) {
				port.Reject(Remote(r), int(size), callFault(err))
			}
		},
	}), rpc.Configure)
}

// statusError gives a fault the gRPC status that makes a client retry when that
// helps.
func statusError(err error) error {
	if ReasonOf(err) == Busy {
		return rpc.Statusf(codes.Unavailable, "%w", err)
	}
	return rpc.Statusf(codes.Internal, "%w", err)
}

func callFault(err error) *Fault {
	fault := faultOf(err)
	switch {
	case errors.Is(err, rpc.ErrPanicked):
		fault.Reason = Panicked
	case rpc.CodeOf(err) == codes.Unimplemented:
		fault.Reason = Encoding
	case rpc.CodeOf(err) == codes.ResourceExhausted:
		fault.Reason = TooLarge
	}
	return fault
}
