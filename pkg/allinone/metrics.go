package allinone

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/otdemo/otdemo/pkg/loss"
)

// metricPrefix begins the name of every metric.
const metricPrefix = "otdemo_allinone_"

// metricText is Prometheus's text format, which takes less code to write than its
// library takes room.
type metricText struct{ bytes.Buffer }

// begin starts a metric; name ends in _total when it only grows.
func (m *metricText) begin(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s%s %s\n# TYPE %[1]s%[2]s %[4]s\n", metricPrefix, name, help, kind)
}

// sample adds a value to the metric that was begun last. Labels come as pairs of
// name and value; values are our own words and need no escapes.
func (m *metricText) sample(name string, n int64, labels ...string) {
	m.WriteString(metricPrefix + name)
	for i := 0; i < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(m, "%s%s=%q", separator, labels[i], labels[i+1])
	}
	if len(labels) > 0 {
		m.WriteByte('}')
	}
	fmt.Fprintf(m, " %d\n", n)
}

// single writes a metric with one value.
func (m *metricText) single(name, kind, help string, n int64) {
	m.begin(name, kind, help)
	m.sample(name, n)
}

// perListener writes a metric with a value for each listener that has one.
func (m *metricText) perListener(s *loss.Account, name, help string, value func(loss.Listener) (int64, bool)) {
	m.begin(name, "counter", help)
	for _, listener := range slices.Sorted(maps.Keys(s.Listeners)) {
		if n, ok := value(s.Listeners[listener]); ok {
			m.sample(name, n, "listener", listener)
		}
	}
}

// writeMetrics writes the account as Prometheus reads it.
func writeMetrics(w io.Writer, s loss.Account) error {
	var m metricText
	m.perListener(&s, "spans_received_total", "Spans that went to the store.",
		func(l loss.Listener) (int64, bool) { return l.Spans, true })
	m.perListener(&s, "batches_received_total", "Batches whose spans went to the store.",
		func(l loss.Listener) (int64, bool) { return l.Batches, true })
	m.perListener(&s, "datagrams_received_total", "Datagrams that were read.",
		func(l loss.Listener) (int64, bool) {
			if l.Datagrams == nil {
				return 0, false
			}
			return l.Datagrams.Datagrams, true
		})
	m.perListener(&s, "kernel_drops_total", "Datagrams that found the socket's buffer full.",
		func(l loss.Listener) (int64, bool) {
			if l.Datagrams == nil || !l.Datagrams.KernelDropsKnown {
				return 0, false
			}
			return l.Datagrams.KernelDrops, true
		})
	m.parts(&s)
	const undecodable = "undecodable_total"
	m.begin(undecodable, "counter", "Datagrams, requests and packets that carried no batch of spans.")
	for _, listener := range slices.Sorted(maps.Keys(s.Listeners)) {
		rejects := s.Listeners[listener].Undecodable
		for _, reason := range slices.Sorted(maps.Keys(rejects)) {
			m.sample(undecodable, rejects[reason], "listener", listener, "reason", string(reason))
		}
	}
	m.store(&s)
	m.clients(&s.Totals)
	_, err := m.WriteTo(w)
	return err
}

// parts tells of spans that come in parts.
func (m *metricText) parts(s *loss.Account) {
	parts := s.Listeners[Appdash].Parts
	if parts == nil {
		return
	}
	const open, untimed = "spans_open", "spans_untimed_total"
	m.begin(open, "gauge", "Spans that wait for their last part.")
	m.sample(open, parts.Open, "listener", Appdash)
	m.begin(untimed, "counter", "Spans that were stored without their times, which did not come.")
	m.sample(untimed, parts.Untimed, "listener", Appdash)
}

func (m *metricText) store(s *loss.Account) {
	m.single("traces_stored", "gauge", "Traces in the store.", int64(s.Store.Traces))
	m.single("spans_stored", "gauge", "Spans in the store.", s.Store.Spans)
	m.single("store_bytes", "gauge", "Memory that the store takes.", s.Store.Bytes)
	m.single("store_max_bytes", "gauge", "Memory that the store may take.", s.Store.MaxBytes)
	m.single("spans_evicted_total", "counter", "Spans that made room for newer ones.", s.Store.EvictedSpans)
	m.single("spans_refused_total", "counter", "Spans of traces that had reached their bound.", s.Store.RefusedSpans)
}

func (m *metricText) clients(t *loss.Totals) {
	m.single("client_batches_missing", "gauge", "Batches that clients numbered and that did not come.", t.BatchesMissing)
	const lost = "client_spans_lost"
	m.begin(lost, "gauge", "Spans that clients say they lost themselves.")
	m.sample(lost, t.Lost.QueueFull, "cause", "queue_full")
	m.sample(lost, t.Lost.TooLarge, "cause", "too_large")
	m.sample(lost, t.Lost.Failed, "cause", "failed")
}
