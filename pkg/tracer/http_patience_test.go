package tracer

import (
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
)

// A collector that never recovers costs a batch its patience, not more.
func TestHTTPPatience(t *testing.T) {
	t.Parallel()
	c := newCollector(t, status(503))
	counters := newSpanCounters(jaeger.NewNullMetrics())
	l := &logs{}
	transport, err := newHTTPTransport(config.Collector{Endpoint: c.URL}, counters, l.logger(),
		retrier{ctx: t.Context(), timeout: 250 * time.Millisecond, closing: make(chan struct{})})
	if err != nil {
		t.Fatal(err)
	}
	counters.finished.Add(1)
	counters.add(1, inFlight)
	transport.Append(newSpans(1)[0])
	transport.Flush()
	l.want(t, "spans not accepted", "spans=1", "503", `body="the reason"`)
	// On an idle machine at 0, 100 and 300 ms; TestRetrierPatience holds the times.
	if s := counters.stats(0); s.Failed != 1 || c.count() < 2 {
		t.Errorf("got %+v after %d requests, want 1 failed after several", s, c.count())
	}
	transport.Close()
}
