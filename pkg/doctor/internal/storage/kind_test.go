package storage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCounters(t *testing.T) {
	t.Parallel()
	const text = `# HELP jaeger_collector_spans_received_total received
# TYPE jaeger_collector_spans_received_total counter
jaeger_collector_spans_received_total{debug="false",format="proto",svc="otdemo-check"} 2
jaeger_collector_spans_received_total{debug="false",format="proto",svc="my shop"} 40
jaeger_collector_spans_dropped_total{host="a b c"} 1
jaeger_collector_spans_saved_by_svc_total{result="err",svc="my shop"} 3
jaeger_collector_spans_saved_by_svc_total{result="ok",svc="my shop"} 37
jaeger_bulk_index_errors 1e+01
process_start_time_seconds 1.7e+09
cut`
	want := Counters{CountReceived: 2, CountAccepted: 40, CountDropped: 1, CountRejected: 13}
	if diff := cmp.Diff(want, readCounters([]byte(text))); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}
