package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// notFound is Jaeger's message for a trace that it does not have.
const notFound = "trace not found"

// operation is one entry of /api/operations.
type operation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

func (h *handler) services(w http.ResponseWriter, _ *http.Request) {
	names := h.store.Services()
	if len(names) == 0 {
		names = nil // Jaeger answers null when it has none
	}
	h.answer(w, names, len(names))
}

// operationNames answers each name once, whatever the kinds of its spans.
func (h *handler) operationNames(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, op := range h.store.Operations(r.PathValue("service")) {
		if len(names) == 0 || names[len(names)-1] != op.Name {
			names = append(names, op.Name)
		}
	}
	h.answer(w, names, len(names))
}

func (h *handler) operations(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	service, kind := query.Get("service"), query.Get("spanKind")
	if service == "" {
		h.refuse(w, http.StatusBadRequest, errServiceRequired.Error())
		return
	}
	list := h.operationsOf(service, kind)
	h.answer(w, list, len(list))
}

// operationsOf lists a service's operations, of all kinds when kind is "".
func (h *handler) operationsOf(service, kind string) []operation {
	list := []operation{}
	for _, op := range h.store.Operations(service) {
		if kind == "" || kind == op.Kind {
			list = append(list, operation{Name: op.Name, SpanKind: op.Kind})
		}
	}
	return list
}

// search answers /api/traces: the traces that meet the query, or those listed
// with traceID.
func (h *handler) search(w http.ResponseWriter, r *http.Request) {
	want, err := parseSearch(r.URL.Query())
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if len(want.ids) == 0 {
		h.answerTraces(w, r, h.store.Find(want.query), nil)
		return
	}
	var traces []trace.Trace
	var missing []trace.ResponseError
	for _, id := range want.ids {
		if t, ok := h.store.Trace(id); ok {
			traces = append(traces, t)
		} else {
			missing = append(missing, trace.ResponseError{Msg: notFound, TraceID: id.String()})
		}
	}
	h.answerTraces(w, r, traces, missing)
}

// recent answers /api/recent, which no Jaeger has: the traces that got a span last,
// whatever their service. The page shows them before anything was asked for.
func (h *handler) recent(w http.ResponseWriter, r *http.Request) {
	limit, err := parseLimit(r.URL.Query().Get("limit"))
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	h.answerTraces(w, r, h.store.Recent(limit), nil)
}

func (h *handler) trace(w http.ResponseWriter, r *http.Request) {
	t, status, msg := h.lookUp(r.PathValue("id"))
	if status != http.StatusOK {
		h.refuse(w, status, msg)
		return
	}
	h.answerTraces(w, r, []trace.Trace{t}, nil)
}

// lookUp returns the trace whose id is text, or a status and a message that say
// why not.
func (h *handler) lookUp(text string) (t trace.Trace, status int, msg string) {
	id, err := trace.ParseTraceID(text)
	if err != nil {
		return trace.Trace{}, http.StatusBadRequest, err.Error()
	}
	t, ok := h.store.Trace(id)
	if !ok {
		return trace.Trace{}, http.StatusNotFound, notFound
	}
	return t, http.StatusOK, ""
}

// unknown answers paths that this API does not have. Jaeger sends its page there
// with 200, which a program that mistook the path would take for an answer.
func (h *handler) unknown(w http.ResponseWriter, r *http.Request) {
	h.refuse(w, http.StatusNotFound, "no such path: "+r.URL.Path)
}

// answerTraces adjusts the traces as Jaeger does, unless the client asks for them
// raw, and writes them.
func (h *handler) answerTraces(w http.ResponseWriter, r *http.Request, traces []trace.Trace, errs []trace.ResponseError) {
	traces, cut := limitSpans(traces)
	if cut > 0 {
		errs = append(errs, trace.ResponseError{Msg: fmt.Sprintf("%s found: an answer has up to %d spans", plural.Of(cut, "more trace was", "more traces were"), maxSpans)})
	}
	if raw, _ := strconv.ParseBool(r.URL.Query().Get("raw")); !raw {
		adjustAll(traces)
	}
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(trace.EncodeTraces(w, traces, errs))
}

// maxSpans bounds the spans of an answer: as JSON they take some times the memory
// that the store needs. The largest trace fits.
const maxSpans = store.MaxSpans

// limitSpans leaves out the last traces when they have too many spans together,
// and returns how many it left out.
func limitSpans(traces []trace.Trace) (kept []trace.Trace, cut int) {
	n := 0
	for i := range traces {
		n += len(traces[i].Spans)
		if n > maxSpans && i > 0 {
			return traces[:i], len(traces) - i
		}
	}
	return traces, 0
}

func adjustAll(traces []trace.Trace) {
	for i := range traces {
		adjust(&traces[i])
	}
}

// answer writes data in Jaeger's envelope.
func (h *handler) answer(w http.ResponseWriter, data any, total int) {
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(trace.EncodeResponse(w, data, total, nil))
}

// refuse writes an error in Jaeger's envelope; Jaeger sends it as plain text.
func (h *handler) refuse(w http.ResponseWriter, status int, msg string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	h.undelivered(trace.EncodeResponse(w, nil, 0, []trace.ResponseError{{Code: status, Msg: msg}}))
}
