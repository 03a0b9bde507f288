package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/plural"
	"github.com/otdemo/otdemo/pkg/trace"
)

// refusal is an error with a status of its own; that of others is 400.
type refusal struct {
	status int
	msg    string
}

func (e *refusal) Error() string { return e.msg }

func statusOf(err error) int {
	if own, ok := errors.AsType[*refusal](err); ok {
		return own.status
	}
	return http.StatusBadRequest
}

// What a Jaeger without a trace, and without storage for an archive and for metrics,
// answers.
var (
	errNotFound  error = &refusal{http.StatusNotFound, "trace not found"}
	errNoArchive error = &refusal{http.StatusNotImplemented, "archive span storage was not configured"}
	errNoMetrics error = &refusal{http.StatusNotImplemented, "metrics querying is currently disabled"}
)

// operation is one entry of /api/operations.
type operation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

func (h *handler) services(w http.ResponseWriter, _ *http.Request) {
	names := h.Store.Services()
	if len(names) == 0 {
		names = nil // Jaeger answers null when it has none
	}
	h.answer(w, names, len(names))
}

// operationNames answers each name once, whatever the kinds of its spans.
func (h *handler) operationNames(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, op := range h.Store.Operations(r.PathValue("service")) {
		names = append(names, op.Name)
	}
	names = slices.Compact(names)
	h.answer(w, names, len(names))
}

func (h *handler) operations(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	service := query.Get("service")
	if service == "" {
		h.refuse(w, errServiceRequired)
		return
	}
	list := h.operationsOf(service, query.Get("spanKind"))
	h.answer(w, list, len(list))
}

// operationsOf lists a service's operations, of all kinds when kind is "".
func (h *handler) operationsOf(service, kind string) []operation {
	list := []operation{}
	for _, op := range h.Store.Operations(service) {
		if kind == "" || kind == op.Kind {
			list = append(list, operation{Name: op.Name, SpanKind: op.Kind})
		}
	}
	return list
}

// search answers /api/traces: the traces that meet the query, or those listed
// with traceID.
func (h *handler) search(w http.ResponseWriter, r *http.Request) {
	query, ids, err := parseSearch(r.URL.Query())
	if err != nil {
		h.refuse(w, err)
		return
	}
	if len(ids) == 0 {
		h.answerTraces(w, r, h.Store.Find(query), nil)
		return
	}
	var traces []trace.Trace
	var missing []trace.ResponseError
	for _, id := range ids {
		if t, ok := h.Store.Trace(id); ok {
			traces = append(traces, t)
		} else {
			missing = append(missing, trace.ResponseError{Msg: errNotFound.Error(), TraceID: id.String()})
		}
	}
	h.answerTraces(w, r, traces, missing)
}

// recent answers /api/recent, which no Jaeger has: the traces that got a span last,
// whatever their service. The page shows them before anything was asked for.
func (h *handler) recent(w http.ResponseWriter, r *http.Request) {
	p := v1Params(r.URL.Query())
	limit := p.limit(parseInt32, "limit")
	if p.err != nil {
		h.refuse(w, p.err)
		return
	}
	h.answerTraces(w, r, h.Store.Recent(limit), nil)
}

func (h *handler) trace(w http.ResponseWriter, r *http.Request) {
	t, err := h.lookUp(r.PathValue("id"))
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.answerTraces(w, r, []trace.Trace{t}, nil)
}

// archive refuses to keep a trace for ever: there is no storage that could.
func (h *handler) archive(w http.ResponseWriter, r *http.Request) {
	_, err := h.lookUp(r.PathValue("id"))
	h.refuse(w, cmp.Or(err, errNoArchive))
}

func (h *handler) lookUp(text string) (trace.Trace, error) {
	id, err := trace.ParseTraceID(text)
	if err != nil {
		return trace.Trace{}, err
	}
	t, ok := h.Store.Trace(id)
	if !ok {
		return trace.Trace{}, errNotFound
	}
	return t, nil
}

// metrics answers as a Jaeger that has no storage for metrics: what is wrong with
// the request comes first.
func (h *handler) metrics(metric string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, cmp.Or(checkMetrics(metric, r.URL.Query()), errNoMetrics))
	}
}

// checkMetrics returns what Jaeger finds wrong with a request for a metric, in
// its order and words.
func checkMetrics(metric string, values url.Values) error {
	if metric == "minstep" {
		return nil
	}
	p := v1Params(values)
	if metric == "latencies" {
		if _, err := strconv.ParseFloat(values.Get("quantile"), 64); err != nil {
			p.fail(p.word("quantile", err))
		}
	}
	if !values.Has("service") {
		p.fail(p.word("service", errors.New("please provide at least one service name")))
	}
	parsed(p, strconv.ParseBool, "groupByOperation")
	kinds := []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
	for _, kind := range values["spanKind"] {
		if !slices.Contains(kinds, kind) {
			p.fail(p.word("spanKind", fmt.Errorf("unsupported span kind: '%s'", kind)))
		}
	}
	for _, name := range []string{"endTs", "lookback", "step", "ratePer"} {
		parsed(p, parseInt, name)
	}
	return p.err
}

// unknown answers paths that this API does not have. Jaeger sends its page there
// with 200, which a program that mistook the path would take for an answer.
func (h *handler) unknown(w http.ResponseWriter, r *http.Request) {
	h.refuse(w, &refusal{http.StatusNotFound, "no such path: " + r.URL.Path})
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
func (h *handler) refuse(w http.ResponseWriter, err error) {
	h.undelivered(writeError(w, "text/plain; charset=utf-8", statusOf(err), err.Error()))
}

func writeError(w http.ResponseWriter, contentType string, status int, msg string) error {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	return trace.EncodeResponse(w, nil, 0, []trace.ResponseError{{Code: status, Msg: msg}})
}
