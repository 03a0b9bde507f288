package api

import (
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/store"
)

// Options say what a Handler answers from.
type Options struct {
	Store *store.Store
	// Loss returns what /api/loss shows as JSON.
	Loss func() any
	// Host is the address that is listened on. On a loopback address requests for
	// other hosts are refused.
	Host   string
	Logger *slog.Logger
}

type handler struct {
	store  *store.Store
	loss   func() any
	pages  *template.Template
	logger *slog.Logger
}

// Handler serves the query API and the page. It answers GET and HEAD only.
func Handler(opts Options) http.Handler {
	h := &handler{store: opts.Store, loss: opts.Loss, pages: parsePages(), logger: opts.Logger}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/services", h.services)
	mux.HandleFunc("/api/services/{service}/operations", h.operationNames)
	mux.HandleFunc("/api/operations", h.operations)
	mux.HandleFunc("/api/traces", h.search)
	mux.HandleFunc("/api/traces/{id}", h.trace)
	mux.HandleFunc("/api/loss", h.lossReport)
	mux.HandleFunc("/api/", h.unknown)
	mux.HandleFunc("/trace/{id}", h.tracePage)
	mux.HandleFunc("/", h.indexPage)
	return guardHost(opts.Host, headers(readOnly(mux)))
}

// readOnly refuses what could change something, as Jaeger does: 405 without a
// body. A client that posts spans here has mistaken the port.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headers keep the browser from doing more with an answer than showing it.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (h *handler) lossReport(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	h.undelivered(json.NewEncoder(w).Encode(h.loss()))
}

// undelivered notes that an answer did not reach the client, who has gone.
func (h *handler) undelivered(err error) {
	if err != nil {
		h.logger.Debug("answer was not delivered", "error", err)
	}
}
