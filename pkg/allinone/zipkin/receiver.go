// Package zipkin receives spans over HTTP as Zipkin's server does, as JSON and
// thrift. Start at Receiver.
package zipkin

import (
	"cmp"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
)

// Name is the receiver's name.
const Name = "zipkin"

const (
	pathV1 = "/api/v1/spans"
	pathV2 = "/api/v2/spans"
)

// Receiver receives spans through both of Zipkin's APIs.
type Receiver struct{}

// Spec describes the receiver.
func (Receiver) Spec() ingest.Spec {
	return ingest.Spec{
		Name: Name, Network: "tcp", Port: 9411, Purpose: "receive Zipkin's JSON and thrift over HTTP",
		Paths: []string{pathV1, pathV2}, MediaTypes: thrift.MediaTypes(),
	}
}

// Start serves HTTP until the Server is closed.
func (Receiver) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	h := handler{port}
	mux := http.NewServeMux()
	mux.HandleFunc(pathV1, ingest.OnlyPost(h.v1))
	mux.HandleFunc(pathV2, ingest.OnlyPost(h.v2))
	return ingest.ServeHTTP(s.TCP, port, mux, nil)
}

type handler struct{ port *ingest.Port }

// v1 reads thrift, or JSON if the content type is anything else.
func (h handler) v1(w http.ResponseWriter, r *http.Request) {
	if thrift.IsMediaType(ingest.MediaType(r)) {
		h.receive(w, r, thrift.DecodeZipkin)
	} else {
		h.receive(w, r, DecodeJSONv1)
	}
}

// v2 reads JSON under any content type but those of other formats: a body that is not
// JSON is rejected as such.
func (h handler) v2(w http.ResponseWriter, r *http.Request) {
	if kind := ingest.MediaType(r); kind == "application/x-protobuf" || thrift.IsMediaType(kind) {
		fault := &ingest.Fault{Reason: ingest.ContentType, Detail: kind}
		h.port.Reject(ingest.Remote(r), 0, fault)
		http.Error(w, fault.Error(), http.StatusBadRequest)
		return
	}
	h.receive(w, r, DecodeJSON)
}

func (h handler) receive(w http.ResponseWriter, r *http.Request, decode func([]byte) (ingest.Batch, error)) {
	if fault := h.port.Receive(r, decode); fault != nil {
		http.Error(w, cmp.Or(fault.Jaeger, fault.Error()), ingest.StatusOf(fault.Reason))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
