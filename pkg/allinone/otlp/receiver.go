package otlp

import (
	"net/http"
	"net/netip"

	"google.golang.org/grpc/codes"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/rpc"
)

// The names of the receivers.
const (
	GRPCName = "otlp-grpc"
	HTTPName = "otlp-http"
)

const (
	tracesPath   = "/v1/traces"
	exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
)

// GRPC receives spans over gRPC.
type GRPC struct{}

// Spec describes the receiver. OpenTelemetry's metrics, logs and profiles, which the
// same programs send to the same port, are rejected, but no spans are lost.
func (GRPC) Spec() ingest.Spec {
	return ingest.Spec{
		Name: GRPCName, Network: "tcp", Port: 4317, Purpose: "receive OpenTelemetry's spans over gRPC",
		Paths: []string{exportMethod}, MediaTypes: []string{rpc.MediaType},
		Ignored: []string{
			"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
			"/opentelemetry.proto.collector.logs.v1.LogsService/Export",
			"/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
		},
	}
}

// Start serves gRPC until the Server is closed.
func (GRPC) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	return ingest.ServeGRPC(s.TCP, port, map[string]rpc.Method{
		exportMethod: func(r *http.Request, message []byte) ([]byte, error) {
			request, err := Decode(message)
			if err != nil {
				return nil, rpc.Statusf(codes.InvalidArgument, "%w", err)
			}
			request.store(port, ingest.Remote(r))
			return Protobuf.Reply(request.Invalid), nil
		},
	}, "this port receives OTLP over gRPC: send OTLP over HTTP to its own port (Jaeger's is 4318), path /v1/traces")
}

// store stores the spans of a request. The client learns from the reply how many
// could not be stored.
func (r *Request) store(port *ingest.Port, from netip.AddrPort) {
	for n := range r.Batches {
		port.Accept(&r.Batches[n])
	}
	if r.Invalid > 0 {
		port.Reject(from, 0, &ingest.Fault{Reason: ingest.Incomplete, Detail: InvalidText(r.Invalid)})
	}
}

// HTTP receives spans over HTTP, and responds as Jaeger's receiver does.
type HTTP struct{}

// Spec describes the receiver; see GRPC.Spec for the ignored paths.
func (HTTP) Spec() ingest.Spec {
	return ingest.Spec{
		Name: HTTPName, Network: "tcp", Port: 4318, Purpose: "receive OpenTelemetry's spans over HTTP, as protobuf or JSON",
		Paths: []string{tracesPath}, MediaTypes: []string{string(Protobuf)},
		Ignored: []string{"/v1/metrics", "/v1/logs", "/v1development/profiles"},
	}
}

// Start serves HTTP until the Server is closed.
func (HTTP) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc(tracesPath, handler{port}.traces)
	return ingest.ServeHTTP(s.TCP, port, mux, nil)
}

type handler struct{ port *ingest.Port }

func (h handler) traces(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		h.write(w, http.StatusMethodNotAllowed, "text/plain", []byte("405 method not allowed, supported: [POST]"))
		return
	}
	contentType := r.Header.Get("Content-Type")
	format, ok := FormatOf(contentType)
	if !ok {
		h.port.RejectRequest(r, ingest.Faultf(ingest.ContentType, "%.64q", contentType))
		h.write(w, http.StatusUnsupportedMediaType, "text/plain",
			[]byte("415 unsupported media type, supported: [application/json, application/x-protobuf]"))
		return
	}
	var request Request
	_, err := h.port.Uploads.Decode(r, func(body []byte) (err error) {
		if request, err = format.Decode(body); err != nil {
			return &ingest.Fault{Reason: ingest.Malformed, Detail: err.Error()}
		}
		request.store(h.port, ingest.Remote(r))
		return nil
	})
	if err != nil {
		h.port.RejectRequest(r, err)
		status := ingest.StatusOf(ingest.ReasonOf(err))
		h.write(w, status, string(format), format.Fault(status, err.Error()))
		return
	}
	h.write(w, http.StatusOK, string(format), format.Reply(request.Invalid))
}

func (h handler) write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		h.port.Logger.Debug("response was not delivered", "error", err)
	}
}
