package ledger_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
)

// The client makes a span for the call, one for the request and one for its only
// hop, the server one for its answer.
const clientSpans, serverSpans = 3, 1

const patience = time.Second

func TestNothingLost(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 1000, workers: 4, share: 0.5, patience: deadline,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	wantTraces := ledger.Traces{Made: 1000, SampledOut: 500, Sampled: 500, Found: 500, Complete: 500}
	if diff := cmp.Diff(wantTraces, l.Traces); diff != "" {
		t.Errorf("traces (-want +got):\n%s", diff)
	}
	wantSpans := ledger.Spans{
		Made: 2000, MadeClient: 500 * clientSpans, MadeServer: 500 * serverSpans,
		Stored: 2000, StoredClient: 500 * clientSpans, StoredServer: 500 * serverSpans,
	}
	if diff := cmp.Diff(wantSpans, l.Spans); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	if l.Server == nil || l.Server.Finished != 500*serverSpans || l.Server.Restarted || len(l.Notes) != 0 {
		t.Errorf("got server %+v and notes %q, want its 500 spans, and none", l.Server, l.Notes)
	}
}

// A book whose times are wrong still finds the traces, by their ids.
func TestStartsAreWrong(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 500, workers: 4, share: 1, patience: deadline,
		each: func(r *load.Result) { r.Start = r.Start.Add(-24 * time.Hour) },
	}.do(t)
	if err != nil || !l.Balanced() || l.Traces.Complete != 500 {
		t.Errorf("got %+v, %v, want 500 complete traces", l.Traces, err)
	}
}

// The client and the server may have the same name.
func TestSameServiceName(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "same", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "same", agent, nil), requests: 20, share: 1, patience: deadline,
	}.do(t)
	if err != nil || !l.Balanced() || l.Spans.StoredServer != 20*serverSpans {
		t.Errorf("got %+v, %v, want nothing lost, and 20 spans of the server", l.Spans, err)
	}
}

// closedPort returns a UDP address that nothing listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

func TestAgentsPortIsClosed(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	s := startService(t, startTracer(t, "server", b.Addrs()[allinone.AgentCompact], nil))
	agent := closedPort(t)
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 50, share: 1, patience: patience,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.ClientSend: 50 * clientSpans}
	if diff := cmp.Diff(want, lost(&l)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	// Each of the server's spans has a parent that never came.
	if l.Spans.StoredServer != 50*serverSpans || l.Spans.Orphans != 50*serverSpans || l.Traces.Incomplete != 50 {
		t.Errorf("got %+v and %+v, want 50 traces that have the server's spans alone", l.Spans, l.Traces)
	}
}

// relay passes datagrams on, each as often as copies says by its number from 1.
func relay(t *testing.T, to string, copies func(n int) int) string {
	t.Helper()
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_ = in.SetReadBuffer(4 << 20) // as much as the system grants
	var d net.Dialer
	out, err := d.DialContext(within(t), "udp", to)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for n := 1; ; n++ {
			size, err := in.Read(buf)
			if err != nil {
				return
			}
			for range copies(n) {
				_, _ = out.Write(buf[:size]) // what is lost is part of the test
			}
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-done
		_ = out.Close()
	})
	return in.LocalAddr().String()
}

// paced keeps datagrams few enough for the smallest socket buffer: the run waits
// for a flush now and then.
func paced(result *load.Result) {
	if result.Seq%10 == 9 {
		<-time.After(25 * time.Millisecond)
	}
}

func TestNetworkDropsDatagrams(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	lossy := relay(t, agent, func(n int) int { return min(1, n%3) })
	s := startService(t, startTracer(t, "server", lossy, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: lossy, url: s.url, each: paced,
		tracer: startTracer(t, "client", lossy, nil), requests: 200, share: 1, patience: patience,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.Network: 200*(clientSpans+serverSpans) - b.Stats().Spans}
	if diff := cmp.Diff(want, lost(&l)); diff != "" || l.Spans.Missing == 0 {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if !l.Hops[0].Certain {
		t.Errorf("got %+v, want it certain: both ends have counted", l.Hops[0])
	}
	if n := len(l.Traces.MissingIDs); n != 10 {
		t.Errorf("got %d ids of traces that miss spans, want 10", n)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	double := relay(t, agent, func(int) int { return 2 })
	s := startService(t, startTracer(t, "server", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: double, url: s.url, each: paced,
		tracer: startTracer(t, "client", double, nil), requests: 30, share: 1, patience: deadline,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	// The backend drops spans that are equal in all, when it answers.
	if !l.Balanced() || l.Spans.Stored != 30*(clientSpans+serverSpans) || l.Spans.Duplicates != 30*clientSpans {
		t.Errorf("got %+v, want each of the spans counted once", l.Spans)
	}
}

// The server ends without flushing: its spans are in its queue for ever.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, func(c *config.Config) { c.Reporter.FlushInterval = time.Hour }))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 50, share: 1, patience: patience,
		between: s.http.Close,
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.ServerGone: 50 * serverSpans}
	if diff := cmp.Diff(want, lost(&l)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	if l.Server == nil || !l.Server.Restarted {
		t.Errorf("got %+v, want a server that is gone", l.Server)
	}
}

func TestBackendIsRestarted(t *testing.T) {
	t.Parallel()
	for name, overHTTP := range map[string]bool{"udp": false, "http": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, end := startBackend(t, allinone.Options{})
			agent := b.Addrs()[allinone.AgentCompact]
			change := func(c *config.Config) {
				if overHTTP {
					c.Reporter.Collector.Endpoint = "http://" + b.Addrs()[allinone.CollectorHTTP] + "/api/traces"
				}
			}
			s := startService(t, startTracer(t, "server", agent, change))
			r := run{
				query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
				tracer: startTracer(t, "client", agent, change), requests: 100, share: 1, patience: patience,
				between: func() {
					end()
					startBackend(t, again(t, b))
				},
			}
			if overHTTP {
				r.agent = ""
			}
			l, err := r.do(t)
			if err != nil {
				t.Fatal(err)
			}
			want := map[ledger.HopName]int64{ledger.Backend: l.Spans.Missing}
			if diff := cmp.Diff(want, lost(&l)); diff != "" || l.Spans.Missing < 100*clientSpans {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBackendIsGone(t *testing.T) {
	t.Parallel()
	b, end := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 20, share: 1, patience: patience, between: end,
	}.do(t)
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want an error that says that nothing could be read back", err)
	}
	if l.Spans.Missing != 20*(clientSpans+serverSpans) || l.Traces.Missing != 20 || len(l.Notes) == 0 {
		t.Errorf("got %+v, %+v, %q, want everything missing, and told so", l.Spans, l.Traces, l.Notes)
	}
}

// The backend holds no more than its bound, and says what it threw away.
func TestBackendMakesRoom(t *testing.T) {
	t.Parallel()
	const requests = 3000
	b, _ := startBackend(t, allinone.Options{MaxMemory: 4 << 20})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, nil))
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: requests, workers: 4, share: 1, patience: patience,
		// The service's last spans would throw out traces that were read already.
		between: func() { waitAdded(t, b, requests*(clientSpans+serverSpans)) },
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	want := map[ledger.HopName]int64{ledger.Backend: b.Stats().Store.EvictedSpans}
	if diff := cmp.Diff(want, lost(&l)); diff != "" || l.Spans.Missing == 0 {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

func TestTargetIsNotTraced(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	noop := startService(t, startTracer(t, "server", agent, func(c *config.Config) { c.Tracer = config.TracerNoop }))
	for _, test := range []struct{ name, url, want string }{
		{"no counters", plain.URL, ledger.Unseen(nil)},
		{"noop", noop.url, ledger.Unseen(nil) + "; according to its own counters it finished none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := run{
				query: b.Addrs()[allinone.Query], agent: agent, url: test.url,
				tracer: startTracer(t, "client", agent, nil), requests: 10, share: 1, patience: patience,
			}.do(t)
			if err != nil {
				t.Fatal(err)
			}
			if l.NoneLost() || !l.Balanced() || l.Spans.MadeServer != 0 || l.Traces.Complete != 10 {
				t.Errorf("got %+v and %+v, want 10 complete traces without the server, and no claim that none was lost", l.Spans, l.Traces)
			}
			if l.ServiceUnseen != test.want {
				t.Errorf("got %q, want %q", l.ServiceUnseen, test.want)
			}
		})
	}
}

// Other clients of the service, and of the backend, are not part of the account.
func TestOthersAreThere(t *testing.T) {
	t.Parallel()
	b, _ := startBackend(t, allinone.Options{})
	agent := b.Addrs()[allinone.AgentCompact]
	s := startService(t, startTracer(t, "server", agent, nil))
	calls := client.New(startTracer(t, "client", agent, nil), client.Options{})
	t.Cleanup(calls.Close)
	var made atomic.Int64
	l, err := run{
		query: b.Addrs()[allinone.Query], agent: agent, url: s.url,
		tracer: startTracer(t, "client", agent, nil), requests: 100, share: 1, patience: deadline,
		each: func(r *load.Result) {
			if r.Seq%2 == 0 {
				if _, err := calls.Do(t.Context(), client.Request{URL: s.url}); err != nil {
					t.Error(err)
				}
				made.Add(1)
			}
		},
	}.do(t)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Balanced() || l.Spans.MadeServer != 100*serverSpans || l.Spans.MadeClient != 100*clientSpans {
		t.Errorf("got %+v, want the run's own spans, and none lost", l.Spans)
	}
	if got, want := l.Server.Finished, (100+made.Load())*serverSpans; got != want || len(l.Notes) != 1 {
		t.Errorf("got %d finished and notes %q, want %d, and a note of the others", got, l.Notes, want)
	}
}
