package allinone

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	b := start(t, Options{Now: func() time.Time { return now }})
	first := answer{200, `{"status":"Server available","upSince":"2026-11-23T10:00:00Z","uptime":"0s"}`}
	tests := []struct {
		listener, method, path string
		want                   answer
	}{
		{Health, "GET", "/", first},
		{Health, "POST", "/any", first},
		{HealthV2, "GET", "/status", answer{200, `{"start_time":"2026-11-23T10:00:00Z","healthy":true,"status":"StatusOK","status_time":"2026-11-23T10:00:00Z"}`}},
		{HealthV2, "GET", "/", answer{404, "404 page not found\n"}},
	}
	for _, tt := range tests {
		if got := request(t, b, tt.listener, tt.method, tt.path, nil); got != tt.want {
			t.Errorf("%s %s: got %d %q, want %d %q", tt.listener, tt.path, got.Status, got.Body, tt.want.Status, tt.want.Body)
		}
	}
}

// The counters are there for Prometheus, under the names of the listeners.
func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dial(t, b)
	send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1, 3)))
	send(t, conn, []byte("no thrift"))
	waitFor(t, b, func(s loss.Account) bool { return s.Spans == 3 && s.UndecodableTotal() == 1 })
	got := request(t, b, Health, "GET", "/metrics", nil)
	for _, line := range []string{
		`otdemo_allinone_spans_received_total{listener="agent-compact"} 3`,
		`otdemo_allinone_spans_received_total{listener="zipkin"} 0`,
		`otdemo_allinone_datagrams_received_total{listener="agent-compact"} 2`,
		`otdemo_allinone_undecodable_total{listener="agent-compact",reason="text"} 1`,
		`otdemo_allinone_spans_stored 3`,
	} {
		if !strings.Contains(got.Body, "\n"+line+"\n") {
			t.Errorf("metrics have no line %s:\n%s", line, got.Body)
		}
	}
}

// Prometheus's own parser reads them.
func TestMetricsFormat(t *testing.T) {
	t.Parallel()
	out := httptest.NewRecorder()
	metricsHandler(func() loss.Account {
		return loss.Account{
			Listeners: map[string]loss.Listener{
				AgentCompact: {Spans: 5, Datagrams: &loss.UDP{KernelDrops: 2, KernelDropsKnown: true}, Undecodable: loss.Rejects{string(ingest.Text): 1}},
				Zipkin:       {Spans: 7},
			},
			Store:  loss.Store{EvictedSpans: 9},
			Totals: loss.Totals{BatchesMissing: 4, Lost: loss.ClientLost{QueueFull: 8}},
		}
	}).ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(out.Body)
	if err != nil || out.Code != http.StatusOK {
		t.Fatal(out.Code, err)
	}
	want := map[string]float64{
		"spans_received_total": 12, "kernel_drops_total": 2, "undecodable_total": 1,
		"spans_evicted_total": 9, "client_batches_missing": 4, "client_spans_lost": 8,
	}
	for name, value := range want {
		sum := 0.0
		for _, m := range families[metricPrefix+name].GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		if sum != value {
			t.Errorf("%s: got %v in all, want %v", name, sum, value)
		}
	}
}
