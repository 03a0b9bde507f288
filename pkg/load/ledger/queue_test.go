package ledger_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// stalled returns a change by which a tracer's batches go over HTTP to a collector that
// answers none until the tracer, which is to be set, has dropped spans at its queue of
// one. So it does drop some, however fast it is.
func stalled(t *testing.T, b *allinone.Backend) (change func(*config.Config), of *atomic.Pointer[tracer.Tracer]) {
	t.Helper()
	of = new(atomic.Pointer[tracer.Tracer])
	collector := &url.URL{Scheme: "http", Host: b.Addrs()[allinone.CollectorHTTP]}
	transport := &http.Transport{DisableKeepAlives: true}
	srv := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for of.Load() == nil || of.Load().Stats().Dropped == 0 {
				select {
				case <-r.In.Context().Done():
					return
				case <-tick.C:
				}
			}
			r.SetURL(collector)
		},
	})
	t.Cleanup(srv.Close)
	return func(c *config.Config) {
		c.Reporter.QueueSize = 1
		c.Reporter.FlushInterval = time.Millisecond
		c.Reporter.Collector.Endpoint = srv.URL + "/api/traces"
	}, of
}

func TestClientDropsAtItsQueue(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	s := startService(t, startTracer(t, "server", b.Addrs()[allinone.AgentCompact], nil))
	change, of := stalled(t, b)
	tr := startTracer(t, "client", b.Addrs()[allinone.AgentCompact], change)
	of.Store(tr)
	l, err := run{
		query: b.Addrs()[allinone.Query], url: s.url,
		tracer: tr, requests: 500, workers: 8, share: 1, patience: deadline,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.ClientQueue: tr.Stats().Dropped}
	if diff := cmp.Diff(want, lost(&l)); diff != "" || want[ledger.ClientQueue] == 0 {
		t.Fatalf("lost (-want +got), some at least:\n%s", diff)
	}
	if !l.Hops[0].Certain {
		t.Error("the client's own books are not certain")
	}
}

func TestServerDropsAtItsQueue(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	change, of := stalled(t, b)
	s := startService(t, startTracer(t, "server", agent, change))
	of.Store(s.tracer)
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 500, workers: 8, share: 1, patience: patience,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.ServerQueue: s.tracer.Stats().Dropped}
	if diff := cmp.Diff(want, lost(&l)); diff != "" || want[ledger.ServerQueue] == 0 {
		t.Fatalf("lost (-want +got), some at least:\n%s", diff)
	}
	if !l.Hops[0].Certain {
		t.Error("the counters of a service that serves nobody else are not certain")
	}
}
