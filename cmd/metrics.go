package cmd

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/uber/jaeger-lib/metrics"
	jaegerprom "github.com/uber/jaeger-lib/metrics/prometheus"

	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// metricsRegistry holds the metrics of /metrics: those of the Go runtime, of
// jaeger-client-go and of RPCs, and the states of the tracer's spans.
type metricsRegistry struct {
	registry *prometheus.Registry
}

func newMetricsRegistry() *metricsRegistry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return &metricsRegistry{registry: reg}
}

// factory returns the factory with which jaeger-client-go registers its metrics.
func (m *metricsRegistry) factory() metrics.Factory {
	return jaegerprom.New(jaegerprom.WithRegisterer(m.registry))
}

func (m *metricsRegistry) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// watch adds the span counters of t.
func (m *metricsRegistry) watch(t *tracer.Tracer) {
	m.registry.MustRegister(&spanCollector{
		stats: t.Stats,
		finished: prometheus.NewDesc("otdemo_spans_finished_total",
			"Sampled spans that were finished.", nil, nil),
		now: prometheus.NewDesc("otdemo_spans",
			"Finished spans by their current state; the states add up to otdemo_spans_finished_total.",
			[]string{"state"}, nil),
	})
}

// spanCollector exports a tracer's span counters as one gauge per state, because a span
// can leave a state: from queued to refused to sent.
type spanCollector struct {
	stats         func() tracer.Stats
	finished, now *prometheus.Desc
}

var _ prometheus.Collector = (*spanCollector)(nil)

// Describe implements prometheus.Collector.
func (c *spanCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.finished
	ch <- c.now
}

// Collect implements prometheus.Collector.
func (c *spanCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	ch <- prometheus.MustNewConstMetric(c.finished, prometheus.CounterValue, float64(s.Finished))
	for _, state := range run.SpanStates(s) {
		ch <- prometheus.MustNewConstMetric(c.now, prometheus.GaugeValue, float64(state.Spans), state.Name)
	}
}
