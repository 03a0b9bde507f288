package ledger_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/server"
	"github.com/otdemo/otdemo/pkg/tracer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline bounds every wait of these tests; it is far beyond what they need.
const deadline = 60 * time.Second

// within returns a context that outlives the test's own, for cleaning up.
func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), deadline)
	tb.Cleanup(cancel)
	return ctx
}

// startBackend runs an embedded Jaeger until the test ends, or its end is called.
func startBackend(tb testing.TB, opts allinone.Options) (b *allinone.Backend, end func()) {
	tb.Helper()
	b, err := allinone.Start(opts)
	if err != nil {
		tb.Fatal(err)
	}
	end = func() {
		if err := b.Close(within(tb)); err != nil {
			tb.Errorf("close the backend: %v", err)
		}
	}
	tb.Cleanup(end)
	return b, end
}

// waitAdded waits until a backend has taken so many spans.
func waitAdded(tb testing.TB, b *allinone.Backend, spans int64) {
	tb.Helper()
	ctx := within(tb)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for b.Stats().Store.Added < spans {
		select {
		case <-ctx.Done():
			tb.Fatalf("the backend took %d spans, want %d", b.Stats().Store.Added, spans)
		case <-tick.C:
		}
	}
}

// again has a backend listen where another one did.
func again(tb testing.TB, b *allinone.Backend) allinone.Options {
	tb.Helper()
	opts := allinone.Options{Ports: make(map[string]int)}
	for name, addr := range b.Addrs() {
		opts.Ports[name] = portOf(tb, addr)
	}
	return opts
}

func portOf(tb testing.TB, addr string) int {
	tb.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// startTracer makes a tracer whose spans go to agent over UDP.
func startTracer(tb testing.TB, service, agent string, change func(*config.Config)) *tracer.Tracer {
	tb.Helper()
	cfg := config.Defaults()
	cfg.Service = service
	cfg.Reporter.Agent.Host = "127.0.0.1"
	cfg.Reporter.Agent.Port = portOf(tb, agent)
	cfg.Reporter.FlushInterval = 20 * time.Millisecond
	if change != nil {
		change(&cfg)
	}
	tr, err := tracer.New(cfg, tracer.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tr.Close(within(tb)) }) // its losses are part of the test
	return tr
}

// service is a running `otdemo serve`, as far as its clients can tell.
type service struct {
	url    string
	tracer *tracer.Tracer
	http   *httptest.Server
}

func startService(tb testing.TB, tr *tracer.Tracer) *service {
	tb.Helper()
	started := time.Now()
	srv := httptest.NewServer(server.NewHandler(server.Options{
		Tracer: tr,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			s := tr.Stats()
			fmt.Fprintf(w, "process_start_time_seconds %d.%09d\n", started.Unix(), started.Nanosecond())
			fmt.Fprintf(w, "otdemo_spans_finished_total %d\n", s.Finished)
			for state, n := range map[string]int64{
				"sent": s.Sent, "queued": s.Queued, "dropped": s.Dropped, "too_large": s.TooLarge,
				"refused": s.Refused, "failed": s.Failed, "after_close": s.AfterClose,
			} {
				fmt.Fprintf(w, "otdemo_spans{state=%q} %d\n", state, n)
			}
		}),
	}))
	tb.Cleanup(srv.Close)
	return &service{url: srv.URL + "/gettime", tracer: tr, http: srv}
}

// run is a load run with its ledger.
type run struct {
	query    string // the backend's address
	agent    string // "" over HTTP
	url      string
	tracer   *tracer.Tracer
	requests int64
	workers  int
	share    float64
	patience time.Duration
	// between happens when the run has ended, and before it is read back.
	between func()
	// each happens after each call, before it is entered.
	each func(*load.Result)
}

// do makes the run and closes its ledger.
func (r run) do(tb testing.TB) (ledger.Ledger, error) {
	tb.Helper()
	reader, err := query.New("http://"+r.query, query.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer reader.Close()
	tag := opentracing.Tag{Key: "otdemo.run", Value: tb.Name()}
	book := ledger.Open(within(tb), ledger.Options{
		Query: reader, Service: r.tracer.Service(), RunTag: tag, TargetURL: r.url, Agent: r.agent, Patience: r.patience,
	})
	calls := client.New(r.tracer, client.Options{Timeout: deadline})
	defer calls.Close()
	_, err = load.Run(within(tb), load.Options{
		Client: calls, Tracer: r.tracer, Request: client.Request{URL: r.url}, Tags: []opentracing.Tag{tag},
		Requests: r.requests, Concurrency: max(1, r.workers), TraceShare: r.share,
		Observe: func(result load.Result) {
			if r.each != nil {
				r.each(&result)
			}
			book.Add(result)
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := r.tracer.Close(within(tb)); err != nil {
		tb.Fatal(err)
	}
	if r.between != nil {
		r.between()
	}
	l, err := book.Close(within(tb), r.tracer.Stats())
	checkSums(tb, &l)
	return l, err
}

// checkSums expects what holds whatever went wrong.
func checkSums(tb testing.TB, l *ledger.Ledger) {
	tb.Helper()
	var hops int64
	for _, h := range l.Hops {
		hops += h.Lost
		if h.Lost <= 0 || len(h.Evidence) == 0 {
			tb.Errorf("hop %q: got %d lost with the evidence %q, want some of both", h.Name, h.Lost, h.Evidence)
		}
	}
	s, t := l.Spans, l.Traces
	for _, sum := range []struct {
		name      string
		got, want int64
	}{
		{"stored + missing = made", s.Stored + s.Missing, s.Made},
		{"hops = missing", hops, s.Missing},
		{"client + server = made", s.MadeClient + s.MadeServer, s.Made},
		{"client + server = stored", s.StoredClient + s.StoredServer, s.Stored},
		{"sampled out + sampled = made", t.SampledOut + t.Sampled, t.Made},
		{"found + missing = sampled", t.Found + t.Missing, t.Sampled},
		{"complete + incomplete = found", t.Complete + t.Incomplete, t.Found},
	} {
		if sum.got != sum.want {
			tb.Errorf("%s: got %d, want %d", sum.name, sum.got, sum.want)
		}
	}
	if l.Balanced() != (s.Missing == 0 && len(l.Hops) == 0) {
		tb.Errorf("balanced: got %t with %d missing and the hops %+v", l.Balanced(), s.Missing, l.Hops)
	}
	if tb.Failed() {
		tb.Logf("%+v", *l)
	}
}

// lost returns what was lost by hop.
func lost(l *ledger.Ledger) map[ledger.HopName]int64 {
	byHop := make(map[ledger.HopName]int64)
	for _, h := range l.Hops {
		byHop[h.Name] = h.Lost
	}
	return byHop
}
