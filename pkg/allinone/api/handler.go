package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/loss"
)

// Options say what a Handler answers from.
type Options struct {
	Store *store.Store
	// Loss returns what /api/loss shows as JSON.
	Loss func() loss.Account
	// History returns what /api/loss/history shows as JSON: the account over time,
	// from after a time on.
	History func(after time.Time) loss.History
	// Host is the address that is listened on. On a loopback address requests for
	// other hosts are refused.
	Host string
	// Bodies limits the memory for the files that are posted to be shown.
	Bodies *ingest.Bodies
	// Ending is closed when the server is to end: who does not read an answer is
	// then cut off soon. nil never is.
	Ending <-chan struct{}
	// UI stands in the place of otdemo's own page; nil keeps that.
	UI     *UI
	Now    func() time.Time
	Logger *slog.Logger
}

type handler struct {
	Options
	answers *answers
}

// Handler serves the query API and the page. It changes nothing, whatever it is
// asked.
func Handler(opts Options) http.Handler {
	h := &handler{Options: opts}
	h.answers = newAnswers(opts.Ending, h.undelivered)
	reads := http.NewServeMux()
	reads.HandleFunc("/api/services", h.services)
	reads.HandleFunc("/api/services/{service}/operations", h.operationNames)
	reads.HandleFunc("/api/operations", h.operations)
	reads.HandleFunc("/api/traces", h.search)
	reads.HandleFunc("/api/traces/{id}", h.trace)
	reads.HandleFunc("/api/dependencies", h.dependencies)
	for _, metric := range []string{"latencies", "calls", "errors", "minstep"} {
		reads.HandleFunc("/api/metrics/"+metric, h.metrics(metric))
	}
	reads.HandleFunc("/api/v3/services", h.servicesV3)
	reads.HandleFunc("/api/v3/operations", h.operationsV3)
	reads.HandleFunc("/api/v3/traces", h.searchV3)
	reads.HandleFunc("/api/v3/traces/{id}", h.traceV3)
	reads.HandleFunc("/api/v3/trace-summaries", h.summaries)
	reads.HandleFunc("/api/recent", h.recent)
	reads.HandleFunc("/api/loss", func(w http.ResponseWriter, _ *http.Request) { h.answerJSON(w, h.Loss()) })
	reads.HandleFunc("/api/loss/history", h.lossHistory)
	reads.HandleFunc("/api/", h.unknown)
	if opts.UI != nil {
		reads.Handle("/", opts.UI)
	} else {
		reads.Handle("/", ownPage(""))
	}
	posts := http.NewServeMux() // Jaeger's paths that are posted to
	posts.HandleFunc("/api/archive/{id}", h.archive)
	posts.HandleFunc("/api/transform", h.transform)
	return guard(opts.Host, h.answers.bounded(reads), posts)
}

func (h *handler) lossHistory(w http.ResponseWriter, r *http.Request) {
	p := v1Params(r.URL.Query())
	after := parsed(p, microseconds, "after")
	if p.err != nil {
		h.refuse(w, p.err)
		return
	}
	h.answerJSON(w, h.History(after))
}

// answerJSON writes data without an envelope. Jaeger forgets to say that API v3's is JSON:
// it is guessed to be plain text.
func (h *handler) answerJSON(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(json.NewEncoder(w).Encode(data))
}

func (h *handler) undelivered(err error) {
	if err != nil {
		h.Logger.Debug("answer was not delivered", "error", err)
	}
}
