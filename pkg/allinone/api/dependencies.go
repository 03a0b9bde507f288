package api

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// defaultDependencyLookback is Jaeger's.
const defaultDependencyLookback = 24 * time.Hour

// dependency is a service that called another.
type dependency struct {
	Parent    string `json:"parent"`
	Child     string `json:"child"`
	CallCount uint64 `json:"callCount"`
}

// dependencies answers which services call each other, from the traces with a
// span in the time asked for. It goes through all that is stored.
func (h *handler) dependencies(w http.ResponseWriter, r *http.Request) {
	p := v1Params(r.URL.Query())
	to := cmp.Or(parsed(p, milliseconds, "endTs"), h.Now())
	lookback := defaultDependencyLookback
	if text, _ := p.text("lookback"); text != "" {
		lookback = parsed(p, milliDuration, "lookback")
	}
	if p.err != nil {
		h.refuse(w, p.err)
		return
	}
	from := to.Add(-lookback)
	within := func(s trace.Span) bool { return s.Start.After(from) && s.Start.Before(to) }
	calls := make(map[dependency]uint64) // by those without a count
	for _, t := range h.Store.Recent(math.MaxInt) {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		if slices.ContainsFunc(t.Spans, within) {
			countCalls(&t, calls)
		}
	}
	h.answer(w, dependenciesOf(calls, p.values.Get("service")), 0)
}

func milliseconds(text string) (time.Time, error) {
	n, err := parseInt(text)
	return time.UnixMilli(n), err
}

func milliDuration(text string) (time.Duration, error) {
	const most = math.MaxInt64 / int64(time.Millisecond)
	n, err := parseInt(text)
	return time.Duration(min(max(n, -most), most)) * time.Millisecond, err
}

func countCalls(t *trace.Trace, calls map[dependency]uint64) {
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
			calls[dependency{Parent: parent, Child: child}]++
		}
	}
}

// dependenciesOf lists the calls from and to a service, or all when it is "".
func dependenciesOf(calls map[dependency]uint64, service string) []dependency {
	list := []dependency{}
	for d, n := range calls {
		if service == "" || service == d.Parent || service == d.Child {
			d.CallCount = n
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b dependency) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child))
	})
	return list
}
