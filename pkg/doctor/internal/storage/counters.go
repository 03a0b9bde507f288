package storage

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Counters are sums over the series of a metric, by meaning.
type Counters map[string]float64

// The meanings of the counters.
const (
	CountReceived = "spans of " + probe.CheckService + " received"
	CountAccepted = "spans received"
	CountDropped  = "spans dropped because a queue was full"
	CountRejected = "spans or bulks that the storage rejected"
)

// meaning returns what a metric counts, "" if it does not matter here. The
// names are those of Jaeger 1.42 to 2.20, without the _total that some of them
// add.
func meaning(name, labels string) string {
	ofCheck := strings.Contains(labels, `svc="`+probe.CheckService+`"`)
	switch strings.TrimSuffix(name, "_total") {
	case "jaeger_collector_spans_received", "jaeger_spans_received":
		if ofCheck {
			return CountReceived
		}
		return CountAccepted
	case "otelcol_receiver_accepted_spans":
		return CountAccepted
	case "jaeger_collector_spans_dropped", "jaeger_spans_dropped", "otelcol_exporter_enqueue_failed_spans":
		return CountDropped
	case "jaeger_bulk_index_errors", "jaeger_storage_bulk_index_errors", "otelcol_exporter_send_failed_spans":
		return CountRejected
	case "jaeger_collector_spans_saved_by_svc", "jaeger_spans_saved_by_svc":
		if strings.Contains(labels, `result="err"`) {
			return CountRejected
		}
	}
	return ""
}

// readCounters reads metrics in the text format of Prometheus.
func readCounters(text []byte) Counters {
	sums := make(Counters)
	lines := bufio.NewScanner(bytes.NewReader(text))
	// Jaeger's help texts and labels are well below a line's usual limit.
	for lines.Scan() {
		series, value, ok := cutLast(lines.Text(), " ")
		if !ok || strings.HasPrefix(series, "#") {
			continue
		}
		name, labels, _ := strings.Cut(series, "{")
		what := meaning(name, labels)
		if what == "" {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			sums[what] += n
		}
	}
	return sums
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
