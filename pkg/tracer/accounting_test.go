package tracer_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
)

// way is one of the ways that spans go.
type way struct {
	name, tracer string
	listen       func(*testing.T, manner) *receiver
	// answers says that the protocol has answers.
	answers bool
}

// The paths and answers are those of the real programs.
var ways = []way{
	{"jaeger udp", config.TracerJaeger, listenAgent, false},
	{"jaeger http", config.TracerJaeger, listenHTTP("/api/traces", 202, thriftIDs), true},
	{"zipkin", config.TracerZipkin, listenHTTP("/api/v2/spans", 202, zipkinIDs), true},
	{"otel http", config.TracerOTel, listenHTTP("/v1/traces", 200, otlpIDs), true},
	{"otel grpc", config.TracerOTel, listenGRPC, true},
	{"appdash", config.TracerAppdash, listenAppdash, true},
}

// config returns the configuration that sends to r, at Close and no earlier
// unless the queue fills.
func (w way) config(r *receiver) config.Config {
	cfg := testkit.UDPConfig(max(1, r.port))
	cfg.Tracer = w.tracer
	cfg.Propagation = nil
	cfg.Reporter.Collector.Endpoint = r.endpoint
	cfg.Reporter.FlushInterval = time.Hour
	return cfg
}

// trial is a test of one way.
type trial struct {
	*testing.T
	way
}

// eachWay runs a test for every way, or for those that have answers.
func eachWay(t *testing.T, answers bool, test func(trial)) {
	t.Helper()
	for _, w := range ways {
		if answers && !w.answers {
			continue // over UDP nobody refuses a span or holds it up
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			test(trial{t, w})
		})
	}
}

// checkClosed fails the test unless the counts of a closed tracer add up and are
// what the receiver counted.
func checkClosed(t *testing.T, tr *tracer.Tracer, r *receiver) reporter.Stats {
	t.Helper()
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Queued != 0 || s.Retrying != 0 {
		t.Errorf("after Close: got %+v, want nothing queued or retrying", s)
	}
	if s.Started != s.Sampled+s.NotSampled {
		t.Errorf("got %d started, want %d sampled and %d not", s.Started, s.Sampled, s.NotSampled)
	}
	if r != nil {
		testkit.Eventually(t, "as many spans at the receiver as are counted as sent: "+strconv.FormatInt(s.Sent, 10),
			func() bool { return int64(r.count()) == s.Sent })
	}
	return s
}

func TestCountsAllSent(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		const made = 1234
		r := t.listen(t.T, takes)
		tr, _ := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, made)
		testkit.CloseTracer(t.T, tr)
		s := checkClosed(t.T, tr, r)
		if want := (reporter.Stats{Started: made, Sampled: made, Finished: made, Sent: made}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for id, n := range r.spans {
			if n != 1 {
				t.Errorf("span %x came %d times", id, n)
			}
		}
	})
}

// Sampling decides what is finished at all.
func TestCountsNotSampled(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		r := t.listen(t.T, takes)
		cfg := t.config(r)
		cfg.Sampler.Param = 0
		tr, _ := tracertest.New(t.T, cfg)
		testkit.MakeSpans(tr, 5)
		testkit.CloseTracer(t.T, tr)
		if got, want := checkClosed(t.T, tr, r), (reporter.Stats{Started: 5, NotSampled: 5}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// A backend that is not there costs all spans, and Close says nothing but ends.
func TestCountsClosedPort(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		const made = 20
		nobody := &receiver{port: testkit.ClosedPort(t.T)}
		if t.answers {
			nobody.endpoint = endpointLike(t.listen(t.T, takes).endpoint, nobody.port)
		}
		tr, _ := tracertest.New(t.T, t.config(nobody))
		testkit.MakeSpans(tr, made)
		testkit.CloseTracer(t.T, tr)
		s := checkClosed(t.T, tr, nil)
		if s.Sent != 0 || s.Failed+s.Refused != made {
			t.Errorf("got %+v, want %d failed or refused", s, made)
		}
	})
}

// endpointLike returns the endpoint with another port.
func endpointLike(endpoint string, port int) string {
	scheme, rest, _ := strings.Cut(endpoint, "://")
	_, path, found := strings.Cut(rest, "/")
	if found {
		path = "/" + path
	}
	return scheme + "://127.0.0.1:" + strconv.Itoa(port) + path
}

// A backend that refuses costs its spans: 500, UNAVAILABLE, a broken connection.
func TestCountsRefusingBackend(t *testing.T) {
	t.Parallel()
	eachWay(t, true, func(t trial) {
		const made = 20
		r := t.listen(t.T, fails)
		tr, l := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, made)
		testkit.CloseTracer(t.T, tr)
		if s := checkClosed(t.T, tr, r); s.Failed != made || s.Sent != 0 {
			t.Errorf("got %+v, want %d failed", s, made)
		}
		l.Want(t.T, "level=WARN", "failed=20")
	})
}

// A backend that never answers does not hold Close beyond its deadline.
func TestCountsSilentBackend(t *testing.T) {
	t.Parallel()
	eachWay(t, true, func(t trial) {
		const made = 20
		r := t.listen(t.T, silent)
		tr, _ := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, made)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := tr.Close(ctx)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("Close took %v", took)
		}
		ce, ok := errors.AsType[*reporter.CloseError](err)
		if !ok || ce.Left != made || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: got %v, want a CloseError for the deadline with %d left", err, made)
		}
		if s := checkClosed(t.T, tr, r); s.Failed != made {
			t.Errorf("got %+v, want %d failed", s, made)
		}
	})
}

// What the queue has no room for is dropped, what it has room for arrives.
func TestCountsFullQueue(t *testing.T) {
	t.Parallel()
	eachWay(t, true, func(t trial) {
		const size, made = 20, 1200
		r := t.listen(t.T, holds)
		cfg := t.config(r)
		cfg.Reporter.QueueSize = size
		cfg.Reporter.FlushInterval = 5 * time.Millisecond
		tr, _ := tracertest.New(t.T, cfg)
		testkit.MakeSpans(tr, 1)
		<-r.arrived
		testkit.MakeSpans(tr, made)
		if s := tr.Stats(); s.Dropped != made-size || s.Queued != size+1 {
			t.Errorf("while one is held: got %+v, want %d dropped", s, made-size)
		}
		r.release()
		testkit.CloseTracer(t.T, tr)
		if s := checkClosed(t.T, tr, r); s.Sent != size+1 || s.Dropped != made-size {
			t.Errorf("got %+v, want %d sent and %d dropped", s, size+1, made-size)
		}
	})
}

// With Options.Block spans wait in place of being dropped.
func TestCountsBlock(t *testing.T) {
	t.Parallel()
	eachWay(t, true, func(t trial) {
		const made = 500
		r := t.listen(t.T, takes)
		cfg := t.config(r)
		cfg.Reporter.QueueSize = 10
		cfg.Reporter.FlushInterval = time.Millisecond
		tr, err := tracer.New(cfg, tracer.Options{Block: true})
		if err != nil {
			t.Fatal(err)
		}
		testkit.MakeSpans(tr, made)
		testkit.CloseTracer(t.T, tr)
		if s := checkClosed(t.T, tr, r); s.Sent != made || s.Blocked == 0 {
			t.Errorf("got %+v, want %d sent, some of which waited", s, made)
		}
	})
}

func TestCountsAfterClose(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		r := t.listen(t.T, takes)
		tr, _ := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, 3)
		late := tr.StartSpan("late")
		testkit.CloseTracer(t.T, tr)
		late.Finish()
		testkit.MakeSpans(tr, 2)
		if s := checkClosed(t.T, tr, r); s.AfterClose != 3 || s.Finished != 6 || s.Sent != 3 {
			t.Errorf("got %+v, want 3 after close", s)
		}
	})
}

// Of several Closes, at once and later, each waits for the first.
func TestCountsCloseAgain(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		r := t.listen(t.T, takes)
		tr, _ := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, 50)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				testkit.CloseTracer(t.T, tr)
				if s := tr.Stats(); s.Sent != 50 {
					t.Errorf("a Close returned with %+v, want 50 sent", s)
				}
			})
		}
		wg.Wait()
		testkit.CloseTracer(t.T, tr)
		checkClosed(t.T, tr, r)
	})
}

// A Close whose context has ended gives up what is unsent, and counts it.
func TestCountsCloseWithEndedContext(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		const made = 50
		r := t.listen(t.T, silent)
		tr, _ := tracertest.New(t.T, t.config(r))
		testkit.MakeSpans(tr, made)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		err := tr.Close(ended)
		s := checkClosed(t.T, tr, r)
		ce, ok := errors.AsType[*reporter.CloseError](err)
		if t.answers && (!ok || s.Failed != made || ce.Left > made) {
			t.Errorf("got %v and %+v, want a CloseError and %d failed", err, s, made)
		}
		if !t.answers && s.Sent+s.Failed+s.Refused != made {
			t.Errorf("got %+v, want %d sent or given up", s, made)
		}
		testkit.CloseTracer(t.T, tr)
	})
}

// Spans that end while the tracer is being closed are sent or counted late.
func TestCountsFinishDuringClose(t *testing.T) {
	t.Parallel()
	eachWay(t, false, func(t trial) {
		r := t.listen(t.T, takes)
		tr, _ := tracertest.New(t.T, t.config(r))
		started := make(chan struct{}, 4)
		var wg sync.WaitGroup
		for range cap(started) {
			wg.Go(func() {
				for i := range 300 {
					tr.StartSpan("work").Finish()
					if i == 20 {
						started <- struct{}{}
					}
				}
			})
		}
		<-started
		testkit.CloseTracer(t.T, tr)
		wg.Wait()
		if s := checkClosed(t.T, tr, r); s.Finished != 1200 {
			t.Errorf("got %+v, want 1200 finished", s)
		}
	})
}
