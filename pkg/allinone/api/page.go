package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// pageTraces is how many traces the first page lists.
	pageTraces = 50
	// pageSpans is how many spans of a trace are drawn.
	pageSpans = 1000
	// pageWidth is the width of a drawing, in columns.
	pageWidth = 120
)

//go:embed templates/*.html
var templates embed.FS

func parsePages() *template.Template {
	return template.Must(template.ParseFS(templates, "templates/*.html"))
}

// indexView is what the first page shows.
type indexView struct {
	Traces []traceRow
	Total  int
	Spans  int64
	// Lost are the spans that were stored once or came, and are not there.
	Evicted, Refused int64
}

// traceRow is a line in the list of traces.
type traceRow struct {
	ID, Root, Services, Duration, Start string
	Spans                               int
	Failed                              bool
}

// traceView is what the page of one trace shows.
type traceView struct {
	ID, Drawing, Fault string
	Hidden             int
}

func (h *handler) indexPage(w http.ResponseWriter, _ *http.Request) {
	stats := h.store.Stats()
	view := indexView{Total: stats.Traces, Spans: stats.Spans, Evicted: stats.EvictedSpans, Refused: stats.RefusedSpans}
	for _, t := range h.store.Recent(pageTraces) {
		view.Traces = append(view.Traces, rowOf(&t))
	}
	h.show(w, http.StatusOK, "index.html", view)
}

func rowOf(t *trace.Trace) traceRow {
	start, length := t.Bounds()
	row := traceRow{
		ID:       t.ID.String(),
		Root:     rootName(t),
		Services: strings.Join(t.Services(), ", "),
		Duration: trace.FormatDuration(length),
		Start:    start.UTC().Format("2006-01-02 15:04:05.000"),
		Spans:    len(t.Spans),
	}
	row.Failed = slices.ContainsFunc(t.Spans, func(s trace.Span) bool { return s.Failed() })
	return row
}

// rootName names a trace by its root.
func rootName(t *trace.Trace) string {
	root := rootOf(t)
	if root == nil {
		return ""
	}
	return root.Service() + ": " + root.Operation
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

func (h *handler) tracePage(w http.ResponseWriter, r *http.Request) {
	view := traceView{ID: r.PathValue("id")}
	t, status, msg := h.lookUp(view.ID)
	if status != http.StatusOK {
		view.Fault = msg
		h.show(w, status, "trace.html", view)
		return
	}
	adjust(&t)
	if view.Hidden = len(t.Spans) - pageSpans; view.Hidden > 0 {
		slices.SortStableFunc(t.Spans, func(a, b trace.Span) int { return a.Start.Compare(b.Start) })
		t.Spans = t.Spans[:pageSpans]
	}
	var drawing strings.Builder
	if err := trace.Waterfall(&drawing, &t, trace.DrawOptions{Width: pageWidth}); err != nil {
		view.Fault = err.Error()
	}
	view.ID, view.Drawing = t.ID.String(), drawing.String()
	h.show(w, http.StatusOK, "trace.html", view)
}

// show fills a template before it sends anything, so that a fault in it is an
// answer of its own.
func (h *handler) show(w http.ResponseWriter, status int, name string, view any) {
	var body bytes.Buffer
	if err := h.pages.ExecuteTemplate(&body, name, view); err != nil {
		h.logger.Error("page cannot be made", "page", name, "error", err)
		http.Error(w, "page cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	h.undelivered(err)
}
