package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/otdemo/otdemo/pkg/trace"
)

// What a Jaeger without storage for metrics and for an archive answers.
const (
	metricsDisabled = "metrics querying is currently disabled"
	noArchive       = "archive span storage was not configured"
)

// metrics answers as a Jaeger that has no storage for metrics: what is wrong with
// the request comes first.
func (h *handler) metrics(metric string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, msg := http.StatusNotImplemented, metricsDisabled
		if err := checkMetrics(metric, r.URL.Query()); err != nil {
			status, msg = http.StatusBadRequest, err.Error()
		}
		h.refuse(w, status, msg)
	}
}

// checkMetrics returns what Jaeger finds wrong with a request for a metric, in
// its order and words.
func checkMetrics(metric string, values url.Values) error {
	if metric == "minstep" {
		return nil
	}
	if metric == "latencies" {
		if _, err := strconv.ParseFloat(values.Get("quantile"), 64); err != nil {
			return paramError("quantile", err)
		}
	}
	if _, ok := values["service"]; !ok {
		return paramError("service", errors.New("please provide at least one service name"))
	}
	if text := values.Get("groupByOperation"); text != "" {
		if _, err := strconv.ParseBool(text); err != nil {
			return paramError("groupByOperation", err)
		}
	}
	for _, kind := range values["spanKind"] {
		switch kind {
		case "unspecified", "internal", "server", "client", "producer", "consumer":
		default:
			return paramError("spanKind", fmt.Errorf("unsupported span kind: '%s'", kind))
		}
	}
	for _, name := range []string{"endTs", "lookback", "step", "ratePer"} {
		if text := values.Get(name); text != "" {
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				return paramError(name, err)
			}
		}
	}
	return nil
}

// archive refuses to keep a trace for ever: there is no storage that could.
func (h *handler) archive(w http.ResponseWriter, r *http.Request) {
	id, err := trace.ParseTraceID(r.PathValue("id"))
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if _, ok := h.store.Trace(id); !ok {
		h.refuse(w, http.StatusNotFound, notFound)
		return
	}
	h.refuse(w, http.StatusNotImplemented, noArchive)
}
