package api

import (
	"maps"
	"slices"

	"github.com/otdemo/otdemo/pkg/trace"
)

// summary is one entry of /api/v3/trace-summaries.
type summary struct {
	// The id stands under both names that versions of the UI look for.
	TraceID           string           `json:"traceId"`
	TraceIDOld        string           `json:"traceID"`
	RootServiceName   string           `json:"rootServiceName"`
	RootOperationName string           `json:"rootOperationName"`
	MinStart          string           `json:"minStartTimeUnixNano,omitempty"`
	MaxEnd            string           `json:"maxEndTimeUnixNano,omitempty"`
	SpanCount         int              `json:"spanCount"`
	ErrorSpanCount    int              `json:"errorSpanCount"`
	OrphanSpanCount   int              `json:"orphanSpanCount"`
	Services          []serviceSummary `json:"services"`
}

type serviceSummary struct {
	Name           string `json:"name"`
	SpanCount      int    `json:"spanCount"`
	ErrorSpanCount int    `json:"errorSpanCount"`
}

// summarize counts a trace's spans. Its root is named as on the first page, so
// that a trace whose root was lost has a name, too.
func summarize(t *trace.Trace) summary {
	start, length := t.Bounds()
	id := otlpTraceID(t.ID)
	out := summary{
		TraceID:    id,
		TraceIDOld: id,
		MinStart:   nanos(start.UnixNano()),
		MaxEnd:     nanos(start.UnixNano() + length.Nanoseconds()),
		SpanCount:  len(t.Spans),
	}
	if root := rootOf(t); root != nil {
		out.RootServiceName, out.RootOperationName = root.Service(), root.Operation
	}
	ids := make(map[trace.SpanID]bool, len(t.Spans))
	for i := range t.Spans {
		ids[t.Spans[i].SpanID] = true
	}
	services := make(map[string]serviceSummary)
	for i := range t.Spans {
		s := &t.Spans[i]
		counts := services[s.Service()]
		counts.SpanCount++
		if failedV3(s) {
			counts.ErrorSpanCount++
			out.ErrorSpanCount++
		}
		services[s.Service()] = counts
		if parent := s.ParentID(); parent != 0 && !ids[parent] {
			out.OrphanSpanCount++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		counts := services[name]
		counts.Name = name
		out.Services = append(out.Services, counts)
	}
	return out
}

func failedV3(s *trace.Span) bool {
	if !slices.ContainsFunc(s.Tags, tellsOutcome) { // most spans
		return false
	}
	kind, _ := s.Tag("span.kind")
	return newAttributes(s.Tags).status(otlpKind(kind.String())).Code == statusError
}

func tellsOutcome(tag trace.Tag) bool {
	return tag.Key == "error" || tag.Key == "otel.status_code" || tag.Key == "http.status_code"
}

// rootOf returns the earliest span without a parent, else the earliest span, else
// nil.
func rootOf(t *trace.Trace) *trace.Span {
	var best *trace.Span
	for i := range t.Spans {
		s := &t.Spans[i]
		switch {
		case best == nil,
			s.ParentID() == 0 && best.ParentID() != 0,
			(s.ParentID() == 0) == (best.ParentID() == 0) && s.Start.Before(best.Start):
			best = s
		}
	}
	return best
}
