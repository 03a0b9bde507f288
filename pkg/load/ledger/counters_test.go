package ledger

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/internal/redact"
	"github.com/otdemo/otdemo/pkg/trace"
)

func TestReadKernel(t *testing.T) {
	t.Parallel()
	if got := readKernel(t.Context(), "192.0.2.1:6831"); got.known {
		t.Errorf("got %+v of another machine", got)
	}
	if got := readKernel(t.Context(), ""); got != (kernel{}) {
		t.Errorf("got %+v of no agent", got)
	}
}

// page answers every request with a text.
func page(t *testing.T, text string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestReadService(t *testing.T) {
	t.Parallel()
	client := newScraper()
	t.Cleanup(client.CloseIdleConnections)
	srv := page(t, `# TYPE otdemo_spans gauge
otdemo_spans{state="sent"} 4
otdemo_spans{state="sent",other="label"} 3
otdemo_spans{state="dropped"} 2
# TYPE otdemo_spans_finished_total counter
otdemo_spans_finished_total 9
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.79542e+09
# TYPE rpc histogram
rpc_bucket{le="+Inf"} 1
rpc_sum 1
rpc_count 1
`)
	want := &service{started: 1.79542e+09, finished: 9, states: map[string]int64{"sent": 7, "dropped": 2}}
	got := readService(t.Context(), client, srv.URL)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(service{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, other := range []string{"up 1\n", "<html>no metrics", ""} {
		if got := readService(t.Context(), client, page(t, other).URL); got != nil {
			t.Errorf("%q: got %+v, want nothing", other, got)
		}
	}
}

func TestMetricsURL(t *testing.T) {
	t.Parallel()
	for target, want := range map[string][2]string{
		"http://u:p@h:80/gettime?x=1#y": {"http://u:p@h:80/metrics", "http://h:80/metrics"},
		"https://[::1]:8000":            {"https://[::1]:8000/metrics", "https://[::1]:8000/metrics"},
		"":                              {},
		":":                             {},
	} {
		address := metricsURL(target)
		if got := [2]string{address, redact.URL(address)}; got != want {
			t.Errorf("%q: got %q, want %q", target, got, want)
		}
	}
}

func TestCompareService(t *testing.T) {
	t.Parallel()
	before := &service{started: 1, finished: 5, states: map[string]int64{"sent": 4, "queued": 1}}
	after := &service{started: 1, finished: 9, states: map[string]int64{"sent": 8, "queued": 0, "dropped": 1}}
	restarted := &Server{URL: "http://u", Restarted: true, States: map[string]int64{}}
	for name, test := range map[string]struct {
		before, after *service
		want          *Server
	}{
		"lived":     {before, after, &Server{URL: "http://u", Finished: 4, States: map[string]int64{"sent": 4, "queued": -1, "dropped": 1}}},
		"untold":    {nil, nil, nil},
		"gone":      {before, nil, restarted},
		"came":      {nil, after, restarted},
		"another":   {before, &service{started: 2, finished: 9}, restarted},
		"fell back": {after, before, restarted},
	} {
		if diff := cmp.Diff(test.want, compareService("http://p:w@u", test.before, test.after)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestJaegersCountersOfLosses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"jaeger_collector_spans_dropped_total":                     true,
		"jaeger_agent_thrift_udp_server_packets_dropped_total":     true,
		"jaeger_agent_thrift_udp_t_processor_handler_errors_total": true,
		"otelcol_exporter_send_failed_spans_total":                 true,
		"otelcol_receiver_refused_spans_total":                     true,
		"jaeger_collector_spans_received_total":                    false,
		"jaeger_storage_latency_error_bucket":                      false,
		"process_dropped_total":                                    false,
	} {
		if got := isLossCounter(name); got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
	got := increased(map[string]int64{"a": 1, "b": 2}, map[string]int64{"a": 1, "b": 5, "c": 1})
	want := evidence{"Jaeger's counter b increased by 3", "Jaeger's counter c increased by 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHopsGiveOutWhatIsMissing(t *testing.T) {
	t.Parallel()
	h := &hops{left: 10}
	h.attribute(Network, 4, true, "a")
	h.attribute(ClientQueue, 3, true, "b")
	h.attribute(Network, -5, false, "never")
	h.attribute(Network, 2, false, "a", "c")
	h.attribute(Backend, 100, false, "d")
	h.attribute(ServerGone, 1, false, "never")
	want := []Hop{
		{Name: ClientQueue, Lost: 3, Certain: true, Evidence: []string{"b"}},
		{Name: Network, Lost: 6, Evidence: []string{"a", "c"}},
		{Name: Backend, Lost: 1, Evidence: []string{"d"}},
	}
	if diff := cmp.Diff(want, h.sorted()); diff != "" || h.left != 0 {
		t.Errorf("%d left; (-want +got):\n%s", h.left, diff)
	}
	if got := (&hops{}).sorted(); got == nil {
		t.Error("got no list, want an empty one")
	}
}

func TestObserver(t *testing.T) {
	t.Parallel()
	process := func(service, id string) *trace.Process {
		p := &trace.Process{Service: service}
		if id != "" {
			p.Tags = []trace.Tag{{Key: clientTag, Value: trace.String(id)}}
		}
		return p
	}
	span := func(id, parent trace.SpanID, p *trace.Process, kind string) trace.Span {
		s := trace.Span{TraceID: trace.TraceID{Low: 1}, SpanID: id, Process: p}
		if parent != 0 {
			s.References = []trace.Reference{{TraceID: s.TraceID, SpanID: parent}}
		}
		if kind != "" {
			s.Tags = []trace.Tag{{Key: "span.kind", Value: trace.String(kind)}}
		}
		return s
	}
	ours, theirs, below := process("same", "u1"), process("same", "u2"), process("db", "u3")
	whole := []trace.Span{
		span(1, 0, ours, ""), span(2, 1, ours, "client"), span(3, 2, theirs, "server"),
		span(4, 3, theirs, ""), span(5, 4, below, "server"),
	}
	bare := []trace.Span{span(1, 0, process("a", ""), ""), span(2, 1, process("a", ""), "client"), span(3, 2, process("b", ""), "")}
	for name, test := range map[string]struct {
		spans []trace.Span
		want  observed
	}{
		"whole":           {whole, observed{client: 2, server: 1, others: 2}},
		"twice":           {append(whole, whole...), observed{client: 2, server: 1, others: 2, duplicates: 5}},
		"request is lost": {whole[2:], observed{server: 1, others: 2, orphans: 1}},
		"answer is lost":  {append([]trace.Span{whole[0], whole[1]}, whole[3:]...), observed{client: 2, others: 2, orphans: 1}},
		"no ids":          {bare, observed{client: 2, server: 1}},
		"nothing":         {nil, observed{}},
	} {
		o := newIdentifier("same")
		o.client = "u1"
		if name == "no ids" {
			o = newIdentifier("a")
		}
		got := o.observe(&trace.Trace{Spans: test.spans})
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	o := newIdentifier("same")
	if o.observe(&trace.Trace{Spans: whole}); o.client != "u1" || !o.servers["u2"] || len(o.servers) != 1 {
		t.Errorf("learned client %q and servers %v, want u1 and u2", o.client, o.servers)
	}
}
