package allinone

import (
	"cmp"
	"mime"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// zipkin takes spans as Zipkin's server does on its port 9411.
type zipkin struct {
	in      *inlet
	uploads *uploads
}

// zipkinHandler serves both of Zipkin's APIs for sending.
func zipkinHandler(in *inlet, u *uploads) http.Handler {
	z := &zipkin{in: in, uploads: u}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/spans", onlyPost(z.first))
	mux.HandleFunc("/api/v2/spans", onlyPost(z.second))
	return mux
}

// first takes thrift, or JSON when nothing else is said.
func (z *zipkin) first(w http.ResponseWriter, r *http.Request) {
	switch mediaType(r) {
	case "application/x-thrift", "application/vnd.apache.thrift.binary":
		z.receive(w, r, wire.DecodeZipkinThrift)
	default:
		z.receive(w, r, wire.DecodeZipkinJSONv1)
	}
}

// second takes JSON, also under another name: a body that is none says so itself.
func (z *zipkin) second(w http.ResponseWriter, r *http.Request) {
	switch kind := mediaType(r); kind {
	case "application/x-protobuf", "application/x-thrift", "application/vnd.apache.thrift.binary":
		fault := &wire.Fault{Reason: wire.ContentType, Detail: kind}
		z.in.reject(remote(r), 0, fault)
		http.Error(w, fault.Error(), http.StatusBadRequest)
	default:
		z.receive(w, r, wire.DecodeZipkinJSON)
	}
}

func (z *zipkin) receive(w http.ResponseWriter, r *http.Request, decode decoder) {
	if fault := z.uploads.receive(z.in, r, decode); fault != nil {
		http.Error(w, cmp.Or(fault.Jaeger, fault.Error()), statusOf(fault.Reason))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// mediaType returns a request's content type without parameters, "" when it has
// none that can be read.
func mediaType(r *http.Request) string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}
