package allinone

import (
	"encoding/json"
	"net/http"
	"time"
)

// healthV1 answers as Jaeger 1 does on its port 14269: on every path, and with the
// counters on /metrics.
func (b *Backend) healthV1(now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		healthy(w, map[string]any{
			"status":  "Server available",
			"upSince": b.started,
			"uptime":  now().Sub(b.started).String(),
		})
	})
	mux.Handle("GET /metrics", metricsHandler(b.Stats))
	return mux
}

// healthV2 answers as Jaeger 2 does on its port 13133, whose extension has /status only.
func (b *Backend) healthV2() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		healthy(w, struct {
			Start      time.Time `json:"start_time"`
			Healthy    bool      `json:"healthy"`
			Status     string    `json:"status"`
			StatusTime time.Time `json:"status_time"`
		}{b.started, true, "StatusOK", b.started})
	})
	return mux
}

// healthy answers that the backend is up, which it is as long as it answers.
func healthy(w http.ResponseWriter, body any) {
	content, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(content) // the client may have left
}
