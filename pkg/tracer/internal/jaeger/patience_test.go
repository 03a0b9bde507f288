package jaeger

import (
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// A collector that never recovers costs a batch its patience, not more.
func TestHTTPPatience(t *testing.T) {
	t.Parallel()
	c := NewCollector(t, Status(503))
	counters := reporter.NewCounters(jaeger.NewNullMetrics())
	l := &testkit.Logs{}
	transport, err := newHTTPTransport(config.Collector{Endpoint: c.URL}, counters, l.Logger(),
		reporter.Retrier{Ctx: t.Context(), Timeout: 250 * time.Millisecond, Closing: make(chan struct{})})
	if err != nil {
		t.Fatal(err)
	}
	counters.Finished.Add(1)
	counters.Add(1, reporter.InFlight)
	transport.Append(testkit.NewSpans(1)[0])
	transport.Flush()
	l.Want(t, "spans not accepted", "spans=1", "503", `body="the reason"`)
	// On an idle machine at 0, 100 and 300 ms; TestRetrierPatience holds the times.
	if s := counters.Stats(0); s.Failed != 1 || c.Count() < 2 {
		t.Errorf("got %+v after %d requests, want 1 failed after several", s, c.Count())
	}
	transport.Close()
}
