package api

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// defaultDependencyLookback is Jaeger's.
const defaultDependencyLookback = 24 * time.Hour

// link is a service that called another.
type link struct{ parent, child string }

// dependency is one entry of /api/dependencies.
type dependency struct {
	Parent    string `json:"parent"`
	Child     string `json:"child"`
	CallCount uint64 `json:"callCount"`
}

// dependencies answers which services call each other, from the traces with a
// span in the time asked for. It goes through all that is stored.
func (h *handler) dependencies(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	from, to, err := parseWindow(values, h.now())
	if err != nil {
		h.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	calls := make(map[link]uint64)
	for _, t := range h.store.Recent(math.MaxInt) {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		if hasSpanWithin(&t, from, to) {
			countCalls(&t, calls)
		}
	}
	h.answer(w, dependenciesOf(calls, values.Get("service")), 0)
}

// parseWindow reads endTs and lookback, both in milliseconds.
func parseWindow(values url.Values, now time.Time) (from, to time.Time, err error) {
	to, lookback := now, defaultDependencyLookback
	if text := values.Get("endTs"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return from, to, paramError("endTs", err)
		}
		to = time.UnixMilli(n)
	}
	if text := values.Get("lookback"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return from, to, paramError("lookback", err)
		}
		const most = math.MaxInt64 / int64(time.Millisecond)
		lookback = time.Duration(min(max(n, -most), most)) * time.Millisecond
	}
	return to.Add(-lookback), to, nil
}

func hasSpanWithin(t *trace.Trace, from, to time.Time) bool {
	return slices.ContainsFunc(t.Spans, func(s trace.Span) bool {
		return s.Start.After(from) && s.Start.Before(to)
	})
}

// countCalls counts the spans whose parent is another service's.
func countCalls(t *trace.Trace, calls map[link]uint64) {
	first := t.Spans[0].Service()
	if !slices.ContainsFunc(t.Spans, func(s trace.Span) bool { return s.Service() != first }) {
		return // nobody else to call
	}
	spans := slices.Clone(t.Spans)
	splitShared(spans)
	services := make(map[trace.SpanID]string, len(spans))
	for i := range spans {
		if _, taken := services[spans[i].SpanID]; !taken {
			services[spans[i].SpanID] = spans[i].Service()
		}
	}
	for i := range spans {
		parent, ok := services[spans[i].ParentID()]
		if child := spans[i].Service(); ok && parent != child {
			calls[link{parent, child}]++
		}
	}
}

// dependenciesOf lists the calls from and to a service, or all when it is "".
func dependenciesOf(calls map[link]uint64, service string) []dependency {
	links := slices.SortedFunc(maps.Keys(calls), func(a, b link) int {
		return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.child, b.child))
	})
	list := []dependency{}
	for _, l := range links {
		if service == "" || service == l.parent || service == l.child {
			list = append(list, dependency{Parent: l.parent, Child: l.child, CallCount: calls[l]})
		}
	}
	return list
}
