//go:build unix

package jaeger

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-lib/metrics"

	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/system"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// cost is what a number of spans took, from the first one reported until the
// reporter is closed.
type cost struct {
	elapsed, cpu time.Duration
	mallocs      uint64
}

// costOf measures the whole process, so that the CPU of the goroutines behind a
// reporter, and of the port that reads its datagrams, is in it.
func costOf(tb testing.TB, f func()) cost {
	tb.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, cpu := time.Now(), processCPU(tb)
	f()
	c := cost{elapsed: time.Since(start), cpu: processCPU(tb) - cpu}
	runtime.ReadMemStats(&after)
	c.mallocs = after.Mallocs - before.Mallocs
	return c
}

func processCPU(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// turnSpans is a turn of a benchmark: long enough that the end of a turn, when
// our transport waits 10 ms for refusals, is a small part of it.
const turnSpans = 100_000

// ourReporter and clientReporter send a turn of spans to an agent. None is lost:
// ours waits where its queue is full, the library's has room for all.
func ourReporter(b *testing.B) func() {
	b.Helper()
	port, span := testkit.BlackHole(b), testkit.ClientSpan()
	return func() {
		tr, err := startBench(port)
		if err != nil {
			b.Fatal(err)
		}
		r := spanReporter{tr.Reporter.(*reporter.Reporter[*jaeger.Span])}
		for range turnSpans {
			r.Report(span)
		}
		if err := tr.Reporter.Shutdown(context.Background()); err != nil {
			b.Fatal(err)
		}
		if s := tr.Reporter.Stats(); s.Sent != turnSpans {
			b.Fatalf("got %+v, want %d sent", s, turnSpans)
		}
	}
}

func clientReporter(b *testing.B) func() {
	b.Helper()
	port, span := testkit.BlackHole(b), testkit.ClientSpan()
	return func() {
		transport, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", port), 65000)
		if err != nil {
			b.Fatal(err)
		}
		var ok testkit.Counter
		m := jaeger.NewNullMetrics()
		m.ReporterSuccess = &ok
		reporter := jaeger.NewRemoteReporter(transport,
			jaeger.ReporterOptions.QueueSize(turnSpans), jaeger.ReporterOptions.Metrics(m))
		for range turnSpans {
			reporter.Report(span)
		}
		reporter.Close()
		if got := ok.Load(); got != turnSpans {
			b.Fatalf("got %d sent, want %d", got, turnSpans)
		}
	}
}

// BenchmarkReporter compares the way from Report to the agent's socket with
// jaeger-client-go's. "ratio" runs both in turns and compares the medians.
func BenchmarkReporter(b *testing.B) {
	b.Run("ours", func(b *testing.B) { benchmarkTurns(b, ourReporter(b)) })
	b.Run("jaeger-client-go", func(b *testing.B) { benchmarkTurns(b, clientReporter(b)) })
	b.Run("ratio", func(b *testing.B) {
		ours, theirs := ourReporter(b), clientReporter(b)
		var our, their, ourCPU, theirCPU []time.Duration
		for b.Loop() {
			o, t := costOf(b, ours), costOf(b, theirs)
			our, their = append(our, o.elapsed), append(their, t.elapsed)
			ourCPU, theirCPU = append(ourCPU, o.cpu), append(theirCPU, t.cpu)
		}
		b.ReportMetric(float64(testkit.Median(their))/float64(testkit.Median(our)), "times_as_fast")
		b.ReportMetric(float64(testkit.Median(ourCPU))/float64(testkit.Median(theirCPU)), "of_its_cpu")
		b.ReportMetric(0, "ns/op")
	})
}

func benchmarkTurns(b *testing.B, turn func()) {
	b.Helper()
	var sum cost
	turns := 0
	for b.Loop() {
		c := costOf(b, turn)
		sum.elapsed += c.elapsed
		sum.cpu += c.cpu
		sum.mallocs += c.mallocs
		turns++
	}
	spans := float64(turns) * turnSpans
	b.ReportMetric(spans/sum.elapsed.Seconds(), "spans/s")
	b.ReportMetric(float64(sum.elapsed.Nanoseconds())/spans, "ns/span")
	b.ReportMetric(float64(sum.cpu.Nanoseconds())/spans, "cpu-ns/span")
	b.ReportMetric(float64(sum.mallocs)/spans, "allocs/span")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSpan is the life of a client span as nethttp makes it, from StartSpan
// over Inject to Finish, with the sending of it: what tracing adds to a request
// on the client's side.
func BenchmarkSpan(b *testing.B) {
	tr, err := startBench(testkit.BlackHole(b))
	if err != nil {
		b.Fatal(err)
	}
	root := tr.StartSpan("call")
	b.ReportAllocs()
	for b.Loop() {
		span := tr.StartSpan("HTTP GET", opentracing.ChildOf(root.Context()), ext.SpanKindRPCClient)
		ext.Component.Set(span, "net/http")
		ext.HTTPMethod.Set(span, "GET")
		ext.HTTPUrl.Set(span, "http://localhost:8000/gettime")
		ext.PeerAddress.Set(span, "localhost:8000")
		header := make(map[string][]string, 1)
		if err := tr.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(header)); err != nil {
			b.Fatal(err)
		}
		span.LogFields(log.String("event", "GetConn"))
		ext.HTTPStatusCode.Set(span, 200)
		span.LogFields(log.String("event", "ClosedBody"))
		span.Finish()
	}
	root.Finish()
	if err := tr.Reporter.Shutdown(context.Background()); err != nil {
		b.Fatal(err)
	}
	if s := tr.Reporter.Stats(); s.Sent != s.Finished {
		b.Fatalf("got %+v, want all sent", s)
	}
}

func startBench(port int) (*system.Tracer, error) {
	env := reporter.Env{Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NullFactory, Block: true}
	cfg := testkit.UDPConfig(port)
	propagators, err := system.Check(cfg, env)
	if err != nil {
		return nil, err
	}
	return New(cfg, env, propagators)
}
