package tracer

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
)

func TestUDPDelivers(t *testing.T) {
	t.Parallel()
	agent := newSink(t, 0)
	tr, _ := newTracer(t, udpConfig(agent.port()))
	makeSpans(tr, 300)
	closeTracer(t, tr)

	want := Stats{Started: 300, Sampled: 300, Finished: 300, Sent: 300}
	if got := tr.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	eventually(t, "the spans", func() bool { return len(agent.spans(t)) == 300 })
	for i, p := range agent.received() {
		if p.batch.GetSeqNo() != int64(i+1) || p.batch.Stats == nil {
			t.Errorf("datagram %d: seqNo %d, stats %v", i, p.batch.GetSeqNo(), p.batch.Stats)
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
	port := closedPort(t)
	cfg := udpConfig(port)
	cfg.Reporter.Agent.Host = host
	cfg.Reporter.Agent.MaxPacketSize = 2000
	tr, l := newTracer(t, cfg)
	makeSpans(tr, made)

	eventually(t, "refused = made", func() bool { return tr.Stats().Refused == made })
	s := tr.Stats()
	checkBalance(t, s)
	if s.Sent != 0 || s.Retrying != made || s.Lost() != 0 || s.Refusals == 0 {
		t.Errorf("while the port is closed: %+v", s)
	}
	l.want(t, "level=WARN", `msg="spans refused"`, "target=\"udp "+net.JoinHostPort(host, strconv.Itoa(port)))

	agent := newSinkAt(t, at, port)
	eventually(t, "sent = made", func() bool { return tr.Stats().Sent == made })
	eventually(t, "the spans", func() bool { return len(agent.spans(t)) == made })
	closeTracer(t, tr)
	s = tr.Stats()
	checkBalance(t, s)
	if s.Refused != 0 || s.Sent != made || s.Lost() != 0 {
		t.Errorf("after the port was opened: %+v", s)
	}
	for i, p := range agent.received() {
		if p.batch.GetSeqNo() != int64(i+1) {
			t.Errorf("datagram %d has seqNo %d", i, p.batch.GetSeqNo())
		}
	}
	l.want(t, "level=INFO", `msg="spans accepted again"`, "delivered_late=500")
}

func TestClosedPortAtClose(t *testing.T) {
	t.Parallel()
	tr, _ := newTracer(t, udpConfig(closedPort(t)))
	makeSpans(tr, 50)
	start := time.Now()
	closeTracer(t, tr)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Close waited %v for a port that stayed closed", took)
	}
	s := tr.Stats()
	checkBalance(t, s)
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
	transport, err := jaeger.NewUDPTransport(fmt.Sprintf("127.0.0.1:%d", closedPort(t)), 0)
	if err != nil {
		t.Fatal(err)
	}
	var ok, failed counter
	m := jaeger.NewNullMetrics()
	m.ReporterSuccess, m.ReporterFailure = &ok, &failed
	reporter := jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.Metrics(m),
		jaeger.ReporterOptions.BufferFlushInterval(time.Millisecond))
	tr, closer := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), reporter, jaeger.TracerOptions.Metrics(m))
	for i := range made {
		tr.StartSpan("work").Finish()
		eventually(t, "the flush", func() bool { return ok.Load()+failed.Load() == int64(i+1) })
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
	port := closedPort(t)
	tr, l := newTracer(t, udpConfig(port))
	payload := strings.Repeat("x", 60_000)
	for range made {
		span := tr.StartSpan("large")
		span.LogFields(log.String("payload", payload))
		span.Finish()
	}
	eventually(t, "refused = made", func() bool { return tr.Stats().Refused == made })
	s := tr.Stats()
	if most := int64(backlogBytes / 60_000); s.Retrying > most || s.Retrying < most-1 || s.Lost() != made-s.Retrying {
		t.Errorf("got %+v, want %d kept", s, most)
	}
	l.want(t, "level=WARN", `msg="spans given up"`)

	agent := newSink(t, port)
	start := time.Now()
	eventually(t, "the end of the outage", func() bool { return tr.Stats().Retrying == 0 })
	if took, least := time.Since(start), time.Duration(s.Retrying*60_000)*time.Second/paceRate/2; took < least {
		t.Errorf("the kept spans went out in %v, too fast for a receiver (want %v)", took, least)
	}
	closeTracer(t, tr)
	after := tr.Stats()
	checkBalance(t, after)
	if after.Sent != s.Retrying || after.Refused != s.Lost() {
		t.Errorf("got %+v after %+v", after, s)
	}
	eventually(t, "the kept spans", func() bool { return int64(len(agent.spans(t))) == after.Sent })
}

// Whatever the spans' sizes, a datagram never exceeds its limit, always decodes,
// and none is lost.
func TestBatchesAreCut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{400, 512, 1472, 9000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			agent := newSink(t, 0)
			cfg := udpConfig(agent.port())
			cfg.Reporter.Agent.MaxPacketSize = size
			tr, _ := newTracer(t, cfg)
			random := rand.New(rand.NewPCG(1, uint64(size)))
			for i := range 300 {
				span := tr.StartSpan(strings.Repeat("o", 1+random.IntN(60)))
				if random.IntN(3) == 0 {
					span.LogFields(log.String("s", strings.Repeat("l", random.IntN(size))))
				}
				span.Finish()
				if i%20 == 0 {
					eventually(t, "the queue", func() bool { return tr.Stats().Queued < 5 })
				}
			}
			closeTracer(t, tr)
			s := tr.Stats()
			checkBalance(t, s)
			if s.Sent == 0 || s.TooLarge == 0 || s.Sent+s.TooLarge != 300 {
				t.Errorf("got %+v", s)
			}
			eventually(t, "the spans", func() bool { return int64(len(agent.spans(t))) == s.Sent })
			largest := 0
			for _, p := range agent.received() {
				largest = max(largest, p.size)
			}
			if largest > size || largest < size*3/4 {
				t.Errorf("largest datagram: %d, limit %d", largest, size)
			}
		})
	}
}

func TestSpanTooLarge(t *testing.T) {
	t.Parallel()
	agent := newSink(t, 0)
	tr, l := newTracer(t, udpConfig(agent.port()))
	span := tr.StartSpan("whale")
	span.LogFields(log.String("payload", strings.Repeat("x", 70_000)))
	span.Finish()
	tr.StartSpan("fish").Finish()
	closeTracer(t, tr)

	s := tr.Stats()
	checkBalance(t, s)
	if s.TooLarge != 1 || s.Sent != 1 {
		t.Errorf("got %+v, want 1 too large and 1 sent", s)
	}
	id, _ := tr.TraceID(span.Context())
	l.want(t, "level=WARN", `msg="span too large for a datagram"`, "operation=whale", "trace_id="+id, "size=70")
	eventually(t, "the other span", func() bool { return len(agent.spans(t)) == 1 })
	if got := agent.received()[0].batch.Stats.TooLargeDroppedSpans; got != 1 {
		t.Errorf("the batch tells of %d spans too large, want 1", got)
	}
}

func TestProcessTagsTooLarge(t *testing.T) {
	t.Parallel()
	agent := newSink(t, 0)
	cfg := udpConfig(agent.port())
	cfg.Reporter.Agent.MaxPacketSize = 1000
	for i := range 10 {
		cfg.Tags = append(cfg.Tags, config.Tag{Name: fmt.Sprint("tag", i), Value: strings.Repeat("v", 200)})
	}
	tr, l := newTracer(t, cfg)
	makeSpans(tr, 5)
	closeTracer(t, tr)
	if s := tr.Stats(); s.TooLarge != 5 || s.Sent != 0 {
		t.Errorf("got %+v, want 5 too large", s)
	}
	l.want(t, "level=ERROR", "process tags leave no room", "max_packet_size=1000")
}

// The books close and nothing comes twice, with many goroutines, a queue that
// overflows and a port that comes and goes.
func TestBooksCloseInAnOutage(t *testing.T) {
	t.Parallel()
	port := closedPort(t)
	cfg := udpConfig(port)
	cfg.Reporter.QueueSize = 200
	cfg.Reporter.Agent.MaxPacketSize = 3000
	tr, _ := newTracer(t, cfg)

	var wg sync.WaitGroup
	var made atomic.Int64
	stop := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			burst := time.NewTicker(time.Millisecond)
			defer burst.Stop()
			for {
				makeSpans(tr, 50)
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
		agent := newSink(t, port)
		eventually(t, "some spans", func() bool { return len(agent.received()) > 3 })
		agent.close()
		for id := range agent.spans(t) {
			if received[id] {
				t.Errorf("span %x came twice", id)
			}
			received[id] = true
		}
		refused := tr.Stats().Refusals
		eventually(t, "a refusal", func() bool { return tr.Stats().Refusals > refused })
	}
	close(stop)
	wg.Wait()
	closeTracer(t, tr)
	s := tr.Stats()
	checkBalance(t, s)
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
	agent := newSink(t, 0)
	if err := agent.conn.SetReadBuffer(106496); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("this system does not show receive buffers")
	}
	cfg := udpConfig(agent.port())
	cfg.Reporter.QueueSize = 500
	tr, err := New(cfg, Options{Block: true})
	if err != nil {
		t.Fatal(err)
	}
	makeSpans(tr, made)
	closeTracer(t, tr)
	s := tr.Stats()
	checkBalance(t, s)
	if s.Sent != made || s.Blocked == 0 {
		t.Errorf("got %+v, want %d sent and some blocked", s, made)
	}
	eventually(t, "all spans", func() bool { return len(agent.spans(t)) == made })
}
