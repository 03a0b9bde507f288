package load

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/client"
)

// collect has opts keep its results, in the order in which they come.
func collect(opts *Options) *[]Result {
	results := new([]Result)
	opts.Observe = func(r Result) { *results = append(*results, r) }
	return results
}

// simulate makes a run whose calls take as long as the function says, in the time
// of a synctest bubble.
func simulate(t *testing.T, opts Options, latency func(call int64) time.Duration) ([]Result, Outcome) {
	t.Helper()
	opts.Tracer = newTracer(t, "noop")
	results := collect(&opts)
	var calls atomic.Int64
	r := newRun(opts, func(ctx context.Context) (client.Result, error) {
		took := latency(calls.Add(1) - 1)
		timer := time.NewTimer(took)
		defer timer.Stop()
		start := time.Now()
		select {
		case <-timer.C:
			return client.Result{Status: 200, Elapsed: took}, nil
		case <-ctx.Done():
			return client.Result{Elapsed: time.Since(start)}, ctx.Err()
		}
	})
	outcome := r.do(t.Context())
	return *results, outcome
}

func always(d time.Duration) func(int64) time.Duration {
	return func(int64) time.Duration { return d }
}

func TestLatencyCountsFromTheScheduledTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The third call stalls for a second, and each after it waits for its turn.
		opts := Options{Requests: 6, Concurrency: 1, Rate: 10}
		results, outcome := simulate(t, opts, func(call int64) time.Duration {
			if call == 2 {
				return time.Second
			}
			return 10 * time.Millisecond
		})
		var late, latencies []time.Duration
		for i, r := range results {
			if want := outcome.Start.Add(time.Duration(i) * 100 * time.Millisecond); !r.Start.Equal(want) {
				t.Errorf("call %d was due at %v, want %v", i, r.Start, want)
			}
			late, latencies = append(late, r.Delay), append(latencies, r.Latency)
		}
		const ms = time.Millisecond
		if diff := cmp.Diff([]time.Duration{0, 0, 0, 900 * ms, 810 * ms, 720 * ms}, late); diff != "" {
			t.Errorf("delays (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]time.Duration{10 * ms, 10 * ms, 1000 * ms, 910 * ms, 820 * ms, 730 * ms}, latencies); diff != "" {
			t.Errorf("latencies (-want +got):\n%s", diff)
		}
		if outcome.Sent != 6 || outcome.Unsent != 0 {
			t.Errorf("%d sent, %d unsent, want 6 and 0: late calls are made nevertheless", outcome.Sent, outcome.Unsent)
		}
	})
}

func TestDurationAtARate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		opts         Options
		latency      time.Duration
		sent, unsent int64
	}{
		{"keeps up", Options{Concurrency: 2, Rate: 50, Duration: 10 * time.Second}, 20 * time.Millisecond, 500, 0},
		{"cannot keep up", Options{Concurrency: 1, Rate: 50, Duration: 10 * time.Second}, time.Second, 10, 490},
		{"requests first", Options{Concurrency: 2, Rate: 50, Duration: 10 * time.Second, Requests: 20}, 20 * time.Millisecond, 20, 0},
		{"time first", Options{Concurrency: 2, Rate: 50, Duration: time.Second, Requests: 1000}, 20 * time.Millisecond, 50, 0},
		{"requests, too late", Options{Concurrency: 1, Rate: 50, Duration: 10 * time.Second, Requests: 100}, time.Second, 10, 90},
		{"more than can be counted", Options{Concurrency: 2, Rate: 1e300, Duration: time.Second}, 20 * time.Millisecond, 100, math.MaxInt64 - 100},
		{"more than can be counted, of few", Options{Concurrency: 2, Rate: 1e18, Duration: 10 * time.Second, Requests: 2000}, 20 * time.Millisecond, 1000, 1000},
		{"no end in sight", Options{Concurrency: 2, Rate: 1e-9, Duration: math.MaxInt64, Warmup: 1, Requests: 1}, time.Second, 2, 0},
		{"warm-up beyond counting", Options{Concurrency: 2, Rate: 1e300, Duration: time.Second, Warmup: time.Second, Requests: 2000}, 20 * time.Millisecond, 200, math.MaxInt64 - 200},
		{"warm-up counts, requests too late", Options{Concurrency: 1, Rate: 10, Duration: 10 * time.Second, Warmup: 10 * time.Second, Requests: 30}, time.Second, 20, 110},
		{"warm-up comes on top", Options{Concurrency: 2, Rate: 50, Duration: time.Second, Warmup: time.Second}, 20 * time.Millisecond, 100, 0},
		{"closed model", Options{Concurrency: 4, Duration: time.Second}, 100 * time.Millisecond, 40, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				results, outcome := simulate(t, tt.opts, always(tt.latency))
				if outcome.Sent != tt.sent || outcome.Unsent != tt.unsent || int64(len(results)) != tt.sent {
					t.Errorf("%d sent, %d unsent, %d results, want %d, %d, %d",
						outcome.Sent, outcome.Unsent, len(results), tt.sent, tt.unsent, tt.sent)
				}
				if outcome.Interrupted {
					t.Error("the run says that it was interrupted")
				}
			})
		})
	}
}

func TestWarmup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := Options{Concurrency: 2, Requests: 30, Warmup: time.Second}
		results, outcome := simulate(t, opts, always(100*time.Millisecond))
		var warm, measured int
		for _, r := range results {
			if r.Warmup {
				warm++
			} else {
				measured++
			}
			if want := r.Start.Before(outcome.Start.Add(time.Second)); r.Warmup != want {
				t.Errorf("call %d, due after %v: warm-up is %t", r.Seq, r.Start.Sub(outcome.Start), r.Warmup)
			}
		}
		if warm != 20 || measured != 30 {
			t.Errorf("%d calls of warm-up, %d after it, want 20 and 30", warm, measured)
		}
	})
}

func TestInterruptedRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := Options{Concurrency: 2, Rate: 10, Duration: time.Hour, Tracer: newTracer(t, "noop")}
		results := collect(&opts)
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		r := newRun(opts, func(ctx context.Context) (client.Result, error) {
			start := time.Now()
			<-ctx.Done() // a server that never answers
			return client.Result{Elapsed: time.Since(start)}, ctx.Err()
		})
		outcome := r.do(ctx)
		if !outcome.Interrupted || outcome.Sent != 2 || outcome.Unsent != 9 {
			t.Errorf("got %+v, want an interrupted run of 2 calls sent and 9 that were due", outcome)
		}
		for _, result := range *results {
			if result.Kind != Canceled {
				t.Errorf("call %d came to %q, want %q", result.Seq, result.Kind, Canceled)
			}
		}
		if len(*results) != 2 {
			t.Errorf("%d results, want those of the calls in flight, too", len(*results))
		}
	})
}

func TestRunInterruptedInItsLastCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts := Options{Concurrency: 2, Requests: 2, Tracer: newTracer(t, "noop")}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		outcome := newRun(opts, func(ctx context.Context) (client.Result, error) {
			<-ctx.Done()
			return client.Result{}, ctx.Err()
		}).do(ctx)
		if !outcome.Interrupted || outcome.Sent != 2 {
			t.Errorf("got %+v, want 2 calls that were interrupted", outcome)
		}
	})
}

func TestRunKeepsNoBodies(t *testing.T) {
	t.Parallel()
	const size = 2 << 20 // more than a single call would read
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, size))
	}))
	t.Cleanup(srv.Close)
	opts := optionsFor(t, newTracer(t, "noop"), srv.URL)
	results := collect(&opts)
	if _, err := Run(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if got := (*results)[0]; got.Bytes != size {
		t.Errorf("read %d bytes, want all %d: %s", got.Bytes, size, got.Err)
	}
}

func TestRunIsExact(t *testing.T) {
	t.Parallel()
	const requests, workers = 1003, 7
	var served, unsampled atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served.Add(1)
		if strings.HasSuffix(r.Header.Get("Uber-Trace-Id"), ":0") {
			unsampled.Add(1)
		}
	}))
	t.Cleanup(srv.Close)
	tr := newTracer(t, "jaeger")
	opts := optionsFor(t, tr, srv.URL)
	opts.Requests, opts.Concurrency, opts.TraceShare = requests, workers, 0.1
	results := collect(&opts)
	outcome, err := Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Sent != requests || served.Load() != requests {
		t.Errorf("%d sent, the server had %d, want %d", outcome.Sent, served.Load(), requests)
	}
	var spans, sampled int64
	seen := make(map[int64]bool)
	for _, r := range *results {
		if r.Failed() {
			t.Fatalf("call %d failed: %s", r.Seq, r.Err)
		}
		seen[r.Seq] = true
		spans += int64(r.SpansMade)
		if r.Sampled {
			sampled++
		}
	}
	if len(seen) != requests {
		t.Errorf("%d calls have a number of their own, want %d", len(seen), requests)
	}
	if sampled != 101 || unsampled.Load() != requests-sampled {
		t.Errorf("%d calls are sampled and the server was told not to sample %d, want 101 and %d", sampled, unsampled.Load(), requests-101)
	}
	checkSpans(t, tr, spans)
	if got, want := tr.Stats().Sampled, 3*sampled; got != want {
		t.Errorf("%d spans are sampled, want %d", got, want)
	}
}

func TestObserveIsCalledByOneAtATime(t *testing.T) {
	t.Parallel()
	opts := optionsFor(t, newTracer(t, "noop"), timeServer(t)+"/gettime")
	opts.Requests, opts.Concurrency = 200, 8
	var busy sync.Mutex
	opts.Observe = func(Result) {
		if !busy.TryLock() {
			t.Error("Observe runs twice at a time")
			return
		}
		defer busy.Unlock()
		for range 100 {
			runtime.Gosched() // let the others try
		}
	}
	if _, err := Run(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
}

// A connection dialled for one call may end up with another, which the race
// detector sees if nethttp is told of it.
func TestRunSharesConnections(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/gettime", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if rand.N(2) == 0 {
			w.Header().Set("Connection", "close")
		}
		http.Redirect(w, r, "/gettime", http.StatusFound)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	tr := newTracer(t, "jaeger")
	opts := optionsFor(t, tr, srv.URL+"/")
	opts.Requests, opts.Concurrency = 1000, 20
	var spans int64
	opts.Observe = func(r Result) {
		if r.Failed() || r.Hops != 2 {
			t.Errorf("got %+v, want 2 hops", r)
		}
		spans += int64(r.SpansMade)
	}
	for range 3 {
		if _, err := Run(t.Context(), opts); err != nil {
			t.Fatal(err)
		}
		opts.Client.Close() // so that the next run dials again
	}
	checkSpans(t, tr, spans)
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	bad := Options{Requests: -1, Rate: -2, Duration: -time.Second, Warmup: -time.Minute, TraceShare: 1.5}
	_, err := Run(t.Context(), bad)
	if err == nil {
		t.Fatal("a run that cannot work was made")
	}
	const want = `requests must not be negative, got -1
concurrency must be at least 1, got 0
rate must be 0 or more, got -2
duration must not be negative, got -1s
warmup must not be negative, got -1m0s
trace share must be between 0 and 1, got 1.5`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}

	opts := optionsFor(t, newTracer(t, "noop"), "http://[::1:1/")
	opts.Observe = func(Result) { t.Error("a call was made") }
	if _, err := Run(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "malformed") {
		t.Errorf("error %v, want one of the URL", err)
	}
	opts.Requests = 0
	if _, err := Run(t.Context(), opts); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one of a run without an end", err)
	}
}
