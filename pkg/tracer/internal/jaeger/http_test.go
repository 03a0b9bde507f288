package jaeger_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opentracing/opentracing-go/log"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/jaeger"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

func httpConfig(url string) config.Config {
	cfg := testkit.UDPConfig(1)
	cfg.Reporter.Collector = config.Collector{Endpoint: url, User: "joe", Password: "hunter2"}
	return cfg
}

func TestHTTPStatuses(t *testing.T) {
	t.Parallel()
	html := func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>Jaeger UI</title>")
	}
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request, int)
		want   reporter.Stats
		tries  int
		log    []string
	}{
		{name: "202", answer: jaeger.Status(202), want: reporter.Stats{Sent: 3}, tries: 1},
		{name: "200", answer: jaeger.Status(200), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"answered 200 OK instead of 202", "the reason"}},
		{name: "200 html", answer: html, want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"web page (wrong port?)", "Jaeger UI"}},
		{name: "301", answer: jaeger.Status(301), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"redirect", "http://elsewhere.test/"}},
		{name: "307", answer: jaeger.Status(307), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"redirect", "not followed"}},
		{name: "400", answer: jaeger.Status(400), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"400 Bad Request", "the reason"}},
		{name: "401", answer: jaeger.Status(401), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"401 Unauthorized"}},
		{name: "404", answer: jaeger.Status(404), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"404 Not Found"}},
		{name: "415", answer: jaeger.Status(415), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"415 Unsupported Media Type"}},
		{name: "500 then 202", answer: jaeger.Status(500, 202), want: reporter.Stats{Sent: 3}, tries: 2},
		{name: "408 and 429 then 202", answer: jaeger.Status(408, 429, 202), want: reporter.Stats{Sent: 3}, tries: 3},
		{name: "503 for ever", answer: jaeger.Status(503), want: reporter.Stats{Failed: 3}, tries: 1 + reporter.ClosingTries, log: []string{"503 Service Unavailable", "the reason"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := jaeger.NewCollector(t, test.answer)
			cfg := httpConfig(c.URL + "/api/traces?format=jaeger.thrift")
			cfg.Reporter.FlushInterval = time.Hour // so that Close is what sends
			tr, l := tracertest.New(t, cfg)
			testkit.MakeSpans(tr, 3)
			testkit.CloseTracer(t, tr)

			want := test.want
			want.Started, want.Sampled, want.Finished = 3, 3, 3
			if diff := cmp.Diff(want, tr.Stats()); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
			if c.Count() != test.tries {
				t.Errorf("got %d requests, want %d", c.Count(), test.tries)
			}
			if len(test.log) > 0 {
				l.Want(t, append(test.log, "level=WARN", `msg="spans not accepted"`, "spans=3", `url="`+c.URL)...)
			}
			for _, secret := range []string{"hunter2", "joe", "secret"} {
				if strings.Contains(l.String(), secret) {
					t.Errorf("the log shows %q:\n%s", secret, l)
				}
			}
		})
	}
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	c := jaeger.NewCollector(t, jaeger.Status(202))
	cfg := httpConfig(strings.Replace(c.URL, "http://", "http://ann:s3cret@", 1) + "/api/traces?format=jaeger.thrift")
	cfg.Reporter.Collector.User, cfg.Reporter.Collector.Password = "", ""
	tr, _ := tracertest.New(t, cfg)
	if want := c.URL + "/api/traces?format=jaeger.thrift"; tr.Target() != want {
		t.Errorf("target: got %q, want %q", tr.Target(), want)
	}
	testkit.MakeSpans(tr, 250)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Sent != 250 {
		t.Errorf("got %+v, want 250 sent", s)
	}
	if len(c.Errs) > 0 {
		t.Fatalf("a body does not decode: %v", c.Errs[0])
	}
	got := map[int64]bool{}
	for i, batch := range c.Batches {
		if len(batch.Spans) > httpsend.BatchSpans || batch.GetSeqNo() != int64(i+1) || batch.Stats == nil ||
			batch.Process.ServiceName != "shop" {
			t.Errorf("batch %d: %d spans, seqNo %d, stats %v, service %q", i, len(batch.Spans),
				batch.GetSeqNo(), batch.Stats, batch.Process.ServiceName)
		}
		for _, span := range batch.Spans {
			got[span.SpanId] = true
		}
	}
	if len(got) != 250 {
		t.Errorf("got %d different spans, want 250", len(got))
	}
	r := c.Requests[0]
	user, password, _ := r.BasicAuth()
	if r.Method != http.MethodPost || r.RequestURI != "/api/traces?format=jaeger.thrift" ||
		r.Header.Get("Content-Type") != "application/x-thrift" || user != "ann" || password != "s3cret" {
		t.Errorf("got %s %s %q, user %q", r.Method, r.RequestURI, r.Header.Get("Content-Type"), user)
	}
}

func TestHTTPLargeSpans(t *testing.T) {
	t.Parallel()
	c := jaeger.NewCollector(t, jaeger.Status(202))
	tr, l := tracertest.New(t, httpConfig(c.URL))
	for _, size := range []int{600_000, 600_000, 200_000, 2 << 20, 17 << 20} {
		span := tr.StartSpan("large")
		span.LogFields(log.String("payload", strings.Repeat("x", size)))
		span.Finish()
	}
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.Sent != 4 || s.TooLarge != 1 {
		t.Errorf("got %+v, want 4 sent and 1 too large", s)
	}
	l.Want(t, "level=WARN", "span too large for a request", "operation=large")
	var got []int
	for _, batch := range c.Batches {
		for _, span := range batch.Spans {
			got = append(got, len(span.Logs[0].Fields[0].GetVStr()))
		}
	}
	if d := cmp.Diff([]int{600_000, 600_000, 200_000, 2 << 20}, got); d != "" || len(c.Errs) > 0 {
		t.Errorf("payloads (-want +got), errors %v:\n%s", c.Errs, d)
	}
}

// A collector that is not there yet gets the spans when it is.
func TestHTTPConnectionRefusedThenUp(t *testing.T) {
	t.Parallel()
	c := &jaeger.Collector{Answer: jaeger.Status(202)}
	c.Server = httptest.NewUnstartedServer(c)
	address := c.Listener.Addr().String()
	_ = c.Listener.Close()
	tr, _ := tracertest.New(t, httpConfig("http://"+address))
	testkit.MakeSpans(tr, 3)
	testkit.Eventually(t, "the batch", func() bool { return tr.Stats().Queued == 3 })

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	c.Listener = listener
	c.Start()
	t.Cleanup(c.Close)
	testkit.Eventually(t, "sent", func() bool { return tr.Stats().Sent == 3 })
}

// A server that never answers does not hold Close beyond its deadline, and the
// error and the counts name what was left.
func TestCloseDeadline(t *testing.T) {
	t.Parallel()
	c := jaeger.NewCollector(t, func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() })
	cfg := httpConfig(c.URL)
	cfg.Reporter.QueueSize = 50
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 1)
	testkit.Eventually(t, "a request", func() bool { return c.Count() == 1 })
	testkit.MakeSpans(tr, 99)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := tr.Close(ctx)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close took %v", took)
	}
	var ce *reporter.CloseError
	if !errors.As(err, &ce) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got error %v, want a CloseError for the deadline", err)
	}
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Dropped != 49 || s.Failed != 51 || ce.Left != 51 || s.Queued != 0 {
		t.Errorf("got %+v and %d left, want 49 dropped, 51 failed and left", s, ce.Left)
	}
	if want := "51 spans were not delivered"; !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want it to say %q", err, want)
	}
	l.Want(t, "level=WARN", `msg="spans dropped: queue full"`, "dropped=", "queue_size=50")
	if err := tr.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}
	testkit.MakeSpans(tr, 5)
	after := tr.Stats()
	testkit.CheckBalance(t, after)
	if after.AfterClose != 5 || after.Finished != 105 || after.Lost() != 105 {
		t.Errorf("after Close: %+v, want 5 more, all lost", after)
	}
}

func TestErrorsHideUserInfo(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"http://joe:hunter2@host:port/", "joe:hunter2@host", "ftp://joe:hunter2@host/", "http://joe:hunter2@/",
		"http://joe:hunter2@ho st/", "http://joe:hunt%zz2@host/", "//joe:hunter2@host",
	} {
		_, err := tracer.New(httpConfig(url), tracer.Options{})
		if err == nil {
			t.Errorf("%s: no error", url)
			continue
		}
		for _, secret := range []string{"hunter2", "hunt%zz2", "joe"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows it: %v", url, err)
			}
		}
		if !strings.HasPrefix(err.Error(), "reporter.collector.endpoint ") {
			t.Errorf("%s: the error does not name the key: %v", url, err)
		}
	}
}
