package tracer_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/opentracing/opentracing-go/mocktracer"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

func TestNewErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"tracer", func(c *config.Config) { c.Tracer = "lightstep" }, `tracer must be jaeger, zipkin, appdash, otel or noop, got "lightstep"`},
		{"service", func(c *config.Config) { c.Service = "" }, "service must not be empty"},
		{"queue", func(c *config.Config) { c.Reporter.QueueSize = 0 }, "reporter.queue_size must be at least 1, got 0"},
		{"flush", func(c *config.Config) { c.Reporter.FlushInterval = 0 }, "reporter.flush_interval must be positive, got 0s"},
		{"port", func(c *config.Config) { c.Reporter.Agent.Port = 0 }, "reporter.agent.port must be between 1 and 65535, got 0"},
		{"propagation", func(c *config.Config) { c.Propagation = []string{"jaeger", "xray"} }, `propagation must be any of jaeger, w3c, b3, b3-single, appdash, got "xray"`},
		{"sampler", func(c *config.Config) { c.Sampler.Type = "always" }, `sampler.type must be const, probabilistic, ratelimiting or remote with tracer jaeger, got "always"`},
		{"const", func(c *config.Config) { c.Sampler.Param = 100 }, "sampler.param must be 0 or 1 for const, got 100"},
		{"probabilistic", func(c *config.Config) { c.Sampler = config.Sampler{Type: "probabilistic", Param: 100} }, "sampler.param must be between 0 and 1 for probabilistic, got 100"},
		{"ratelimiting", func(c *config.Config) { c.Sampler = config.Sampler{Type: "ratelimiting", Param: -1} }, "sampler.param must not be negative for ratelimiting, got -1"},
		{"remote", func(c *config.Config) { c.Sampler = config.Sampler{Type: "remote", Endpoint: "localhost:5778"} }, `sampler.endpoint must start with http:// or https:// and a host, got "localhost:5778"`},
	} {
		cfg := testkit.UDPConfig(6831)
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

func TestUnknownTracerHasHint(t *testing.T) {
	t.Parallel()
	cfg := testkit.UDPConfig(6831)
	cfg.Tracer = "lightstep"
	_, err := tracer.New(cfg, tracer.Options{})
	var h interface{ Hint() string }
	if !errors.As(err, &h) || h.Hint() == "" {
		t.Errorf("got %v, want an error with a hint", err)
	}
}

func TestNoop(t *testing.T) {
	t.Parallel()
	disabled := testkit.UDPConfig(6831)
	disabled.Disabled = true
	noop := testkit.UDPConfig(6831)
	noop.Tracer = "noop"
	for _, cfg := range []config.Config{disabled, noop} {
		tr, _ := tracertest.New(t, cfg)
		span := tr.StartSpan("work")
		span.Finish()
		id, sampled := tr.TraceID(span.Context())
		if id != "" || sampled || tr.Target() != "" || tr.Service() != "shop" || tr.Stats() != (reporter.Stats{}) {
			t.Errorf("got id %q, sampled %v, target %q, service %q, %+v", id, sampled, tr.Target(), tr.Service(), tr.Stats())
		}
	}
}

func TestTraceID(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	cfg := testkit.UDPConfig(agent.Port())
	cfg.TraceID128Bit = true
	tr, _ := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	id, sampled := tr.TraceID(span.Context())
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || !sampled {
		t.Errorf("128 bits: got %q, %v", id, sampled)
	}
	header := opentracing.TextMapCarrier{}
	if err := tr.Inject(span.Context(), opentracing.TextMap, header); err != nil {
		t.Fatal(err)
	}
	if got := header["uber-trace-id"]; !strings.HasPrefix(got, id+":") {
		t.Errorf("got header %q, want it to begin with %s", got, id)
	}
	span.Finish()
	testkit.CloseTracer(t, tr)
	testkit.Eventually(t, "the span", func() bool { return len(agent.Received()) == 1 })
	if agent.Received()[0].Batch.Spans[0].TraceIdHigh == 0 {
		t.Error("the span was sent with 64 bits")
	}

	foreign := mocktracer.New().StartSpan("work").Context()
	baggageOnly, err := tr.Extract(opentracing.TextMap, opentracing.TextMapCarrier{"jaeger-baggage": "a=b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range []opentracing.SpanContext{nil, foreign, baggageOnly} {
		if id, sampled := tr.TraceID(sc); id != "" || sampled {
			t.Errorf("context %v: got %q, %v", sc, id, sampled)
		}
	}
}

func TestProcess(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	cfg := testkit.UDPConfig(agent.Port())
	cfg.Service = ""
	cfg.Tags = []config.Tag{{Name: "region", Value: "north"}, {Name: "build", Value: "7"}}
	tr, err := tracer.New(cfg, tracer.Options{Service: "otdemo-client"})
	if err != nil {
		t.Fatal(err)
	}
	testkit.MakeSpans(tr, 1)
	testkit.CloseTracer(t, tr)
	testkit.Eventually(t, "the span", func() bool { return len(agent.Received()) == 1 })
	process := agent.Received()[0].Batch.Process
	tags := map[string]string{}
	for _, tag := range process.Tags {
		tags[tag.Key] = tag.GetVStr()
	}
	if process.ServiceName != "otdemo-client" || tr.Service() != "otdemo-client" ||
		tags["region"] != "north" || tags["build"] != "7" || tags["client-uuid"] == "" {
		t.Errorf("got service %q, tags %v", process.ServiceName, tags)
	}
}

func TestLogSpans(t *testing.T) {
	t.Parallel()
	cfg := testkit.UDPConfig(testkit.NewSink(t, 0).Port())
	cfg.Reporter.LogSpans = true
	tr, l := tracertest.New(t, cfg)
	span := tr.StartSpan("work")
	span.Finish()
	id, _ := tr.TraceID(span.Context())
	l.Want(t, "level=INFO", `msg="span finished"`, "operation=work", "trace_id="+id)
}

// A span that is sampled no more when it ends is not handed to the reporter.
func TestStatsCountSampling(t *testing.T) {
	t.Parallel()
	cfg := testkit.UDPConfig(testkit.NewSink(t, 0).Port())
	tr, _ := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 2)
	span := tr.StartSpan("uninteresting")
	ext.SamplingPriority.Set(span, 0)
	span.Finish()
	cfg.Sampler.Param = 0
	off, _ := tracertest.New(t, cfg)
	testkit.MakeSpans(off, 4)
	testkit.CloseTracer(t, tr)
	if got, want := tr.Stats(), (reporter.Stats{Started: 3, Sampled: 3, Finished: 2, Sent: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := off.Stats(), (reporter.Stats{Started: 4, NotSampled: 4}); got != want {
		t.Errorf("const 0: got %+v, want %+v", got, want)
	}
}

// Spans that end while the tracer is being closed are sent or counted late.
func TestReportDuringClose(t *testing.T) {
	t.Parallel()
	for range 20 {
		agent := testkit.NewSink(t, 0)
		tr, _ := tracertest.New(t, testkit.UDPConfig(agent.Port()))
		started := make(chan struct{}, 4)
		var wg sync.WaitGroup
		for range cap(started) {
			wg.Go(func() {
				for i := range 500 {
					tr.StartSpan("work").Finish()
					if i == 20 {
						started <- struct{}{}
					}
				}
			})
		}
		<-started
		testkit.CloseTracer(t, tr)
		wg.Wait()
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if s.Finished != 2000 || s.Queued != 0 || s.Sent < 20 {
			t.Fatalf("got %+v", s)
		}
	}
}

// A lazy log field runs in our goroutine; its panic costs one span.
func TestPanickingField(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	tr, l := tracertest.New(t, testkit.UDPConfig(agent.Port()))
	span := tr.StartSpan("work")
	span.LogFields(log.Lazy(func(log.Encoder) { panic("oops") }))
	span.Finish()
	testkit.MakeSpans(tr, 2)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Failed != 1 || s.Sent != 2 {
		t.Errorf("got %+v, want 1 failed and 2 sent", s)
	}
	l.Want(t, "level=WARN", "spans not sent", "panicked: oops")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	factory := &counters{counts: map[string]*testkit.Counter{}}
	tr, err := tracer.New(testkit.UDPConfig(testkit.ClosedPort(t)), tracer.Options{Metrics: factory})
	if err != nil {
		t.Fatal(err)
	}
	testkit.MakeSpans(tr, 3)
	server := tr.StartSpan("serve", ext.SpanKindRPCServer)
	server.Finish()
	testkit.CloseTracer(t, tr)
	testkit.MakeSpans(tr, 1)
	for name, want := range map[string]int64{
		"jaeger.tracer.started_spans sampled=y":                           5,
		"jaeger.tracer.reporter_spans result=err":                         4,
		"jaeger.tracer.reporter_spans result=ok":                          0,
		"jaeger.tracer.reporter_spans result=dropped":                     1,
		"jaeger-rpc.requests component=jaeger endpoint=serve error=false": 1,
	} {
		if got := factory.count(name); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

var _ metrics.Factory = (*counters)(nil)
