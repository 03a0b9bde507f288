package api

import (
	"io"
	"net/http"

	"github.com/otdemo/otdemo/pkg/trace"
)

// maxTransform bounds a file that is to be shown, in bytes.
const maxTransform = 16 << 20

// transform answers OTLP's JSON as traces of API v1, for the UI, which shows files
// that way. Nothing is stored.
func (h *handler) transform(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTransform))
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	spans, err := h.decodeOTLP(body)
	if err != nil {
		h.refuse(w, http.StatusBadRequest, "cannot unmarshal OTLP : "+err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(trace.EncodeTraces(w, byTrace(spans), nil))
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
