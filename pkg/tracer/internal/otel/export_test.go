package otel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/otel"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// answerText answers 200 with a body.
func answerText(contentType, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

// answerCodes answers with the statuses in turn, the last one for ever.
func answerCodes(codes ...int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, n int) {
		code := codes[min(n, len(codes))-1]
		w.Header().Set("Location", "http://user:secret@elsewhere.test/")
		w.WriteHeader(code)
		if code != http.StatusOK {
			_, _ = io.WriteString(w, "the reason")
		}
	}
}

func TestOTLPOverHTTP(t *testing.T) {
	t.Parallel()
	partial := func(n int64, msg string) func(http.ResponseWriter, *http.Request, int) {
		return otel.Protobuf(t, &coltracepb.ExportTracePartialSuccess{RejectedSpans: n, ErrorMessage: msg})
	}
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request, int)
		want   reporter.Stats
		tries  int
		log    []string
	}{
		{name: "protobuf", answer: otel.Protobuf(t, nil), want: reporter.Stats{Sent: 3}, tries: 1},
		{name: "empty", answer: answerCodes(200), want: reporter.Stats{Sent: 3}, tries: 1},
		{name: "json", answer: answerText("application/json", `{"partialSuccess":{}}`), want: reporter.Stats{Sent: 3}, tries: 1},
		{name: "partial", answer: partial(2, "too old"), want: reporter.Stats{Sent: 1, Failed: 2}, tries: 1, log: []string{"spans not accepted", "spans=2", "too old"}},
		{name: "partial json", answer: answerText("application/json", `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}`), want: reporter.Stats{Sent: 2, Failed: 1}, tries: 1, log: []string{"spans=1"}},
		{name: "partial nonsense", answer: partial(99, "all"), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"spans=3"}},
		{name: "warning", answer: partial(0, "slow down"), want: reporter.Stats{Sent: 3}, tries: 1, log: []string{"accepted with a warning", "slow down"}},
		{name: "html", answer: answerText("text/html", "<!doctype html><title>Jaeger UI</title>"), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"web page (wrong port?)", "Jaeger UI"}},
		{name: "html that decodes", answer: answerText("text/html; charset=utf-8", "\n\x00"), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"web page"}},
		{name: "text", answer: answerText("text/plain", "ok then"), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"not in OTLP", "ok then"}},
		{name: "301", answer: answerCodes(301), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"redirect", "http://elsewhere.test/"}},
		{name: "401", answer: answerCodes(401), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"401 Unauthorized", "the reason"}},
		{name: "500", answer: answerCodes(500), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"500 Internal Server Error"}},
		{name: "404", answer: answerCodes(404), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"404 Not Found"}},
		{name: "503 then 200", answer: answerCodes(503, 200), want: reporter.Stats{Sent: 3}, tries: 2},
		{name: "503 for ever", answer: answerCodes(503), want: reporter.Stats{Failed: 3}, tries: 1 + reporter.ClosingTries, log: []string{"503 Service Unavailable", "the reason"}},
		{name: "413 but for one", answer: answerCodes(413, 200), want: reporter.Stats{Sent: 3}, tries: 3},
		{name: "413 for ever", answer: answerCodes(413), want: reporter.Stats{TooLarge: 3}, tries: 5, log: []string{"span too large for a request", "413"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := otel.NewHTTPCollector(t, test.answer)
			tr, l := tracertest.New(t, otel.OtelConfig(c.URL))
			testkit.MakeSpans(tr, 3)
			testkit.CloseTracer(t, tr)
			test.want.Started, test.want.Sampled, test.want.Finished = 3, 3, 3
			if got := tr.Stats(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if c.Count() != test.tries {
				t.Errorf("got %d requests, want %d", c.Count(), test.tries)
			}
			if test.log != nil {
				l.Want(t, append(test.log, "level=WARN", "url="+c.URL)...)
			}
			if s := l.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "secret") || test.log == nil && strings.Contains(s, "WARN") {
				t.Errorf("log:\n%s", s)
			}
			if got, want := c.Header("Authorization"), "Basic am9lOmh1bnRlcjI="; got != want {
				t.Errorf("got authorization %q, want %q", got, want)
			}
		})
	}
}

func TestOTLPOverGRPC(t *testing.T) {
	t.Parallel()
	fails := func(n int, err error) func(int) (*coltracepb.ExportTraceServiceResponse, error) {
		return func(i int) (*coltracepb.ExportTraceServiceResponse, error) {
			if i <= n {
				return nil, err
			}
			return otel.Accept(i)
		}
	}
	const ever = 1 << 30
	for _, test := range []struct {
		name   string
		answer func(n int) (*coltracepb.ExportTraceServiceResponse, error)
		want   reporter.Stats
		tries  int
		log    []string
	}{
		{name: "accepted", answer: otel.Accept, want: reporter.Stats{Sent: 3}, tries: 1},
		{name: "partial", answer: func(int) (*coltracepb.ExportTraceServiceResponse, error) {
			return &coltracepb.ExportTraceServiceResponse{PartialSuccess: &coltracepb.ExportTracePartialSuccess{
				RejectedSpans: 2, ErrorMessage: "too old",
			}}, nil
		}, want: reporter.Stats{Sent: 1, Failed: 2}, tries: 1, log: []string{"spans not accepted", "spans=2", "too old"}},
		{name: "unavailable once", answer: fails(1, grpcstatus.Error(codes.Unavailable, "starting")), want: reporter.Stats{Sent: 3}, tries: 2},
		{name: "unavailable", answer: fails(ever, grpcstatus.Error(codes.Unavailable, "starting")), want: reporter.Stats{Failed: 3}, tries: 1 + reporter.ClosingTries, log: []string{"Unavailable", "starting"}},
		{name: "denied", answer: fails(ever, grpcstatus.Error(codes.PermissionDenied, "no")), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"PermissionDenied"}},
		{name: "unimplemented", answer: fails(ever, grpcstatus.Error(codes.Unimplemented, "what")), want: reporter.Stats{Failed: 3}, tries: 1, log: []string{"Unimplemented"}},
		{name: "too large", answer: fails(1, grpcstatus.Error(codes.ResourceExhausted, "grpc: received message larger than max (9 vs. 4)")), want: reporter.Stats{Sent: 3}, tries: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := otel.NewGRPCCollector(t, test.answer)
			tr, l := tracertest.New(t, otel.OtelConfig(c.URL))
			testkit.MakeSpans(tr, 3)
			testkit.CloseTracer(t, tr)
			test.want.Started, test.want.Sampled, test.want.Finished = 3, 3, 3
			if got := tr.Stats(); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if c.Count() != test.tries {
				t.Errorf("got %d calls, want %d", c.Count(), test.tries)
			}
			if test.log != nil {
				l.Want(t, append(test.log, "level=WARN", "url="+c.URL)...)
			}
			if got, want := c.Header("authorization"), "Basic am9lOmh1bnRlcjI="; got != want {
				t.Errorf("got authorization %q, want %q", got, want)
			}
		})
	}
}

// A real server's limit of 4 MiB a message costs no span, and neither does text
// that protobuf cannot carry.
func TestOTLPDividesBatches(t *testing.T) {
	t.Parallel()
	for _, collector := range []*otel.OTLPCollector{
		otel.NewGRPCCollector(t, otel.Accept), otel.NewHTTPCollector(t, otel.Protobuf(t, nil)),
	} {
		tr, l := tracertest.New(t, otel.OtelConfig(collector.URL))
		for range 5 {
			tr.StartSpan("large").SetTag("body", strings.Repeat("x", 3<<20)).Finish()
		}
		tr.StartSpan("not text").SetTag("bytes", "\xff\xfe").Finish()
		testkit.MakeSpans(tr, 10)
		testkit.CloseTracer(t, tr)
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if s.Sent != 16 || s.Failed != 0 {
			t.Errorf("%s: got %+v, want all sent\n%s", collector.URL, s, l)
		}
	}
}

func TestOTLPSpanTooLarge(t *testing.T) {
	t.Parallel()
	for _, collector := range []*otel.OTLPCollector{
		otel.NewGRPCCollector(t, otel.Accept), otel.NewHTTPCollector(t, otel.Protobuf(t, nil)),
	} {
		tr, l := tracertest.New(t, otel.OtelConfig(collector.URL))
		tr.StartSpan("large").SetTag("body", strings.Repeat("x", 17<<20)).Finish()
		testkit.MakeSpans(tr, 2)
		testkit.CloseTracer(t, tr)
		if s := tr.Stats(); s.TooLarge != 1 || s.Sent != 2 {
			t.Errorf("%s: got %+v, want 1 too large and 2 sent", collector.URL, s)
		}
		l.Want(t, "level=WARN", "span too large for a request", "operation=large")
	}
}

// Nobody there: Close comes back soon, with the spans counted and a word.
func TestOTLPUnavailable(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://" + testkit.ClosedTCP(t) + "/v1/traces", "grpc://" + testkit.ClosedTCP(t)} {
		tr, l := tracertest.New(t, otel.OtelConfig(url))
		testkit.MakeSpans(tr, 2000)
		start := time.Now()
		testkit.CloseTracer(t, tr)
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%s: Close took %v", url, took)
		}
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if s.Failed != 2000 || s.Queued != 0 {
			t.Errorf("%s: got %+v", url, s)
		}
		l.Want(t, "level=WARN", "spans not accepted", "connection refused", "url="+url)
	}
}

func TestOTLPCloseGivesUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hang := func(_ http.ResponseWriter, r *http.Request, _ int) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}
	hangGRPC := func(int) (*coltracepb.ExportTraceServiceResponse, error) {
		<-release
		return nil, nil
	}
	for _, url := range []string{otel.NewHTTPCollector(t, hang).URL, otel.NewGRPCCollector(t, hangGRPC).URL} {
		tr, err := tracer.New(otel.OtelConfig(url), tracer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		testkit.MakeSpans(tr, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		start := time.Now()
		err = tr.Close(ctx)
		cancel()
		var ce *reporter.CloseError
		if !errors.As(err, &ce) || ce.Left != 1000 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want 1000 spans left", url, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: Close took %v", url, took)
		}
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if s.Failed != 1000 || s.Queued != 0 {
			t.Errorf("%s: got %+v", url, s)
		}
	}
}

// A full queue drops and counts, or waits for a slow collector.
func TestOTLPQueueFull(t *testing.T) {
	t.Parallel()
	for _, block := range []bool{false, true} {
		release := make(chan struct{})
		collector := otel.NewHTTPCollector(t, func(http.ResponseWriter, *http.Request, int) { <-release })
		cfg := otel.OtelConfig(collector.URL)
		cfg.Reporter.QueueSize = 20
		cfg.Reporter.FlushInterval = time.Millisecond
		tr, err := tracer.New(cfg, tracer.Options{Block: block})
		if err != nil {
			t.Fatal(err)
		}
		testkit.MakeSpans(tr, 1)
		testkit.Eventually(t, "a request", func() bool { return collector.Count() == 1 })
		if block {
			time.AfterFunc(20*time.Millisecond, func() { close(release) })
		}
		testkit.MakeSpans(tr, 30)
		if !block {
			close(release)
		}
		testkit.CloseTracer(t, tr)
		s := tr.Stats()
		testkit.CheckBalance(t, s)
		if block && (s.Sent != 31 || s.Blocked == 0) || !block && (s.Sent != 21 || s.Dropped != 10) {
			t.Errorf("block %v: got %+v", block, s)
		}
	}
}
