package tracer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
)

func TestLocalSamplers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind        string
		param       float64
		least, most int64
	}{
		{config.SamplerConst, 0, 0, 0},
		{config.SamplerConst, 1, 1000, 1000},
		{config.SamplerProbabilistic, 0, 0, 0},
		{config.SamplerProbabilistic, 0.5, 350, 650},
		{config.SamplerProbabilistic, 1, 1000, 1000},
		{config.SamplerRateLimiting, 5, 5, 50},
	} {
		cfg := udpConfig(newSink(t, 0).port())
		cfg.Sampler.Type, cfg.Sampler.Param = test.kind, test.param
		tr, _ := newTracer(t, cfg)
		makeSpans(tr, 1000)
		s := tr.Stats()
		if s.Sampled < test.least || s.Sampled > test.most || s.Sampled+s.NotSampled != 1000 || s.Finished != s.Sampled {
			t.Errorf("%s %v: got %+v, want %d to %d sampled", test.kind, test.param, s, test.least, test.most)
		}
	}
}

// strategyServer answers with body, and counts the questions.
func strategyServer(t *testing.T, status int, body string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Query().Get("service") != "shop" || r.URL.Query().Get("zone") != "a" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func remoteConfig(t *testing.T, server string) config.Config {
	t.Helper()
	cfg := udpConfig(newSink(t, 0).port())
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("joe", "hunter2")
	u.Path, u.RawQuery = "/sampling", "zone=a"
	cfg.Sampler.Type, cfg.Sampler.Param, cfg.Sampler.Endpoint = config.SamplerRemote, 0, u.String()
	return cfg
}

// The strategy holds from the first span on, in each form that Jaegers answer.
func TestRemoteSampler(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}`,
		`{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`,
		`{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":1000}}`,
		`{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":1000}}`,
		`{"strategyType":0,"operationSampling":{"defaultSamplingProbability":0,"defaultLowerBoundTracesPerSecond":0,` +
			`"perOperationStrategies":[{"operation":"work","probabilisticSampling":{"samplingRate":1}}]}}`,
	} {
		server, asked := strategyServer(t, http.StatusOK, body)
		tr, l := newTracer(t, remoteConfig(t, server.URL))
		makeSpans(tr, 10)
		if s := tr.Stats(); s.Sampled != 10 || asked.Load() != 1 {
			t.Errorf("%s: got %+v after %d questions", body, s, asked.Load())
		}
		l.want(t, "level=INFO", `msg="sampling strategy changed"`)
		if strings.Contains(l.String(), "WARN") || strings.Contains(l.String(), "hunter2") {
			t.Errorf("%s: log:\n%s", body, l)
		}
	}
}

func TestRemoteSamplerFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{"html", 200, "<!doctype html><title>Jaeger UI</title>", []string{"web page", "Jaeger UI"}},
		{"empty object", 200, "{}", []string{"no strategy"}},
		{"not json", 200, "hello", []string{"not a strategy", "hello"}},
		{"rate 2", 200, `{"probabilisticSampling":{"samplingRate":2}}`, []string{"between 0 and 1, got 2"}},
		{"unknown type", 200, `{"strategyType":7,"probabilisticSampling":{"samplingRate":1}}`, []string{"must be 0 or 1, got 7"}},
		{"unknown name", 200, `{"strategyType":"SOME","probabilisticSampling":{"samplingRate":1}}`, []string{"PROBABILISTIC or RATE_LIMITING"}},
		{"operation without rate", 200, `{"operationSampling":{"perOperationStrategies":[{"operation":"work"}]}}`, []string{"no probabilisticSampling"}},
		{"404", 404, "nothing here", []string{"404 Not Found", "nothing here"}},
		{"too long", 200, strings.Repeat(" ", strategyBytes) + "{}", []string{"longer than 65536 bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, _ := strategyServer(t, test.status, test.body)
			tr, l := newTracer(t, remoteConfig(t, server.URL))
			makeSpans(tr, 10)
			if s := tr.Stats(); s.NotSampled != 10 {
				t.Errorf("got %+v, want the initial rate 0", s)
			}
			l.want(t, append(test.want, "level=WARN", `msg="sampling strategy not updated"`, server.URL)...)
			if strings.Contains(l.String(), "hunter2") || strings.Contains(l.String(), "joe") {
				t.Errorf("the log shows the user info:\n%s", l)
			}
		})
	}
}

func TestRemoteSamplerUnreachable(t *testing.T) {
	t.Parallel()
	server, _ := strategyServer(t, 200, "{}")
	server.Close()
	cfg := remoteConfig(t, server.URL)
	cfg.Sampler.Param = 1
	tr, l := newTracer(t, cfg)
	makeSpans(tr, 10)
	if s := tr.Stats(); s.Sampled != 10 {
		t.Errorf("got %+v, want the initial rate 1", s)
	}
	l.want(t, "level=WARN", "sampling strategy not updated", "connection refused", server.URL)
}

// A server that never answers delays New for the timeout only, and Close not.
func TestRemoteSamplerHangs(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	cfg := remoteConfig(t, server.URL)
	cfg.Sampler.RefreshInterval = 10 * time.Millisecond
	start := time.Now()
	tr, l := newTracer(t, cfg)
	if took := time.Since(start); took < strategyTimeout || took > 2*strategyTimeout {
		t.Errorf("New took %v, want a little more than %v", took, strategyTimeout)
	}
	l.want(t, "level=WARN", "sampling strategy not updated", "deadline exceeded")
	eventually(t, "the next question", func() bool { return asked.Load() > 1 })
	start = time.Now()
	closeTracer(t, tr)
	if took := time.Since(start); took > time.Second {
		t.Errorf("Close took %v", took)
	}
}

func TestRemoteSamplerRefreshes(t *testing.T) {
	t.Parallel()
	var rate atomic.Value
	rate.Store("0")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"strategyType":0,"probabilisticSampling":{"samplingRate":`+rate.Load().(string)+`}}`)
	}))
	t.Cleanup(server.Close)
	cfg := remoteConfig(t, server.URL)
	cfg.Sampler.RefreshInterval = 5 * time.Millisecond
	tr, l := newTracer(t, cfg)
	makeSpans(tr, 1)
	rate.Store("1")
	eventually(t, "a sampled span", func() bool { makeSpans(tr, 1); return tr.Stats().Sampled > 0 })
	if got := strings.Count(l.String(), "sampling strategy changed"); got != 2 {
		t.Errorf("got %d changes in the log, want 2:\n%s", got, l)
	}
}

func TestParseStrategy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body    string
		text    string
		numeric bool
		client  bool // jaeger-client-go can use it
	}{
		{`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}`, "probabilistic 0.001", false, true},
		{`{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`, "probabilistic 1", true, false},
		{`{"strategyType":null,"probabilisticSampling":{"samplingRate":1}}`, "probabilistic 1", false, true},
		{`{"probabilisticSampling":{"samplingRate":0}}`, "probabilistic 0", false, true},
		{`{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":3}}`, "ratelimiting 3/s", true, false},
		{
			`{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1},"operationSampling":` +
				`{"defaultSamplingProbability":0.2,"perOperationStrategies":[{"operation":"a","probabilisticSampling":{"samplingRate":1}}]}}`,
			"per operation, default 0.2, 1 operation", false, true,
		},
	} {
		s, err := ParseStrategy([]byte(test.body))
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		if s.String() != test.text || s.Numeric != test.numeric || (s.ClientError == nil) != test.client {
			t.Errorf("%s: got %q, numeric %v, client error %v", test.body, s, s.Numeric, s.ClientError)
		}
	}
}

// FuzzParseStrategy: no answer makes the sampler panic.
func FuzzParseStrategy(f *testing.F) {
	f.Add([]byte(`{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`))
	f.Add([]byte(`{"operationSampling":{"perOperationStrategies":[null]}}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := ParseStrategy(body)
		if err == nil && (s.response == nil || s.Rate < 0 || s.Rate > 1) {
			t.Errorf("accepted %q as %+v", body, s)
		}
	})
}
