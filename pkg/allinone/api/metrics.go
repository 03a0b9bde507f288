package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

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
