package api

import (
	"errors"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/otlp"
	"github.com/otdemo/otdemo/pkg/trace"
)

// transform responds to a file in OTLP's JSON with its traces in the JSON of API v1,
// for the UI, which shows files that way. Nothing is stored. It counts as an answer
// only once the body has arrived, which may take long.
func (h *handler) transform(w http.ResponseWriter, r *http.Request) {
	body, err := h.bodies.Take(r.Body)
	if err != nil {
		status := http.StatusBadRequest // as Jaeger responds to any file that it cannot read
		if ingest.ReasonOf(err) == ingest.Busy {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", retryAfter)
		}
		h.refuse(w, status, err.Error())
		return
	}
	defer body.Close()
	h.answers.serve(w, r, func(w http.ResponseWriter, _ *http.Request) {
		spans, err := decodeOTLP(body.Bytes)
		if err != nil {
			h.refuse(w, http.StatusBadRequest, "cannot unmarshal OTLP : "+err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		h.undelivered(trace.EncodeTraces(w, byTrace(spans), nil))
	})
}

// decodeOTLP decodes OTLP's JSON. A span that cannot be shown is an error, because
// nobody would miss it.
func decodeOTLP(body []byte) ([]trace.Span, error) {
	request, err := otlp.JSON.Decode(body)
	if err != nil {
		return nil, err
	}
	if request.Invalid > 0 {
		return nil, errors.New(otlp.InvalidText(request.Invalid))
	}
	var spans []trace.Span
	for i := range request.Batches {
		spans = append(spans, request.Batches[i].Spans...)
	}
	return spans, nil
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
