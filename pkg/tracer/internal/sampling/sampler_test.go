package sampling_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
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
		cfg := testkit.UDPConfig(testkit.NewSink(t, 0).Port())
		cfg.Sampler.Type, cfg.Sampler.Param = test.kind, test.param
		tr, _ := tracertest.New(t, cfg)
		testkit.MakeSpans(tr, 1000)
		s := tr.Stats()
		if s.Sampled < test.least || s.Sampled > test.most || s.Sampled+s.NotSampled != 1000 || s.Finished != s.Sampled {
			t.Errorf("%s %v: got %+v, want %d to %d sampled", test.kind, test.param, s, test.least, test.most)
		}
	}
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
		server, asked := testkit.StrategyServer(t, http.StatusOK, body)
		tr, l := tracertest.New(t, testkit.RemoteConfig(t, server.URL))
		testkit.MakeSpans(tr, 10)
		if s := tr.Stats(); s.Sampled != 10 || asked.Load() != 1 {
			t.Errorf("%s: got %+v after %d questions", body, s, asked.Load())
		}
		l.Want(t, "level=INFO", `msg="sampling strategy changed"`)
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
		{"too long", 200, strings.Repeat(" ", sampling.StrategyBytes) + "{}", []string{"longer than 65536 bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, _ := testkit.StrategyServer(t, test.status, test.body)
			tr, l := tracertest.New(t, testkit.RemoteConfig(t, server.URL))
			testkit.MakeSpans(tr, 10)
			if s := tr.Stats(); s.NotSampled != 10 {
				t.Errorf("got %+v, want the initial rate 0", s)
			}
			l.Want(t, append(test.want, "level=WARN", `msg="sampling strategy not updated"`, server.URL)...)
			if strings.Contains(l.String(), "hunter2") || strings.Contains(l.String(), "joe") {
				t.Errorf("the log shows the user info:\n%s", l)
			}
		})
	}
}

func TestRemoteSamplerUnreachable(t *testing.T) {
	t.Parallel()
	server, _ := testkit.StrategyServer(t, 200, "{}")
	server.Close()
	cfg := testkit.RemoteConfig(t, server.URL)
	cfg.Sampler.Param = 1
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 10)
	if s := tr.Stats(); s.Sampled != 10 {
		t.Errorf("got %+v, want the initial rate 1", s)
	}
	l.Want(t, "level=WARN", "sampling strategy not updated", "connection refused", server.URL)
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
	cfg := testkit.RemoteConfig(t, server.URL)
	cfg.Sampler.RefreshInterval = 10 * time.Millisecond
	start := time.Now()
	tr, l := tracertest.New(t, cfg)
	if took := time.Since(start); took < sampling.StrategyTimeout || took > 2*sampling.StrategyTimeout {
		t.Errorf("New took %v, want a little more than %v", took, sampling.StrategyTimeout)
	}
	l.Want(t, "level=WARN", "sampling strategy not updated", "deadline exceeded")
	testkit.Eventually(t, "the next question", func() bool { return asked.Load() > 1 })
	start = time.Now()
	testkit.CloseTracer(t, tr)
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
	cfg := testkit.RemoteConfig(t, server.URL)
	cfg.Sampler.RefreshInterval = 5 * time.Millisecond
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 1)
	rate.Store("1")
	testkit.Eventually(t, "a sampled span", func() bool { testkit.MakeSpans(tr, 1); return tr.Stats().Sampled > 0 })
	if got := strings.Count(l.String(), "sampling strategy changed"); got != 2 {
		t.Errorf("got %d changes in the log, want 2:\n%s", got, l)
	}
}
