package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// noTraces is what API v3 of Jaeger 2 says when it finds nothing.
const noTraces = "No traces found"

// fault is an error of API v3, which has an envelope of its own.
type fault struct {
	Error faultDetails `json:"error"`
}

type faultDetails struct {
	HTTPCode int    `json:"httpCode"`
	Message  string `json:"message"`
}

// refuseV3 writes an error as API v3 does, as plain text like Jaeger.
func (h *handler) refuseV3(w http.ResponseWriter, status int, msg string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	h.undelivered(json.NewEncoder(w).Encode(fault{faultDetails{HTTPCode: status, Message: msg}}))
}

// answerV3 writes JSON. Jaeger forgets to say that it is: its answers are guessed
// to be plain text.
func (h *handler) answerV3(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(json.NewEncoder(w).Encode(data))
}

func (h *handler) servicesV3(w http.ResponseWriter, _ *http.Request) {
	h.answerV3(w, map[string][]string{"services": h.store.Services()})
}

func (h *handler) operationsV3(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	kind, _ := firstOf(q, "span_kind", "spanKind")
	h.answerV3(w, map[string][]operation{"operations": h.operationsOf(q.Get("service"), kind)})
}

func (h *handler) traceV3(w http.ResponseWriter, r *http.Request) {
	id, err := trace.ParseTraceID(r.PathValue("id"))
	if err != nil {
		h.refuseV3(w, http.StatusBadRequest, malformed("trace_id", err).Error())
		return
	}
	raw := false
	if text, name := firstOf(r.URL.Query(), "raw_traces", "rawTraces"); text != "" {
		if raw, err = strconv.ParseBool(text); err != nil {
			h.refuseV3(w, http.StatusBadRequest, malformed(name, err).Error())
			return
		}
	}
	var traces []trace.Trace
	if t, ok := h.store.Trace(id); ok {
		traces = append(traces, t)
	}
	h.answerTracesV3(w, traces, raw)
}

func (h *handler) searchV3(w http.ResponseWriter, r *http.Request) {
	want, err := parseSearchV3(r.URL.Query())
	if err == nil && (want.query.Start.IsZero() || want.query.End.IsZero()) {
		err = errTimesRequired
	}
	if err != nil {
		h.refuseV3(w, http.StatusBadRequest, err.Error())
		return
	}
	traces, cut := limitSpans(h.store.Find(want.query))
	if cut > 0 {
		h.logger.Debug("answer was cut", "traces_left_out", cut)
		w.Header().Set("Warning", fmt.Sprintf(`199 otdemo "%s found"`, plural.Of(cut, "more trace was", "more traces were")))
	}
	h.answerTracesV3(w, traces, want.raw)
}

func (h *handler) answerTracesV3(w http.ResponseWriter, traces []trace.Trace, raw bool) {
	if len(traces) == 0 {
		h.refuseV3(w, http.StatusNotFound, noTraces)
		return
	}
	if !raw {
		adjustAll(traces)
	}
	h.answerV3(w, map[string]otlpData{"result": toOTLP(traces)})
}

// summaries answers what a list of traces shows of each, as the UI of Jaeger 2.19
// asks for it.
func (h *handler) summaries(w http.ResponseWriter, r *http.Request) {
	want, err := parseSearchV3(r.URL.Query())
	if err != nil {
		h.refuseV3(w, http.StatusBadRequest, err.Error())
		return
	}
	traces := h.store.Find(want.query)
	list := make([]summary, len(traces))
	for i := range traces {
		list[i] = summarize(&traces[i])
	}
	h.answerV3(w, map[string][]summary{"summaries": list})
}
