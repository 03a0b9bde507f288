package udp_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/tracertest"
	"github.com/otdemo/otdemo/pkg/tracer/internal/udp"
)

func TestUDPDelivers(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	tr, _ := tracertest.New(t, testkit.UDPConfig(agent.Port()))
	testkit.MakeSpans(tr, 300)
	testkit.CloseTracer(t, tr)

	want := reporter.Stats{Started: 300, Sampled: 300, Finished: 300, Sent: 300}
	if got := tr.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == 300 })
	for i, p := range agent.Received() {
		if p.Batch.GetSeqNo() != int64(i+1) || p.Batch.Stats == nil {
			t.Errorf("datagram %d: seqNo %d, stats %v", i, p.Batch.GetSeqNo(), p.Batch.Stats)
		}
	}
}

// An agent's closed port: each span is counted as refused while it is closed,
// and all of them arrive once, in order, when it is open.
func TestClosedPortThenOpen(t *testing.T) {
	t.Parallel()
	for host, at := range map[string]string{"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			closedThenOpen(t, host, at)
		})
	}
}

func closedThenOpen(t *testing.T, host, at string) {
	t.Helper()
	const made = 500
	port := testkit.ClosedPort(t)
	cfg := testkit.UDPConfig(port)
	cfg.Reporter.Agent.Host = host
	cfg.Reporter.Agent.MaxPacketSize = 2000
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, made)

	testkit.Eventually(t, "refused = made", func() bool { return tr.Stats().Refused == made })
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Sent != 0 || s.Retrying != made || s.Lost() != 0 || s.Refusals == 0 {
		t.Errorf("while the port is closed: %+v", s)
	}
	l.Want(t, "level=WARN", `msg="spans refused"`, "target=\"udp "+net.JoinHostPort(host, strconv.Itoa(port)))

	agent := testkit.NewSinkAt(t, at, port)
	testkit.Eventually(t, "sent = made", func() bool { return tr.Stats().Sent == made })
	testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == made })
	testkit.CloseTracer(t, tr)
	s = tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Refused != 0 || s.Sent != made || s.Lost() != 0 {
		t.Errorf("after the port was opened: %+v", s)
	}
	for i, p := range agent.Received() {
		if p.Batch.GetSeqNo() != int64(i+1) {
			t.Errorf("datagram %d has seqNo %d", i, p.Batch.GetSeqNo())
		}
	}
	l.Want(t, "level=INFO", `msg="spans accepted again"`, "delivered_late=500")
}

func TestClosedPortAtClose(t *testing.T) {
	t.Parallel()
	tr, _ := tracertest.New(t, testkit.UDPConfig(testkit.ClosedPort(t)))
	testkit.MakeSpans(tr, 50)
	start := time.Now()
	testkit.CloseTracer(t, tr)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close waited %v for a port that stayed closed", took)
	}
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Refused != 50 || s.Retrying != 0 || s.Lost() != 50 {
		t.Errorf("got %+v, want 50 refused and lost", s)
	}
}

// The reason for a transport of our own: jaeger-client-go's counts every span
// that it sends to a closed port as delivered. When its reconnecting socket gets
// ECONNREFUSED it resolves the name again, finds the same address, and repeats
// the write, which succeeds because the first one took the error off the socket.
func TestClientCountsRefusedSpansAsDelivered(t *testing.T) {
	t.Parallel()
	const made = 10
	transport, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", testkit.ClosedPort(t)), 0)
	if err != nil {
		t.Fatal(err)
	}
	var ok, failed testkit.Counter
	m := jaeger.NewNullMetrics()
	m.ReporterSuccess, m.ReporterFailure = &ok, &failed
	reporter := jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.Metrics(m),
		jaeger.ReporterOptions.BufferFlushInterval(time.Millisecond))
	tr, closer := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), reporter, jaeger.TracerOptions.Metrics(m))
	for i := range made {
		tr.StartSpan("work").Finish()
		testkit.Eventually(t, "the flush", func() bool { return ok.Load()+failed.Load() == int64(i+1) })
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ok.Load(); got != made {
		t.Errorf("jaeger-client-go counted %d of %d as delivered; if it now sees refusals, "+
			"our transport has lost its reason", got, made)
	}
}

func TestBacklogIsBounded(t *testing.T) {
	t.Parallel()
	const made = 160
	port := testkit.ClosedPort(t)
	tr, l := tracertest.New(t, testkit.UDPConfig(port))
	payload := strings.Repeat("x", 60_000)
	for range made {
		span := tr.StartSpan("large")
		span.LogFields(log.String("payload", payload))
		span.Finish()
	}
	testkit.Eventually(t, "refused = made", func() bool { return tr.Stats().Refused == made })
	s := tr.Stats()
	if most := int64(udp.BacklogBytes / 60_000); s.Retrying > most || s.Retrying < most-1 || s.Lost() != made-s.Retrying {
		t.Errorf("got %+v, want %d kept", s, most)
	}
	l.Want(t, "level=WARN", `msg="spans given up"`)

	agent := testkit.NewSink(t, port)
	start := time.Now()
	testkit.Eventually(t, "the end of the outage", func() bool { return tr.Stats().Retrying == 0 })
	if took, least := time.Since(start), time.Duration(s.Retrying*60_000)*time.Second/udp.PaceRate/2; took < least {
		t.Errorf("the kept spans went out in %v, too fast for a receiver (want %v)", took, least)
	}
	testkit.CloseTracer(t, tr)
	after := tr.Stats()
	testkit.CheckBalance(t, after)
	if after.Sent != s.Retrying || after.Refused != s.Lost() {
		t.Errorf("got %+v after %+v", after, s)
	}
	testkit.Eventually(t, "the kept spans", func() bool { return int64(len(agent.Spans(t))) == after.Sent })
}

// Whatever the spans' sizes, a datagram never exceeds its limit, always decodes,
// and none is lost.
func TestBatchesAreCut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{400, 512, 1472, 9000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			agent := testkit.NewSink(t, 0)
			cfg := testkit.UDPConfig(agent.Port())
			cfg.Reporter.Agent.MaxPacketSize = size
			tr, _ := tracertest.New(t, cfg)
			random := rand.New(rand.NewPCG(1, uint64(size)))
			for i := range 300 {
				span := tr.StartSpan(strings.Repeat("o", 1+random.IntN(60)))
				if random.IntN(3) == 0 {
					span.LogFields(log.String("s", strings.Repeat("l", random.IntN(size))))
				}
				span.Finish()
				if i%20 == 0 {
					testkit.Eventually(t, "the queue", func() bool { return tr.Stats().Queued < 5 })
				}
			}
			testkit.CloseTracer(t, tr)
			s := tr.Stats()
			testkit.CheckBalance(t, s)
			if s.Sent == 0 || s.TooLarge == 0 || s.Sent+s.TooLarge != 300 {
				t.Errorf("got %+v", s)
			}
			testkit.Eventually(t, "the spans", func() bool { return int64(len(agent.Spans(t))) == s.Sent })
			largest := 0
			for _, p := range agent.Received() {
				largest = max(largest, p.Size)
			}
			if largest > size || largest < size*3/4 {
				t.Errorf("largest datagram: %d, limit %d", largest, size)
			}
		})
	}
}

func TestSpanTooLarge(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	tr, l := tracertest.New(t, testkit.UDPConfig(agent.Port()))
	span := tr.StartSpan("whale")
	span.LogFields(log.String("payload", strings.Repeat("x", 70_000)))
	span.Finish()
	tr.StartSpan("fish").Finish()
	testkit.CloseTracer(t, tr)

	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.TooLarge != 1 || s.Sent != 1 {
		t.Errorf("got %+v, want 1 too large and 1 sent", s)
	}
	id, _ := tr.TraceID(span.Context())
	l.Want(t, "level=WARN", `msg="span too large for a datagram"`, "operation=whale", "trace_id="+id, "size=70")
	testkit.Eventually(t, "the other span", func() bool { return len(agent.Spans(t)) == 1 })
	if got := agent.Received()[0].Batch.Stats.TooLargeDroppedSpans; got != 1 {
		t.Errorf("the batch tells of %d spans too large, want 1", got)
	}
}

func TestProcessTagsTooLarge(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	cfg := testkit.UDPConfig(agent.Port())
	cfg.Reporter.Agent.MaxPacketSize = 1000
	for i := range 10 {
		cfg.Tags = append(cfg.Tags, config.Tag{Name: fmt.Sprint("tag", i), Value: strings.Repeat("v", 200)})
	}
	tr, l := tracertest.New(t, cfg)
	testkit.MakeSpans(tr, 5)
	testkit.CloseTracer(t, tr)
	if s := tr.Stats(); s.TooLarge != 5 || s.Sent != 0 {
		t.Errorf("got %+v, want 5 too large", s)
	}
	l.Want(t, "level=ERROR", "process tags leave no room", "max_packet_size=1000")
}

// The counts add up and nothing comes twice, with many goroutines, a queue that
// overflows and a port that comes and goes.
func TestCountsCloseInAnOutage(t *testing.T) {
	t.Parallel()
	port := testkit.ClosedPort(t)
	cfg := testkit.UDPConfig(port)
	cfg.Reporter.QueueSize = 200
	cfg.Reporter.Agent.MaxPacketSize = 3000
	tr, _ := tracertest.New(t, cfg)

	var wg sync.WaitGroup
	var made atomic.Int64
	stop := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			burst := time.NewTicker(time.Millisecond)
			defer burst.Stop()
			for {
				testkit.MakeSpans(tr, 50)
				made.Add(50)
				select {
				case <-burst.C:
				case <-stop:
					return
				}
			}
		})
	}
	received := map[int64]bool{}
	for range 3 {
		agent := testkit.NewSink(t, port)
		testkit.Eventually(t, "some spans", func() bool { return len(agent.Received()) > 3 })
		agent.Close()
		for id := range agent.Spans(t) {
			if received[id] {
				t.Errorf("span %x came twice", id)
			}
			received[id] = true
		}
		refused := tr.Stats().Refusals
		testkit.Eventually(t, "a refusal", func() bool { return tr.Stats().Refusals > refused })
	}
	close(stop)
	wg.Wait()
	testkit.CloseTracer(t, tr)
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Finished != made.Load() || s.Queued != 0 || s.Retrying != 0 || s.Dropped == 0 || s.Sent == 0 {
		t.Errorf("got %+v after %d spans", s, made.Load())
	}
	// A port that is closed throws away what waits in its buffer, unseen by us.
	if int64(len(received)) > s.Sent {
		t.Errorf("%d spans arrived, %d count as sent", len(received), s.Sent)
	}
}

// Spans come faster than the agent reads, and its buffer holds three datagrams;
// still none is lost.
func TestBurstFindsRoom(t *testing.T) {
	t.Parallel()
	const made = 20_000
	agent := testkit.NewSink(t, 0)
	if err := agent.Conn.SetReadBuffer(106496); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("this system does not show receive buffers")
	}
	cfg := testkit.UDPConfig(agent.Port())
	cfg.Reporter.QueueSize = 500
	tr, err := tracer.New(cfg, tracer.Options{Block: true})
	if err != nil {
		t.Fatal(err)
	}
	testkit.MakeSpans(tr, made)
	testkit.CloseTracer(t, tr)
	s := tr.Stats()
	testkit.CheckBalance(t, s)
	if s.Sent != made || s.Blocked == 0 {
		t.Errorf("got %+v, want %d sent and some blocked", s, made)
	}
	testkit.Eventually(t, "all spans", func() bool { return len(agent.Spans(t)) == made })
}
