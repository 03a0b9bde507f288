package doctor

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/doctor/internal/canary"
	"github.com/otdemo/otdemo/pkg/doctor/internal/elasticsearch"
	"github.com/otdemo/otdemo/pkg/doctor/internal/loss"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/storage"
)

// insideJaeger is a target with Jaeger's default ports on this machine, of
// which the admin ports are at the given servers, or closed.
func insideJaeger(t *testing.T, one, two http.HandlerFunc) probe.Target {
	t.Helper()
	target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "query.url", "http://127.0.0.1:16686"))
	addrs := map[string]string{}
	for port, h := range map[string]http.HandlerFunc{"14269": one, "8888": two} {
		addrs["127.0.0.1:"+port] = probetest.ClosedAddr(t)
		if h != nil {
			addrs["127.0.0.1:"+port] = strings.TrimPrefix(probetest.Serve(t, h).URL, "http://")
		}
	}
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addrs[addr])
	}
	return target
}

// v1Inside responds with expvars and metrics of Jaeger 1.62, shortened.
func v1Inside(kind string, metrics func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/debug/vars":
			probetest.Answer(200, "", "{\n\"downsampling-ratio\": 1,\n\"span-storage-type-"+kind+"\": 1\n}")(w, r)
		case "/metrics":
			probetest.Answer(200, "", metrics())(w, r)
		}
	}
}

func metricsV1(received, dropped, rejected string) string {
	return `# TYPE jaeger_collector_spans_received_total counter
jaeger_collector_spans_received_total{debug="false",format="jaeger",svc="otdemo-check",transport="http"} ` + received + `
jaeger_collector_spans_received_total{debug="false",format="jaeger",svc="other-services",transport="http"} 7
jaeger_collector_spans_dropped_total{host="vm"} ` + dropped + `
jaeger_bulk_index_errors_total ` + rejected + "\n"
}

const metricsV2 = `jaeger_storage_requests_total{kind="memory",name="some_storage",operation="get_services",result="ok",role="tracestore"} 1
otelcol_receiver_accepted_spans_total{receiver="jaeger",transport="udp_thrift_compact"} 1
`

func TestStorageKind(t *testing.T) {
	t.Parallel()
	noMetrics := func() string { return "" }
	tests := map[string]struct {
		one, two http.HandlerFunc
		wants    string
		status   probe.Status
		code     probe.Code
		fact     string
	}{
		"1, memory": {v1Inside("memory", noMetrics), nil, "", probe.StatusOK, storage.CodeMemory, "Jaeger stores spans in memory: they are lost when it restarts"},
		"1, Elasticsearch": {
			v1Inside("elasticsearch", noMetrics), nil, probe.StorageElasticsearch, probe.StatusOK, storage.CodeKind, "Jaeger stores spans in elasticsearch",
		},
		"1, Elasticsearch, which OpenSearch passes for": {
			v1Inside("elasticsearch", noMetrics), nil, probe.StorageOpenSearch, probe.StatusOK, storage.CodeKind, "Jaeger stores spans in elasticsearch",
		},
		"1, OpenSearch, and Cassandra is meant": {
			v1Inside("opensearch", noMetrics), nil, probe.StorageCassandra, probe.StatusWarn, storage.CodeOtherKind, "Jaeger stores spans in opensearch, not in cassandra",
		},
		"2, memory": {nil, probetest.Answer(200, "", metricsV2), "", probe.StatusOK, storage.CodeMemory, "Jaeger stores spans in memory: they are lost when it restarts"},
		"2, not the one that is meant": {
			nil, probetest.Answer(200, "", metricsV2), probe.StorageElasticsearch, probe.StatusWarn, storage.CodeOtherKind, "Jaeger stores spans in memory, not in elasticsearch",
		},
		"closed": {nil, nil, "", probe.StatusSkip, storage.CodeKindUnknown, "Jaeger's storage type was not found on its ports 14269 and 8888"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := insideJaeger(t, tt.one, tt.two)
			target.Storage.Kind = tt.wants
			f, _ := probetest.Examine(t, storage.KindProbe(), target, nil)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.fact)
			}
		})
	}
}

// What is compared are the spans that were sent with the counters before and
// after them, as a page of metrics has them.
func TestStorageCounters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		after   string
		cause   string
		status  probe.Status
		code    probe.Code
		fact    string
		counter []string
	}{
		"rejected": {
			after: metricsV1("4", "0", "1"), status: probe.StatusFail, code: loss.CodeRejects,
			fact:    "Jaeger's storage rejected 1 span or bulk while the canary was in flight",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after", "spans or bulks that the storage rejected: 0 before, 1 after"},
		},
		"received": {
			after: metricsV1("4", "0", "0"), status: probe.StatusFail, code: loss.CodeReceived,
			fact:    "Jaeger received 2 spans from this check and returns none of them: the loss is after the collector",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after"},
		},
		"received, and a probe of the storage names the cause": {
			after: metricsV1("4", "0", "0"), cause: elasticsearch.IDWrites, status: probe.StatusOK, code: loss.CodeReceived,
			fact: "Jaeger received 2 spans from this check and returns none of them: the loss is after the collector; " +
				"es-writable found the reason",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after"},
		},
		"one of two": {
			after: metricsV1("3", "0", "0"), status: probe.StatusFail, code: loss.CodeNotReceived,
			fact:    "the collector at 127.0.0.1:14269 counted 1 of 2 spans that this check sent: the missing spans were lost before it or went elsewhere",
			counter: []string{"spans of otdemo-check received: 2 before, 3 after"},
		},
		"nothing": {
			after: metricsV1("2", "0", "0"), status: probe.StatusFail, code: loss.CodeNotReceived,
			fact:    "the collector at 127.0.0.1:14269 counted none of 2 spans that this check sent: the missing spans were lost before it or went elsewhere",
			counter: []string{"spans of otdemo-check received: 2 before, 2 after"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			target := insideJaeger(t, v1Inside("elasticsearch", func() string {
				if asked.Add(1) == 1 {
					return metricsV1("2", "0", "0")
				}
				return tt.after
			}), nil)
			_, env := probetest.Examine(t, storage.KindProbe(), target, nil)
			earlier := map[string]probe.Outcome{
				probe.IDStorageKind: {Published: env.Published},
				probe.IDCanary: {
					Finding:   probe.Finding{Status: probe.StatusFail, Code: probe.CodeCanaryLost},
					Published: canary.LostCanary{Spans: make([]probe.SentRecord, 2), After: storage.ReadAdmin(t.Context(), env, "127.0.0.1")},
				},
			}
			if tt.cause != "" {
				earlier[tt.cause] = probe.Outcome{Finding: probe.Finding{Status: probe.StatusFail}}
			}
			f, _ := probetest.Examine(t, loss.Probe(ids(storageProbes())), target, earlier)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.fact)
			}
			if got, want := f.Explains, map[bool]string{true: probe.IDCanary}[tt.status == probe.StatusFail]; got != want {
				t.Errorf("explains %q, want %q", got, want)
			}
			want := []string{"this check sent 2 spans before the counters were read; read back: 0"}
			for _, line := range tt.counter {
				want = append(want, line+" (127.0.0.1:14269)")
			}
			if diff := cmp.Diff(want, f.Evidence); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// ended is a probe that ends so.
func ended(id string, hop probe.Hop, status probe.Status, code probe.Code) probe.Probe {
	return probe.Probe{ID: id, Hop: hop, Title: id, Codes: []probe.Code{code}, Run: func(_ context.Context, env *probe.Env) probe.Finding {
		if id == probe.IDCanary && status == probe.StatusOK {
			env.Publish(canary.Delivery{})
		}
		return probe.Found(status, code, "%s is %s", id, code)
	}}
}

// The storage probes look at the same fault from another side: they decide what
// the verdict names, never whether spans arrive.
func TestStorageInTheVerdict(t *testing.T) {
	t.Parallel()
	refuses := probetest.Serve(t, probetest.Answer(401, "", probetest.SecurityException)).URL
	closed := probetest.ClosedAddr(t)
	tests := map[string]struct {
		url    string
		before []probe.Probe
		status probe.Status
		answer Answer
		probe  string
	}{
		"spans arrive all the same": {
			refuses, []probe.Probe{ended(probe.IDCanary, probe.HopDelivery, probe.StatusOK, canary.CodeCanaryDelivered)}, probe.StatusWarn, AnswerYes, probe.IDCanary,
		},
		"Jaeger did not start for it": {
			refuses, []probe.Probe{ended(probe.IDUDP, probe.HopNetwork, probe.StatusFail, probe.CodeUDPRefused)}, probe.StatusFail, AnswerNo, probe.IDES,
		},
		"the canary was lost in it": {
			"http://" + closed, []probe.Probe{ended(probe.IDCanary, probe.HopDelivery, probe.StatusFail, probe.CodeCanaryLost)}, probe.StatusFail, AnswerNo, probe.IDES,
		},
		"the name resolves for Jaeger only": {
			"http://no-such-host.invalid:9200", []probe.Probe{ended(probe.IDUDP, probe.HopNetwork, probe.StatusFail, probe.CodeUDPRefused)}, probe.StatusFail, AnswerNo, probe.IDUDP,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := run(t.Context(), append(tt.before, elasticsearch.Probe()), probetest.AtES(t, tt.url), Options{})
			if got := report.Findings[1].Status; got != tt.status {
				t.Errorf("got %s, want %s: %+v", got, tt.status, report.Findings[1])
			}
			if v := report.Verdict; v.Answer != tt.answer || v.Probe != tt.probe {
				t.Errorf("got %s by %s, want %s by %s", v.Answer, v.Probe, tt.answer, tt.probe)
			}
		})
	}
}

// A slow canary and a dead storage cost the time of one of them.
func TestSettleWaitsAndRunDoesNot(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	slow := probe.Probe{ID: "slow", Hop: probe.HopDelivery, Title: "slow", Run: func(ctx context.Context, _ *probe.Env) probe.Finding {
		select {
		case <-started:
			return probe.Found(probe.StatusOK, "fine", "the other one has started")
		case <-ctx.Done():
			return probe.Found(probe.StatusFail, "late", "the other one waits")
		}
	}}
	settled := probe.Probe{
		ID: "settled", Hop: probe.HopStorage, Title: "settled", RunsBeside: []string{"slow"},
		Run: func(context.Context, *probe.Env) probe.Finding {
			close(started)
			return probe.Found(probe.StatusFail, "bad", "bad")
		},
		Finalize: func(env *probe.Env, f probe.Finding) probe.Finding {
			if env.Passed("slow") {
				f.Status = probe.StatusWarn
			}
			return f
		},
	}
	report := runFakes(t, Options{}, slow, settled)
	if got, want := strings.Join(probetest.Lines(report.Findings), ", "), "slow ok fine, settled warn bad"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStorageValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		storage probe.Storage
		want    string
	}{
		"none":             {probe.Storage{}, ""},
		"elasticsearch":    {probe.Storage{Kind: probe.StorageElasticsearch, ESURLs: []string{"http://es:9200"}}, ""},
		"without a URL":    {probe.Storage{Kind: probe.StorageElasticsearch}, "--storage elasticsearch needs --es-url"},
		"without a host":   {probe.Storage{Kind: probe.StorageCassandra}, "--storage cassandra needs --cassandra-hosts"},
		"opensearch":       {probe.Storage{Kind: "opensearch", ESURLs: []string{"http://os:9200"}}, ""},
		"an unknown thing": {probe.Storage{Kind: "badger"}, `--storage must be elasticsearch, opensearch or cassandra, got "badger"`},

		"opensearch without a URL": {probe.Storage{Kind: "opensearch"}, "--storage opensearch needs --es-url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.storage.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
