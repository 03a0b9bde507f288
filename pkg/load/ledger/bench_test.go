package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"

	"github.com/otdemo/otdemo/pkg/allinone"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// BenchmarkReadBack closes the ledger of a run whose spans are all there, and so
// measures the backend that answers, too.
func BenchmarkReadBack(b *testing.B) {
	for _, traces := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(traces), func(b *testing.B) {
			backend, _ := startBackend(b, allinone.Options{MaxMemory: 2 << 30})
			over := func(c *config.Config) {
				c.Reporter.Collector.Endpoint = "http://" + backend.Addrs()[allinone.CollectorHTTP] + "/api/traces"
				c.Reporter.QueueSize = 10 * traces
			}
			agent := backend.Addrs()[allinone.AgentCompact]
			client := startTracer(b, "client", agent, over)
			server := startTracer(b, "server", agent, over)
			tag := opentracing.Tag{Key: "otdemo.run", Value: b.Name()}
			results := make([]load.Result, traces)
			for i := range results {
				results[i] = callTrace(b, client, server, tag)
			}
			for _, tr := range []*tracer.Tracer{client, server} {
				if err := tr.Close(within(b)); err != nil || tr.Stats().Lost() != 0 {
					b.Fatalf("close: %v, %+v", err, tr.Stats())
				}
			}
			reader, err := query.New("http://"+backend.Addrs()[allinone.Query], query.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer reader.Close()
			for b.Loop() {
				book := ledger.Open(within(b), ledger.Options{Query: reader, Service: "client", RunTag: tag})
				for i := range results {
					book.Add(results[i])
				}
				l, err := book.Close(within(b), client.Stats())
				if err != nil || !l.Balanced() || l.Spans.Stored != int64(traces)*(2+2*hops) {
					b.Fatalf("got %+v, %v", l, err)
				}
			}
			b.ReportMetric(float64(traces)*float64(b.N)/b.Elapsed().Seconds(), "traces/s")
		})
	}
}

// hops of a call of the service's "/", which is redirected once.
const hops = 2

// callTrace makes the spans of a call of the service's "/", without the call.
func callTrace(tb testing.TB, client, server *tracer.Tracer, tag opentracing.Tag) load.Result {
	tb.Helper()
	r := load.Result{Start: time.Now(), Answered: hops, SpansMade: 2 + hops}
	top := client.StartSpan("call", tag)
	request := client.StartSpan("HTTP Client", opentracing.ChildOf(top.Context()))
	for range hops {
		hop := client.StartSpan("HTTP GET", opentracing.ChildOf(request.Context()), ext.SpanKindRPCClient)
		ext.HTTPUrl.Set(hop, "http://localhost:8000/gettime")
		ext.HTTPMethod.Set(hop, "GET")
		ext.HTTPStatusCode.Set(hop, 200)
		answer := server.StartSpan("HTTP GET /gettime", opentracing.ChildOf(hop.Context()), ext.SpanKindRPCServer)
		ext.HTTPUrl.Set(answer, "/gettime")
		ext.HTTPMethod.Set(answer, "GET")
		ext.HTTPStatusCode.Set(answer, 200)
		hop.LogKV("event", "ClosedBody")
		answer.Finish()
		hop.Finish()
	}
	request.Finish()
	top.Finish()
	id, sampled := client.TraceID(top.Context())
	if err := r.TraceID.UnmarshalText([]byte(id)); err != nil {
		tb.Fatal(err)
	}
	r.Sampled = sampled
	return r
}

// BenchmarkRecorder adds a million traces, and reports what each of them costs.
func BenchmarkRecorder(b *testing.B) {
	const traces = 1_000_000
	reader, err := query.New("http://127.0.0.1:1", query.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		book := ledger.Open(within(b), ledger.Options{
			Query: reader, Service: "client", RunTag: opentracing.Tag{Key: "run", Value: 1},
		})
		before := heap()
		for range traces {
			book.Add(load.Result{TraceID: trace.TraceID{Low: rand.Uint64()}, Sampled: true, SpansMade: 2 + hops, Answered: hops})
		}
		b.ReportMetric(float64(heap()-before)/traces, "B/trace")
		runtime.KeepAlive(book)
	}
	b.ReportMetric(float64(traces)*float64(b.N)/b.Elapsed().Seconds(), "traces/s")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
