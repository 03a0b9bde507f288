package api

import (
	"io"
	"net/http"

	"github.com/otdemo/otdemo/pkg/trace"
)

// maxTransform bounds a file that is to be shown, in bytes.
const maxTransform = 16 << 20

// transform answers OTLP's JSON as traces of API v1, for the UI, which shows files
// that way. Nothing is stored. It takes part in the bounds of answers once the body is
// there, which may come slowly.
func (h *handler) transform(w http.ResponseWriter, r *http.Request) {
	body, release, status, err := h.readBody(r)
	if err != nil {
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", retryAfter)
		}
		h.refuse(w, status, err.Error())
		return
	}
	defer release()
	h.answers.serve(w, r, func(w http.ResponseWriter, _ *http.Request) {
		spans, err := h.decodeOTLP(body)
		if err != nil {
			h.refuse(w, http.StatusBadRequest, "cannot unmarshal OTLP : "+err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		h.undelivered(trace.EncodeTraces(w, byTrace(spans), nil))
	})
}

// readAll reads a body up to maxTransform.
func readAll(r *http.Request) (body []byte, release func(), status int, err error) {
	body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxTransform))
	return body, func() {}, http.StatusBadRequest, err
}

// byTrace puts spans together by their trace, in the order of the first of each.
func byTrace(spans []trace.Span) []trace.Trace {
	traces := []trace.Trace{}
	places := make(map[trace.TraceID]int)
	for i := range spans {
		id := spans[i].TraceID
		at, known := places[id]
		if !known {
			at = len(traces)
			places[id] = at
			traces = append(traces, trace.Trace{ID: id})
		}
		traces[at].Spans = append(traces[at].Spans, spans[i])
	}
	return traces
}
