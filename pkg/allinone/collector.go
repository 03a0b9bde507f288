package allinone

import (
	"cmp"
	"fmt"
	"html"
	"mime"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// collector takes batches of thrift over HTTP, as Jaeger's collector does on its
// port 14268, and answers every fault in the words of Jaeger 1.62.
type collector struct {
	in      *inlet
	uploads *uploads
}

// collectorHandler serves a collector, and sampling strategies where Jaeger 1's
// collector has them.
func collectorHandler(in *inlet, u *uploads, strategies http.Handler) http.Handler {
	c := &collector{in: in, uploads: u}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/traces", onlyPost(c.traces))
	mux.Handle("/api/sampling", strategies)
	return mux
}

func (c *collector) traces(w http.ResponseWriter, r *http.Request) {
	if words := refusedType(r.Header.Get("Content-Type")); words != "" {
		c.in.reject(remote(r), 0, &wire.Fault{Reason: wire.ContentType, Detail: words})
		http.Error(w, words, http.StatusBadRequest)
		return
	}
	if fault := c.uploads.receive(c.in, r, wire.DecodeBatch); fault != nil {
		why := cmp.Or(fault.Jaeger, fault.Error())
		http.Error(w, "Unable to process request body: "+why, statusOf(fault.Reason))
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// refusedType says what is wrong with a content type, "" when it is thrift's.
func refusedType(header string) string {
	kind, _, err := mime.ParseMediaType(header)
	switch {
	case err != nil:
		return fmt.Sprintf("Cannot parse content type: %v", err)
	case kind == "application/x-thrift", kind == "application/vnd.apache.thrift.binary":
		return ""
	default:
		return "Unsupported content type: " + html.EscapeString(kind)
	}
}
