// Package collector receives batches of thrift over HTTP, as Jaeger's collector does.
// Start at Receiver.
package collector

import (
	"cmp"
	"fmt"
	"html"
	"mime"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/thrift"
)

// Name is the receiver's name.
const Name = "collector-http"

const path = "/api/traces"

// Receiver receives thrift over HTTP and responds to every fault in the words of
// Jaeger 1.62.
type Receiver struct {
	// Sampling serves the sampling strategies, where Jaeger 1's collector has them.
	Sampling http.Handler
}

// Spec describes the receiver. HTTP on a port that does not speak it is most likely
// meant for this one.
func (Receiver) Spec() ingest.Spec {
	return ingest.Spec{
		Name: Name, Network: "tcp", Port: 14268, Purpose: "receive thrift over HTTP",
		Paths: []string{path}, MediaTypes: thrift.MediaTypes(), Signature: &ingest.Signature{Reason: ingest.HTTP},
	}
}

// Start serves HTTP until the Server is closed.
func (r Receiver) Start(s ingest.Socket, port *ingest.Port) ingest.Server {
	return ingest.ServeHTTP(s.TCP, port, r.Handler(port), nil)
}

// Handler returns the handler of all requests.
func (r Receiver) Handler(port *ingest.Port) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(path, ingest.OnlyPost(func(w http.ResponseWriter, r *http.Request) { traces(port, w, r) }))
	mux.Handle("/api/sampling", r.Sampling)
	return mux
}

func traces(port *ingest.Port, w http.ResponseWriter, r *http.Request) {
	if text := unsupported(r.Header.Get("Content-Type")); text != "" {
		port.Reject(ingest.Remote(r), 0, &ingest.Fault{Reason: ingest.ContentType, Detail: text})
		http.Error(w, text, http.StatusBadRequest)
		return
	}
	if fault := port.Receive(r, thrift.DecodeBatch); fault != nil {
		why := cmp.Or(fault.Jaeger, fault.Error())
		http.Error(w, "Unable to process request body: "+why, ingest.StatusOf(fault.Reason))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// unsupported returns what is wrong with a content type, "" if it is thrift's.
func unsupported(header string) string {
	kind, _, err := mime.ParseMediaType(header)
	switch {
	case err != nil:
		return fmt.Sprintf("Cannot parse content type: %v", err)
	case thrift.IsMediaType(kind):
		return ""
	default:
		return "Unsupported content type: " + html.EscapeString(kind)
	}
}
