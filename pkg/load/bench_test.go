package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	benchWorkers = 50
	benchTurn    = 2000 // calls
)

func benchServer(b *testing.B) string {
	b.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "The time is Mon Nov 23 03:07:34 2026")
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

// BenchmarkRun compares a run with the least that net/http can do with as many
// workers: the same requests, nothing traced, nothing recorded. The two take turns,
// so that a busy machine slows both, and "of_net/http" is the ratio of the calls a
// second, by the medians. The server is in the same process.
func BenchmarkRun(b *testing.B) {
	for _, bench := range []struct {
		name, tracer string
		share        float64
	}{
		{"untraced", "noop", 1},
		{"traced", "jaeger", 1},
		{"sampled_out", "jaeger", 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			url := benchServer(b)
			plain := plainCalls(b, url)
			recorder := NewRecorder()
			results, err := NewResultsWriter(io.Discard, RunInfo{Start: time.Now()})
			if err != nil {
				b.Fatal(err)
			}
			opts := optionsFor(b, newTracer(b, bench.tracer), url)
			opts.Requests, opts.Concurrency, opts.TraceShare = benchTurn, benchWorkers, bench.share
			opts.Observe = func(r Result) {
				recorder.Add(r)
				results.Add(r)
			}
			var our, their []time.Duration
			for b.Loop() {
				their = append(their, timeOf(plain))
				our = append(our, timeOf(func() {
					if _, err := Run(b.Context(), opts); err != nil {
						b.Fatal(err)
					}
				}))
			}
			if failed := recorder.Report().Failed; failed > 0 {
				b.Errorf("%d calls failed", failed)
			}
			b.ReportMetric(float64(median(their))/float64(median(our)), "of_net/http")
			b.ReportMetric(benchTurn/median(our).Seconds(), "calls/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// plainCalls returns a function that makes a turn's calls with net/http alone.
func plainCalls(b *testing.B, url string) func() {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: benchWorkers}
	b.Cleanup(transport.CloseIdleConnections)
	c := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	call := func() error {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return func() {
		var taken atomic.Int64
		var workers sync.WaitGroup
		for range benchWorkers {
			workers.Go(func() {
				for taken.Add(1) <= benchTurn {
					if err := call(); err != nil {
						b.Error(err)
					}
				}
			})
		}
		workers.Wait()
	}
}

func timeOf(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// BenchmarkRecorder is what each result costs the workers.
func BenchmarkRecorder(b *testing.B) {
	b.ReportAllocs()
	recorder := NewRecorder()
	r := sampleResult()
	for b.Loop() {
		r.Start = r.Start.Add(20 * time.Microsecond)
		recorder.Add(r)
	}
}

// BenchmarkResultsWriter is the same for the results file.
func BenchmarkResultsWriter(b *testing.B) {
	b.ReportAllocs()
	r := sampleResult()
	results, err := NewResultsWriter(io.Discard, RunInfo{Start: r.Start})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.Start = r.Start.Add(20 * time.Microsecond)
		results.Add(r)
	}
}

// BenchmarkResultsReader is what "otdemo report" takes for each result.
func BenchmarkResultsReader(b *testing.B) {
	b.ReportAllocs()
	file := writeResults(b, sampleInfo(), slices.Repeat([]Result{sampleResult()}, b.N), nil)
	b.ResetTimer()
	if _, _, err := ReadResults(strings.NewReader(file), "results.ndjson", func(Result) {}); err != nil {
		b.Fatal(err)
	}
}
