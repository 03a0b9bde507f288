package cmd

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// newRegistry returns a registry with the metrics of the Go runtime and the process.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// spanCollector exports a tracer's span counters as one gauge per state, because a span
// can leave a state: from queued to refused to sent.
type spanCollector struct {
	stats         func() tracer.Stats
	finished, now *prometheus.Desc
}

func newSpanCollector(stats func() tracer.Stats) *spanCollector {
	return &spanCollector{
		stats: stats,
		finished: prometheus.NewDesc("otdemo_spans_finished_total",
			"Sampled spans that were finished.", nil, nil),
		now: prometheus.NewDesc("otdemo_spans",
			"Finished spans by their current state; the states add up to otdemo_spans_finished_total.",
			[]string{"state"}, nil),
	}
}

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
