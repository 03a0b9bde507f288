package doctor

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// insideJaeger is a target with Jaeger's usual ports on this machine, of which
// those that tell about it are at the servers given, or closed.
func insideJaeger(t *testing.T, one, two http.HandlerFunc) Target {
	t.Helper()
	target := outside(load(t, "reporter.agent.host", "127.0.0.1", "query.url", "http://127.0.0.1:16686"))
	addrs := map[string]string{}
	for port, h := range map[string]http.HandlerFunc{"14269": one, "8888": two} {
		addrs["127.0.0.1:"+port] = closedAddr(t)
		if h != nil {
			addrs["127.0.0.1:"+port] = strings.TrimPrefix(serve(t, h).URL, "http://")
		}
	}
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addrs[addr])
	}
	return target
}

// v1Inside answers with expvars and metrics of Jaeger 1.62, shortened.
func v1Inside(kind string, metrics func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/debug/vars":
			answer(200, "", "{\n\"downsampling-ratio\": 1,\n\"span-storage-type-"+kind+"\": 1\n}")(w, r)
		case "/metrics":
			answer(200, "", metrics())(w, r)
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
		status   Status
		code     Code
		fact     string
	}{
		"1, memory": {v1Inside("memory", noMetrics), nil, "", StatusOK, codeStorageMemory, "Jaeger keeps spans in memory: they are gone when it restarts"},
		"1, Elasticsearch": {
			v1Inside("elasticsearch", noMetrics), nil, StorageElasticsearch, StatusOK, codeStorageKind, "Jaeger keeps spans in elasticsearch",
		},
		"1, Elasticsearch, which OpenSearch passes for": {
			v1Inside("elasticsearch", noMetrics), nil, StorageOpenSearch, StatusOK, codeStorageKind, "Jaeger keeps spans in elasticsearch",
		},
		"1, OpenSearch, and Cassandra is meant": {
			v1Inside("opensearch", noMetrics), nil, StorageCassandra, StatusWarn, codeStorageOther, "Jaeger keeps spans in opensearch, and not in cassandra",
		},
		"2, memory": {nil, answer(200, "", metricsV2), "", StatusOK, codeStorageMemory, "Jaeger keeps spans in memory: they are gone when it restarts"},
		"2, not the one that is meant": {
			nil, answer(200, "", metricsV2), StorageElasticsearch, StatusWarn, codeStorageOther, "Jaeger keeps spans in memory, and not in elasticsearch",
		},
		"closed": {nil, nil, "", StatusSkip, codeStorageUnknown, "Jaeger's ports 14269 and 8888 do not tell where it keeps spans"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := insideJaeger(t, tt.one, tt.two)
			target.Storage.Kind = tt.wants
			f, _ := examine(t, storageKind(), target, nil)
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
		status  Status
		code    Code
		fact    string
		counter []string
	}{
		"rejected": {
			after: metricsV1("4", "0", "1"), status: StatusFail, code: codeStorageRejects,
			fact:    "Jaeger's storage rejected 1 spans or bulks while the canary was under way",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after", "spans or bulks that the storage rejected: 0 before, 1 after"},
		},
		"received": {
			after: metricsV1("4", "0", "0"), status: StatusFail, code: codeStorageReceived,
			fact:    "Jaeger received the 2 spans that this check sent and shows none of them: they are lost behind the collector",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after"},
		},
		"received, and a probe of the storage names the cause": {
			after: metricsV1("4", "0", "0"), cause: idESWrites, status: StatusOK, code: codeStorageReceived,
			fact: "Jaeger received the 2 spans that this check sent and shows none of them: they are lost behind the collector; " +
				"es-writable found the reason",
			counter: []string{"spans of otdemo-check received: 2 before, 4 after"},
		},
		"one of two": {
			after: metricsV1("3", "0", "0"), status: StatusFail, code: codeStorageNotReceived,
			fact:    "the collector at 127.0.0.1:14269 counted 1 of the 2 spans that this check sent: those missing were lost before it or went elsewhere",
			counter: []string{"spans of otdemo-check received: 2 before, 3 after"},
		},
		"nothing": {
			after: metricsV1("2", "0", "0"), status: StatusFail, code: codeStorageNotReceived,
			fact:    "the collector at 127.0.0.1:14269 counted none of the 2 spans that this check sent: those missing were lost before it or went elsewhere",
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
			_, env := examine(t, storageKind(), target, nil)
			earlier := map[string]outcome{
				idStorageKind: {learned: env.learned},
				idCanary: {
					finding: Finding{Status: StatusFail, Code: codeCanaryLost},
					learned: lostCanary{spans: make([]sentRecord, 2), after: lookInside(t.Context(), env, "127.0.0.1")},
				},
			}
			if tt.cause != "" {
				earlier[tt.cause] = outcome{finding: Finding{Status: StatusFail}}
			}
			f, _ := examine(t, storageCounters(ids(storageProbes())), target, earlier)
			if f.Status != tt.status || f.Code != tt.code || f.Fact != tt.fact {
				t.Errorf("got %s %s %q, want %s %s %q", f.Status, f.Code, f.Fact, tt.status, tt.code, tt.fact)
			}
			if got, want := f.Explains, map[bool]string{true: idCanary}[tt.status == StatusFail]; got != want {
				t.Errorf("explains %q, want %q", got, want)
			}
			want := []string{"this check sent 2 spans until the counters were read, of which 0 were read back"}
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
func ended(id string, hop Hop, status Status, code Code) Probe {
	return Probe{ID: id, Hop: hop, Title: id, Codes: []Code{code}, Run: func(_ context.Context, env *Env) Finding {
		if id == idCanary && status == StatusOK {
			env.learn(delivery{})
		}
		return found(status, code, "%s is %s", id, code)
	}}
}

// The storage is one more way to look at the same fault: it decides what the
// verdict names, never whether spans arrive.
func TestStorageAndTheVerdict(t *testing.T) {
	t.Parallel()
	refuses := serve(t, answer(401, "", securityException)).URL
	closed := closedAddr(t)
	tests := map[string]struct {
		url    string
		before []Probe
		status Status
		answer Answer
		probe  string
	}{
		"spans arrive all the same": {
			refuses, []Probe{ended(idCanary, HopDelivery, StatusOK, codeCanaryDelivered)}, StatusWarn, AnswerYes, idCanary,
		},
		"Jaeger did not start for it": {
			refuses, []Probe{ended(idUDP, HopNetwork, StatusFail, codeUDPRefused)}, StatusFail, AnswerNo, idES,
		},
		"the canary was lost in it": {
			"http://" + closed, []Probe{ended(idCanary, HopDelivery, StatusFail, codeCanaryLost)}, StatusFail, AnswerNo, idES,
		},
		"the name resolves for Jaeger only": {
			"http://no-such-host.invalid:9200", []Probe{ended(idUDP, HopNetwork, StatusFail, codeUDPRefused)}, StatusFail, AnswerNo, idUDP,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := run(t.Context(), append(tt.before, esProbe()), atES(t, tt.url), Options{})
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
	slow := Probe{ID: "slow", Hop: HopDelivery, Title: "slow", Run: func(ctx context.Context, _ *Env) Finding {
		select {
		case <-started:
			return found(StatusOK, "fine", "the other one has started")
		case <-ctx.Done():
			return found(StatusFail, "late", "the other one waits")
		}
	}}
	settled := Probe{
		ID: "settled", Hop: HopStorage, Title: "settled", Beside: []string{"slow"},
		Run: func(context.Context, *Env) Finding {
			close(started)
			return found(StatusFail, "bad", "bad")
		},
		Settle: func(env *Env, f Finding) Finding {
			if env.passed("slow") {
				f.Status = StatusWarn
			}
			return f
		},
	}
	report := runFakes(t, Options{}, slow, settled)
	if got, want := strings.Join(lines(report.Findings), ", "), "slow ok fine, settled warn bad"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStorageValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		storage Storage
		want    string
	}{
		"none":             {Storage{}, ""},
		"elasticsearch":    {Storage{Kind: StorageElasticsearch, ESURLs: []string{"http://es:9200"}}, ""},
		"without a URL":    {Storage{Kind: StorageElasticsearch}, "--storage elasticsearch needs --es-url"},
		"without a host":   {Storage{Kind: StorageCassandra}, "--storage cassandra needs --cassandra-hosts"},
		"opensearch":       {Storage{Kind: "opensearch", ESURLs: []string{"http://os:9200"}}, ""},
		"an unknown thing": {Storage{Kind: "badger"}, `--storage must be elasticsearch, opensearch or cassandra, got "badger"`},

		"opensearch without a URL": {Storage{Kind: "opensearch"}, "--storage opensearch needs --es-url"},
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
