package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/otlp"
	"github.com/otdemo/otdemo/pkg/trace"
)

// transform responds to a file in OTLP's JSON with its traces in the JSON of API v1,
// for the UI, which shows files that way. Nothing is stored. It counts as an answer
// only once the body has arrived, which may take long.
func (h *handler) transform(w http.ResponseWriter, r *http.Request) {
	body, err := h.Bodies.Take(r.Body)
	if err != nil {
		if ingest.ReasonOf(err) == ingest.Busy {
			w.Header().Set("Retry-After", retryAfter)
			err = &refusal{http.StatusServiceUnavailable, err.Error()}
		}
		h.refuse(w, err) // with 400, as Jaeger responds to any file that it cannot read
		return
	}
	defer body.Close()
	h.answers.serve(w, r, func(w http.ResponseWriter, _ *http.Request) {
		request, err := otlp.JSON.Decode(body.Bytes)
		if err == nil && request.Invalid > 0 { // nobody would miss them
			err = errors.New(otlp.InvalidText(request.Invalid))
		}
		if err != nil {
			h.refuse(w, fmt.Errorf("cannot unmarshal OTLP : %w", err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		h.undelivered(trace.EncodeTraces(w, byTrace(request.Batches), nil))
	})
}

// byTrace groups spans by their trace, in the order of the first of each.
func byTrace(batches []ingest.Batch) []trace.Trace {
	traces := []trace.Trace{}
	places := make(map[trace.TraceID]int)
	for i := range batches {
		for _, span := range batches[i].Spans {
			at, known := places[span.TraceID]
			if !known {
				at = len(traces)
				places[span.TraceID] = at
				traces = append(traces, trace.Trace{ID: span.TraceID})
			}
			traces[at].Spans = append(traces[at].Spans, span)
		}
	}
	return traces
}
