package ledger

import (
	"context"
	"net/http"
	"net/url"

	"github.com/prometheus/common/model"

	"github.com/otdemo/otdemo/internal/redact"
)

type service struct {
	// started is when its process started, in seconds since 1970.
	started  float64
	finished int64
	states   map[string]int64
}

// metricsURL returns the URL of the counters of an `otdemo serve` at target, which has
// the user info of target.
func metricsURL(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return ""
	}
	metrics := url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: "/metrics"}
	return metrics.String()
}

// readService reads the counters; nil when there are none.
func readService(ctx context.Context, client *http.Client, address string) *service {
	if address == "" {
		return nil
	}
	found, known := &service{states: make(map[string]int64)}, false
	for _, sample := range scrape(ctx, client, address) {
		switch sample.Metric[model.MetricNameLabel] {
		case "otdemo_spans_finished_total":
			found.finished += int64(sample.Value)
			known = true
		case "otdemo_spans":
			found.states[string(sample.Metric["state"])] += int64(sample.Value)
		case "process_start_time_seconds":
			found.started = float64(sample.Value)
		}
	}
	if !known {
		return nil
	}
	return found
}

// compareService returns by how much the service's counters increased between two
// readings at address; nil when there were none in either.
func compareService(address string, before, after *service) *Server {
	shown := redact.URL(address)
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil || after == nil || before.started != after.started || after.finished < before.finished:
		return &Server{URL: shown, Restarted: true, States: map[string]int64{}}
	}
	s := &Server{URL: shown, Finished: after.finished - before.finished, States: make(map[string]int64)}
	for state, n := range after.states {
		s.States[state] = n - before.states[state]
	}
	return s
}

// madeNoSpans reports whether the service's counters prove that it made no spans.
func (s *Server) madeNoSpans() bool { return s != nil && !s.Restarted && s.Finished == 0 }

// traced reports whether the counters prove that it makes spans. Those of a process
// that has ended have no numbers, but only a traced service has counters.
func (s *Server) traced() bool { return s != nil && (s.Restarted || s.Finished > 0) }
