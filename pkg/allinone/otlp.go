package allinone

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/otdemo/otdemo/pkg/allinone/otlp"
	"github.com/otdemo/otdemo/pkg/allinone/rpc"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// otlpExport is the path of OpenTelemetry's gRPC method for spans.
const otlpExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// isOtherSignal recognises OpenTelemetry's metrics, logs and profiles, which the
// same programs send to the same ports: they are refused, but no spans are lost.
func isOtherSignal(path string) bool {
	return slices.Contains([]string{
		"/v1/metrics",
		"/v1/logs",
		"/v1development/profiles",
		"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
		"/opentelemetry.proto.collector.logs.v1.LogsService/Export",
		"/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
	}, path)
}

// otlpMethods takes spans as OpenTelemetry sends them over gRPC.
func otlpMethods(in *inlet) map[string]rpc.Method {
	return map[string]rpc.Method{otlpExport: func(r *http.Request, body []byte) ([]byte, error) {
		request, err := otlp.Decode(body)
		if err != nil {
			return nil, rpc.Statusf(rpc.InvalidArgument, "%w", err)
		}
		in.export(remote(r), &request)
		return otlp.Protobuf.Reply(request.Invalid), nil
	}}
}

// export stores a request's spans. Of those that cannot be, the client is told in
// the reply.
func (i *inlet) export(from netip.AddrPort, request *otlp.Request) {
	for n := range request.Batches {
		i.accept(&request.Batches[n])
	}
	if request.Invalid > 0 {
		i.reject(from, 0, &wire.Fault{Reason: wire.Incomplete, Detail: otlp.InvalidText(request.Invalid)})
	}
}

// otlpHTTP takes spans as OpenTelemetry sends them over HTTP, and answers as
// Jaeger's receiver does.
type otlpHTTP struct {
	in     *inlet
	up     *uploads
	logger *slog.Logger
}

func (h *otlpHTTP) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/traces", h.traces)
	return mux
}

func (h *otlpHTTP) traces(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		h.write(w, http.StatusMethodNotAllowed, "text/plain", []byte("405 method not allowed, supported: [POST]"))
		return
	}
	contentType := r.Header.Get("Content-Type")
	format, ok := otlp.FormatOf(contentType)
	if !ok {
		h.reject(r, &wire.Fault{Reason: wire.ContentType, Detail: fmt.Sprintf("%.64q", contentType)})
		h.write(w, http.StatusUnsupportedMediaType, "text/plain",
			[]byte("415 unsupported media type, supported: [application/json, application/x-protobuf]"))
		return
	}
	invalid, err := h.store(r, format)
	if err != nil {
		h.reject(r, err)
		status := statusOf(wire.ReasonOf(err))
		h.write(w, status, string(format), format.Fault(status, err.Error()))
		return
	}
	h.write(w, http.StatusOK, string(format), format.Reply(invalid))
}

// store stores the spans of a request, and returns how many were invalid.
func (h *otlpHTTP) store(r *http.Request, format otlp.Format) (invalid int, err error) {
	body, err := h.up.bodies.read(r)
	if err != nil {
		return 0, err
	}
	defer body.close()
	release, err := h.up.slot(r.Context())
	if err != nil {
		return 0, err
	}
	defer release()
	if err := body.unpack(); err != nil {
		return 0, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = &wire.Fault{Reason: wire.Panicked, Detail: fmt.Sprint(p)}
		}
	}()
	request, err := format.Decode(body.bytes)
	if err != nil {
		return 0, &wire.Fault{Reason: wire.Malformed, Detail: err.Error()}
	}
	h.in.export(remote(r), &request)
	return request.Invalid, nil
}

func (h *otlpHTTP) reject(r *http.Request, err error) {
	h.in.reject(remote(r), int(max(0, r.ContentLength)), err)
}

func (h *otlpHTTP) write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		h.logger.Debug("answer was not delivered", "error", err)
	}
}
