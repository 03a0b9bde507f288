package allinone

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	jaegerlog "github.com/uber/jaeger-client-go/log"

	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

// A trace made with jaeger-client-go, over its own UDP transport, comes back
// whole through the query API.
func TestJaegerClientRoundTrip(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	transport, err := jaeger.NewUDPTransport(b.Addrs()[AgentCompact], 0)
	if err != nil {
		t.Fatal(err)
	}
	tracer, closer := jaeger.NewTracer("svc", jaeger.NewConstSampler(true), jaeger.NewRemoteReporter(transport))
	parent := tracer.StartSpan("parent")
	child := tracer.StartSpan("child", opentracing.ChildOf(parent.Context()))
	child.SetTag("n", 5).LogKV("event", "done")
	child.Finish()
	parent.Finish()
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, b, func(s loss.Account) bool { return s.Store.Spans == 2 })

	id := parent.Context().(jaeger.SpanContext).TraceID().String()
	got := traces(t, b, "/api/traces/"+id)
	if len(got) != 1 || len(got[0].Spans) != 2 {
		t.Fatalf("got %+v, want one trace of two spans", got)
	}
	for _, s := range got[0].Spans {
		wantParent := trace.SpanID(0)
		if s.Operation == "child" {
			wantParent = trace.SpanID(parent.Context().(jaeger.SpanContext).SpanID())
			if v, _ := s.Tag("n"); v != trace.Int64(5) {
				t.Errorf("got tag %v, want 5", v)
			}
			if len(s.Logs) != 1 {
				t.Errorf("got %d logs, want 1", len(s.Logs))
			}
		}
		if s.ParentID() != wantParent || s.Service() != "svc" || len(s.Warnings) > 0 {
			t.Errorf("%s: got parent %s, service %q, warnings %q", s.Operation, s.ParentID(), s.Service(), s.Warnings)
		}
	}
	if found := traces(t, b, "/api/traces?service=svc&operation=child"); len(found) != 1 || found[0].ID.String() != got[0].ID.String() {
		t.Errorf("search found %v, want the trace", found)
	}
	if s := b.Stats(); !s.Lossless() || len(s.Clients) != 1 || s.Clients[0].Service != "svc" {
		t.Errorf("got stats %+v, want no loss and one client", s)
	}
}

// jaeger-client-go's remote sampler understands the answer: from a rate of 0 it
// goes to the one served.
func TestJaegerClientIsSampled(t *testing.T) {
	t.Parallel()
	b := start(t, Options{Sampling: sampling.Same(sampling.Strategy{Type: "const", Param: 1})})
	sampler := jaeger.NewRemotelyControlledSampler("svc",
		jaeger.SamplerOptions.SamplingServerURL("http://"+b.Addrs()[Sampling]+"/sampling"),
		jaeger.SamplerOptions.InitialSampler(jaeger.NewConstSampler(false)),
		jaeger.SamplerOptions.Logger(jaegerlog.NullLogger))
	tracer, closer := jaeger.NewTracer("svc", sampler, jaeger.NewNullReporter())
	defer func() { _ = closer.Close() }()
	sampled := func() bool {
		return tracer.StartSpan("op").Context().(jaeger.SpanContext).IsSampled()
	}
	before := sampled()
	sampler.UpdateSampler()
	if after := sampled(); before || !after {
		t.Errorf("sampled %v before and %v after the update, want false and true", before, after)
	}
}

func TestAddrs(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	var names []string
	for _, l := range Listeners() {
		name := l.Name
		if host, port, err := net.SplitHostPort(b.Addrs()[name]); err != nil || host != "127.0.0.1" || port == "0" {
			t.Errorf("%s: got %q (%v), want a port on 127.0.0.1", name, b.Addrs()[name], err)
		}
		names = append(names, name)
	}
	if got, want := len(b.Addrs()), len(names); got != want {
		t.Errorf("got %d addresses, want %d", got, want)
	}
}

func TestTakenPorts(t *testing.T) {
	t.Parallel()
	holder := start(t, Options{})
	port := func(name string) int {
		addr, err := net.ResolveTCPAddr("tcp", holder.Addrs()[name])
		if err != nil {
			t.Fatal(err)
		}
		return addr.Port
	}
	tests := []struct {
		name string
		opts Options
		want []ListenError
	}{
		{"agent", Options{Ports: map[string]int{AgentCompact: port(AgentCompact)}}, []ListenError{{Name: AgentCompact, Network: "udp"}}},
		{"query", Options{Ports: map[string]int{Query: port(Query)}}, []ListenError{{Name: Query, Network: "tcp"}}},
		{
			"all",
			Options{Ports: map[string]int{AgentCompact: port(AgentCompact), Query: port(Query), Sampling: port(Sampling)}},
			[]ListenError{{Name: AgentCompact, Network: "udp"}, {Name: Query, Network: "tcp"}, {Name: Sampling, Network: "tcp"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := Start(tt.opts)
			if err == nil {
				closeBackend(t, b)
				t.Fatal("started on a taken port")
			}
			if !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("got error %v, want it to be EADDRINUSE", err)
			}
			var got []ListenError
			for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
				var taken *ListenError
				if !errors.As(fault, &taken) {
					t.Fatalf("got %T, want a *ListenError", fault)
				}
				if want := holder.Addrs()[taken.Name]; taken.Addr != want {
					t.Errorf("got address %q, want %q", taken.Addr, want)
				}
				got = append(got, ListenError{Name: taken.Name, Network: taken.Network})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts Options
		want string
	}{
		{"sampling", Options{Sampling: sampling.Same(sampling.Strategy{Type: "odd"})}, `sampling type must be const, probabilistic or ratelimiting, got "odd"`},
		{"memory", Options{MaxMemory: 1000}, "memory for spans must be at least 4 MiB, got 1000 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Start(tt.opts); err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

// What was sent before Close is stored, although nobody waited for it.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	conn := dial(t, b)
	const batches, each = 40, 100
	for i := range batches {
		send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1+i*each, each)))
	}
	closeBackend(t, b)
	if s := b.Stats(); s.Spans != batches*each || s.Store.Spans != batches*each {
		t.Errorf("got %d spans received and %d stored, want %d", s.Spans, s.Store.Spans, batches*each)
	}
	closeBackend(t, b) // again, which does nothing
}

// A client that stalls in the middle of its request holds Close up no longer than
// its context allows.
func TestCloseWithoutTime(t *testing.T) {
	t.Parallel()
	b, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	stalled, err := d.DialContext(within(t), "tcp", b.Addrs()[Query])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stalled.Close() }()
	if _, err := stalled.Write([]byte("GET / HT")); err != nil {
		t.Fatal(err)
	}
	get(t, b, "/") // connections are accepted in turn: now the stalled one is, too

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want the deadline's", err)
	}
	if err := b.Close(within(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing again: got error %v, want the first one's", err)
	}
}

func TestLossReport(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	send(t, dial(t, b), []byte("no thrift"))
	waitFor(t, b, func(s loss.Account) bool { return s.Agent.Undecodable.Total() == 1 })
	status, body := get(t, b, "/api/loss")
	var got loss.Account
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v in %s", status, err, body)
	}
	if diff := cmp.Diff(b.Stats(), got); diff != "" {
		t.Errorf("report (-stats +report):\n%s", diff)
	}
	for _, key := range []string{`"schema_version":1`, `"kernel_drops":0`, `"undecodable":{"text":1}`, `"spans_evicted":0`, `"batches_missing":0`} {
		if !strings.Contains(body, key) {
			t.Errorf("report has no %s: %s", key, body)
		}
	}
}
