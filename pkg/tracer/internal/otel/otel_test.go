package otel_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/mocktracer"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

func TestOTelErrors(t *testing.T) {
	t.Parallel()
	endpoint := func(url string) func(*config.Config) {
		return func(c *config.Config) { c.Reporter.Collector.Endpoint = url }
	}
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"service", func(c *config.Config) { c.Service = "" }, "service must not be empty"},
		{"queue", func(c *config.Config) { c.Reporter.QueueSize = 0 }, "reporter.queue_size must be at least 1, got 0"},
		{"flush", func(c *config.Config) { c.Reporter.FlushInterval = 0 }, "reporter.flush_interval must be positive, got 0s"},
		{"scheme", endpoint("udp://joe:hunter2@h:1"), `reporter.collector.endpoint must start with http://, https://, grpc:// or grpcs:// and a host, got "udp://h:1"`},
		{"query", endpoint("http://h/v1/traces?a=b"), `reporter.collector.endpoint must have no query with tracer otel, which would not send it, got "http://h/v1/traces?a=b"`},
		{"grpc path", endpoint("grpc://h:4317/v1/traces"), `reporter.collector.endpoint must have no path with grpc, got "grpc://h:4317/v1/traces"`},
		{"grpc port", endpoint("grpcs://h"), `reporter.collector.endpoint must have a port with grpcs, got "grpcs://h"`},
		{"sampler", func(c *config.Config) { c.Sampler.Type = "always" }, `sampler.type must be const, probabilistic or remote with tracer otel, got "always"`},
		{"const", func(c *config.Config) { c.Sampler.Param = 0.5 }, "sampler.param must be 0 or 1 for const, got 0.5"},
		{"ratio", func(c *config.Config) { c.Sampler = config.Sampler{Type: "probabilistic", Param: 2} }, "sampler.param must be between 0 and 1 for probabilistic, got 2"},
		{"ratelimiting", func(c *config.Config) { c.Sampler.Type = "ratelimiting" }, "sampler.type must be const, probabilistic or remote with tracer otel, got \"ratelimiting\""},
		{"remote", func(c *config.Config) { c.Sampler.Type, c.Sampler.Endpoint = "remote", "localhost" }, `sampler.endpoint must start with http:// or https:// and a host, got "localhost"`},
		{"refresh", func(c *config.Config) { c.Sampler.Type, c.Sampler.RefreshInterval = "remote", 0 }, "sampler.refresh_interval must be positive, got 0s"},
	} {
		cfg := otel.OtelConfig("http://127.0.0.1:1/v1/traces")
		test.change(&cfg)
		tr, err := tracer.New(cfg, tracer.Options{})
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got error %v, want %s", test.name, err, test.want)
		}
		if tr != nil {
			t.Errorf("%s: got a tracer too", test.name)
		}
	}
}

func TestOTelTraceID(t *testing.T) {
	t.Parallel()
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	tr, _ := tracertest.New(t, otel.OtelConfig(strings.Replace(c.URL, "://", "://joe:hunter2@", 1)))
	span := tr.StartSpan("work")
	id, sampled := tr.TraceID(span.Context())
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || !sampled {
		t.Errorf("got %q, %v", id, sampled)
	}
	span.Finish()
	span.Finish() // OpenTelemetry forgives the second one
	if tr.Target() != c.URL || tr.Service() != "shop" {
		t.Errorf("got target %q, service %q", tr.Target(), tr.Service())
	}
	if id, sampled := tr.TraceID(mocktracer.New().StartSpan("work").Context()); id != "" || sampled {
		t.Errorf("another tracer's context: got %q, %v", id, sampled)
	}
	if id, sampled := tr.TraceID(nil); id != "" || sampled {
		t.Errorf("no context: got %q, %v", id, sampled)
	}
	testkit.CloseTracer(t, tr)
	testkit.MakeSpans(tr, 2)
	if got, want := tr.Stats(), (reporter.Stats{Started: 3, Sampled: 3, Finished: 3, Sent: 1, AfterClose: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOTelResource(t *testing.T) {
	t.Parallel()
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	cfg := otel.OtelConfig(c.URL)
	cfg.Tags = []config.Tag{{Name: "region", Value: "north"}, {Name: "service.name", Value: "not this"}}
	tr, _ := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 1)
	testkit.CloseTracer(t, tr)
	got := otel.TextOf(c.Requests[0].ResourceSpans[0].Resource.Attributes)
	for key, want := range map[string]string{"service.name": "shop", "region": "north", "telemetry.sdk.language": "go"} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	for _, key := range []string{"host.name", "process.pid", "process.runtime.version", "telemetry.sdk.version"} {
		if got[key] == "" {
			t.Errorf("%s is not there", key)
		}
	}
	if line := got["process.command_args"]; line != "" {
		t.Errorf("the command line is sent: %q", line)
	}
}

func TestOTelLogSpans(t *testing.T) {
	t.Parallel()
	cfg := otel.OtelConfig(otel.NewGRPCCollector(t, otel.Accept).URL)
	cfg.Reporter.LogSpans = true
	tr, l := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	span.Finish()
	id, _ := tr.TraceID(span.Context())
	l.Want(t, "level=INFO", `msg="span finished"`, "operation=work", "trace_id="+id)
}

func TestOTelSamplers(t *testing.T) {
	t.Parallel()
	server, asked := testkit.StrategyServer(t, http.StatusOK, `{"strategyType":0,"probabilisticSampling":{"samplingRate":1}}`)
	remote := testkit.RemoteConfig(t, server.URL).Sampler
	for _, test := range []struct {
		sampler     config.Sampler
		least, most int64
	}{
		{config.Sampler{Type: config.SamplerConst}, 0, 0},
		{config.Sampler{Type: config.SamplerConst, Param: 1}, 1000, 1000},
		{config.Sampler{Type: config.SamplerProbabilistic, Param: 0.5}, 350, 650},
		{remote, 1000, 1000},
	} {
		cfg := otel.OtelConfig(otel.NewHTTPCollector(t, otel.Protobuf(t, nil)).URL)
		cfg.Sampler = test.sampler
		tr, l := tracertest.New(t, cfg)
		testkit.MakeSpans(tr, 1000)
		testkit.CloseTracer(t, tr)
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if s.Sampled < test.least || s.Sampled > test.most || s.Sampled+s.NotSampled != 1000 || s.Sent != s.Sampled {
			t.Errorf("%s: got %+v, want %d to %d sampled", test.sampler.Type, s, test.least, test.most)
		}
		if test.sampler == remote {
			l.Want(t, "level=INFO", `msg="sampling strategy changed"`, "probabilistic 1")
		}
		if strings.Contains(l.String(), "WARN") || strings.Contains(l.String(), "hunter2") {
			t.Errorf("%s: log:\n%s", test.sampler.Type, l)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the strategy server was asked %d times, want once", n)
	}
}

// A child follows its parent, whatever the sampler says of new traces.
func TestOTelFollowsParent(t *testing.T) {
	t.Parallel()
	c := otel.NewHTTPCollector(t, otel.Protobuf(t, nil))
	cfg := otel.OtelConfig(c.URL)
	cfg.Sampler.Param = 0
	tr, _ := tracertest.New(t, cfg)
	extracted := extractW3C(t, tr, "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
	tr.StartSpan("kept", opentracing.ChildOf(extracted)).Finish()
	testkit.MakeSpans(tr, 1)
	testkit.CloseTracer(t, tr)
	if got, want := tr.Stats(), (reporter.Stats{Started: 2, Sampled: 1, NotSampled: 1, Finished: 1, Sent: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOTelRemoteSamplerFails(t *testing.T) {
	t.Parallel()
	server, asked := testkit.StrategyServer(t, http.StatusOK, "<!doctype html>")
	cfg := otel.OtelConfig("http://127.0.0.1:1/v1/traces")
	cfg.Sampler = testkit.RemoteConfig(t, server.URL).Sampler
	cfg.Sampler.RefreshInterval = 5 * time.Millisecond
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 10)
	if s := tr.Stats(); s.NotSampled != 10 {
		t.Errorf("got %+v, want the initial rate 0", s)
	}
	l.Want(t, "level=WARN", `msg="sampling strategy not updated"`, "web page", server.URL)
	testkit.Eventually(t, "the next question", func() bool { return asked.Load() > 2 })
}
