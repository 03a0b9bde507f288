package allinone

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/pkg/loss"
)

// health answers whether the backend is up, which it is as long as it answers.
type health struct {
	since  time.Time
	now    func() time.Time
	logger *slog.Logger
}

// handlerV1 answers as Jaeger 1 does on its port 14269: on every path, and with
// the counters on /metrics.
func (h *health) handlerV1(stats func() loss.Account) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		h.answer(w, struct {
			Status  string    `json:"status"`
			UpSince time.Time `json:"upSince"`
			Uptime  string    `json:"uptime"`
		}{"Server available", h.since, h.now().Sub(h.since).String()})
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if err := writeMetrics(w, stats()); err != nil {
			h.logger.Debug("metrics were not delivered", "error", err)
		}
	})
	return mux
}

// handlerV2 answers as Jaeger 2 does on its port 13133, whose extension has
// /status only.
func (h *health) handlerV2() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		h.answer(w, struct {
			Start      time.Time `json:"start_time"`
			Healthy    bool      `json:"healthy"`
			Status     string    `json:"status"`
			StatusTime time.Time `json:"status_time"`
		}{h.since, true, "StatusOK", h.since})
	})
	return mux
}

func (h *health) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	content, err := json.Marshal(body)
	if err == nil {
		_, err = w.Write(content)
	}
	if err != nil {
		h.logger.Debug("health was not delivered", "error", err)
	}
}
