package allinone

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/otdemo/otdemo/pkg/loss"
)

const metricPrefix = "otdemo_allinone_"

func metricsHandler(account func() loss.Account) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics(account))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// metrics collects the account that it returns.
type metrics func() loss.Account

// Describe describes nothing: which metrics there are depends on what was counted.
func (metrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends the present account.
func (account metrics) Collect(out chan<- prometheus.Metric) {
	s := account()
	add := func(name, help string, n int64, labels prometheus.Labels) {
		kind := prometheus.GaugeValue
		if strings.HasSuffix(name, "_total") {
			kind = prometheus.CounterValue
		}
		desc := prometheus.NewDesc(metricPrefix+name, help, nil, labels)
		out <- prometheus.MustNewConstMetric(desc, kind, float64(n))
	}
	for name, l := range s.Listeners {
		listener := prometheus.Labels{"listener": name}
		add("spans_received_total", "Spans that went to the store.", l.Spans, listener)
		add("batches_received_total", "Batches whose spans went to the store.", l.Batches, listener)
		if d := l.Datagrams; d != nil {
			add("datagrams_received_total", "Datagrams that were read.", d.Datagrams, listener)
			if d.KernelDropsKnown {
				add("kernel_drops_total", "Datagrams that found the socket's buffer full.", d.KernelDrops, listener)
			}
		}
		if p := l.Parts; p != nil {
			add("spans_open", "Spans that wait for their last part.", p.Open, listener)
			add("spans_untimed_total", "Spans that were stored without their times, which did not come.", p.Untimed, listener)
		}
		for reason, n := range l.Undecodable {
			add("undecodable_total", "Datagrams, requests and packets that carried no batch of spans.", n,
				prometheus.Labels{"listener": name, "reason": reason})
		}
	}
	add("traces_stored", "Traces in the store.", int64(s.Store.Traces), nil)
	add("spans_stored", "Spans in the store.", s.Store.Spans, nil)
	add("store_bytes", "Memory that the store takes.", s.Store.Bytes, nil)
	add("store_max_bytes", "Memory that the store may take.", s.Store.MaxBytes, nil)
	add("spans_evicted_total", "Spans that made room for newer ones.", s.Store.EvictedSpans, nil)
	add("spans_refused_total", "Spans of traces that had reached their bound.", s.Store.RefusedSpans, nil)
	add("client_batches_missing", "Batches that clients numbered and that did not come.", s.Totals.BatchesMissing, nil)
	lost := s.Totals.Lost
	for cause, n := range map[string]int64{"queue_full": lost.QueueFull, "too_large": lost.TooLarge, "failed": lost.Failed} {
		add("client_spans_lost", "Spans that clients say they lost themselves.", n, prometheus.Labels{"cause": cause})
	}
}
