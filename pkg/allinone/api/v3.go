package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

var errNoTraces = &refusal{http.StatusNotFound, "No traces found"}

// refuseV3 writes an error as API v3 does, in an envelope of its own, as plain text like
// Jaeger.
func (h *handler) refuseV3(w http.ResponseWriter, err error) {
	type fault struct {
		HTTPCode int    `json:"httpCode"`
		Message  string `json:"message"`
	}
	status := statusOf(err)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	h.undelivered(json.NewEncoder(w).Encode(map[string]fault{"error": {status, err.Error()}}))
}

func (h *handler) servicesV3(w http.ResponseWriter, _ *http.Request) {
	h.answerJSON(w, map[string][]string{"services": h.Store.Services()})
}

func (h *handler) operationsV3(w http.ResponseWriter, r *http.Request) {
	p := v3Params(r.URL.Query())
	kind, _ := p.text("span_kind", "spanKind")
	h.answerJSON(w, map[string][]operation{"operations": h.operationsOf(p.values.Get("service"), kind)})
}

func (h *handler) traceV3(w http.ResponseWriter, r *http.Request) {
	id, err := trace.ParseTraceID(r.PathValue("id"))
	if err != nil {
		h.refuseV3(w, malformed("trace_id", err))
		return
	}
	p := v3Params(r.URL.Query())
	raw := parsed(p, strconv.ParseBool, "raw_traces", "rawTraces")
	if p.err != nil {
		h.refuseV3(w, p.err)
		return
	}
	var traces []trace.Trace
	if t, ok := h.Store.Trace(id); ok {
		traces = append(traces, t)
	}
	h.answerTracesV3(w, traces, raw)
}

func (h *handler) searchV3(w http.ResponseWriter, r *http.Request) {
	query, raw, err := parseSearchV3(r.URL.Query())
	if err == nil && (query.Start.IsZero() || query.End.IsZero()) {
		err = errTimesRequired
	}
	if err != nil {
		h.refuseV3(w, err)
		return
	}
	traces, cut := limitSpans(h.Store.Find(query))
	if cut > 0 {
		h.Logger.Debug("answer was cut", "traces_left_out", cut)
		w.Header().Set("Warning", fmt.Sprintf(`199 otdemo "%s found"`, plural.Of(cut, "more trace was", "more traces were")))
	}
	h.answerTracesV3(w, traces, raw)
}

func (h *handler) answerTracesV3(w http.ResponseWriter, traces []trace.Trace, raw bool) {
	if len(traces) == 0 {
		h.refuseV3(w, errNoTraces)
		return
	}
	if !raw {
		adjustAll(traces)
	}
	h.answerJSON(w, map[string]otlpData{"result": toOTLP(traces)})
}

// summaries answers what a list of traces shows of each, as the UI of Jaeger 2.19
// asks for it.
func (h *handler) summaries(w http.ResponseWriter, r *http.Request) {
	query, _, err := parseSearchV3(r.URL.Query())
	if err != nil {
		h.refuseV3(w, err)
		return
	}
	traces := h.Store.Find(query)
	list := make([]summary, len(traces))
	for i := range traces {
		list[i] = summarize(&traces[i])
	}
	h.answerJSON(w, map[string][]summary{"summaries": list})
}
