package udp

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
	"github.com/otdemo/otdemo/pkg/tracer/internal/thrift"
)

// rig drives a UDP transport step by step, in place of the reporter.
type rig struct {
	transport *Transport
	counters  *reporter.Counters
	cancel    context.CancelFunc
}

func startUDP(t *testing.T, agent config.Agent, names resolver) (*rig, *testkit.Logs) {
	t.Helper()
	l := &testkit.Logs{}
	ctx, cancel := context.WithCancel(context.Background())
	counters := reporter.NewCounters(jaeger.NewNullMetrics())
	r := &rig{counters: counters, cancel: cancel, transport: New(Options{
		Agent: agent, resolver: names, Counters: counters, Log: l.Logger(), Ctx: ctx,
	})}
	t.Cleanup(func() {
		r.transport.Close()
		cancel()
	})
	return r, l
}

// report gives the transport n spans, as the reporter does.
func (r *rig) report(n int) {
	for _, span := range testkit.NewSpans(n) {
		r.counters.Finished.Add(1)
		r.counters.Add(1, reporter.InFlight)
		r.transport.Append(span)
	}
}

func (r *rig) stats() reporter.Stats { return r.counters.Stats(0) }

// names resolves any host to what it was told last.
type names struct {
	mu    sync.Mutex
	err   error
	addrs []netip.Addr
}

func newNames(err error, addrs ...string) *names {
	n := &names{}
	n.set(err, addrs...)
	return n
}

func (n *names) set(err error, addrs ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err, n.addrs = err, parseAddrs(addrs...)
}

func (n *names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.addrs), n.err
}

func parseAddr(s string) netip.Addr {
	addr, _ := netip.ParseAddr(s)
	return addr
}

func parseAddrs(texts ...string) []netip.Addr {
	var addrs []netip.Addr
	for _, s := range texts {
		addrs = append(addrs, parseAddr(s))
	}
	return addrs
}

func TestUnresolvedThenResolved(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	names := newNames(errors.New("no such host"))
	r, l := startUDP(t, config.Agent{Host: "agent.test", Port: agent.Port(), MaxPacketSize: 65000}, names)
	r.report(20)
	r.transport.Flush()
	if s := r.stats(); s.Queued != 20 {
		t.Errorf("unresolved: %+v, want 20 queued", s)
	}
	testkit.Eventually(t, "the warning", func() bool { r.transport.Tick(); return l.String() != "" })
	l.Want(t, "level=WARN", "agent address not usable", "no such host")

	names.set(nil, "127.0.0.1")
	testkit.Eventually(t, "sent = made", func() bool { r.transport.Tick(); return r.stats().Sent == 20 })
	testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == 20 })
}

func TestUnresolvedAtClose(t *testing.T) {
	t.Parallel()
	names := newNames(errors.New("no such host"))
	r, _ := startUDP(t, config.Agent{Host: "agent.test", Port: 6831, MaxPacketSize: 65000}, names)
	r.report(20)
	r.transport.Close()
	s := r.stats()
	testkit.CheckBalance(t, s)
	if s.Failed != 20 {
		t.Errorf("got %+v, want 20 failed", s)
	}
}

func TestAddressChanges(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs a second loopback address")
	}
	first := testkit.NewSink(t, 0)
	second := testkit.NewSinkAt(t, "127.0.0.2", first.Port())
	names := newNames(nil, "127.0.0.1")
	r, l := startUDP(t, config.Agent{
		Host: "agent.test", Port: first.Port(), MaxPacketSize: 65000,
		Reconnect: true, ReconnectInterval: 10 * time.Millisecond,
	}, names)
	send := func(to *testkit.Sink) {
		t.Helper()
		testkit.Eventually(t, "a span", func() bool {
			r.report(1)
			r.transport.Flush()
			return len(to.Received()) > 0
		})
	}
	send(first)
	names.set(nil, "127.0.0.2")
	send(second)
	l.Want(t, "agent address changed", "from=127.0.0.1", "to=127.0.0.2")
	testkit.Eventually(t, "all confirmed", func() bool { r.transport.Tick(); return r.stats().Queued == 0 })
	testkit.Eventually(t, "all spans", func() bool {
		all := first.Spans(t)
		maps.Copy(all, second.Spans(t))
		return int64(len(all)) == r.stats().Sent
	})
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		addrs, current, want string
	}{
		{"::1 127.0.0.1", "", "127.0.0.1"},
		{"::1", "", "::1"},
		{"10.0.0.1 10.0.0.2", "10.0.0.2", "10.0.0.2"},
		{"10.0.0.1 10.0.0.2", "10.0.0.9", "10.0.0.1"},
		{"::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1"},
	} {
		got := choose(parseAddrs(strings.Fields(test.addrs)...), parseAddr(test.current)).String()
		if got != test.want {
			t.Errorf("choose(%s, %s): got %s, want %s", test.addrs, test.current, got, test.want)
		}
	}
}

func TestDatagramsKeepOrder(t *testing.T) {
	t.Parallel()
	var q datagrams
	for _, n := range rand.Perm(50) {
		q.insert(&datagram{number: uint32(n), payload: make([]byte, n)})
	}
	if d := q.take(20); d == nil || d.number != 20 || q.take(20) != nil {
		t.Error("take(20) does not take it once")
	}
	var got []uint32
	for !q.empty() {
		got = append(got, q.pop().number)
	}
	if !slices.IsSorted(got) || len(got) != 49 || q.bytes != 0 {
		t.Errorf("got %v, %d bytes left", got, q.bytes)
	}
}

// A refusal that comes when the datagram counts as sent is counted still.
func TestLateRefusal(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: agent.Port(), MaxPacketSize: 65000}, nil)
	r.report(7)
	r.transport.Flush()
	testkit.Eventually(t, "sent", func() bool { r.transport.Tick(); return r.stats().Sent == 7 })
	r.transport.refuse(1)
	r.transport.refuse(1)
	s := r.stats()
	testkit.CheckBalance(t, s)
	if s.Sent != 0 || s.Refused != 7 || s.Lost() != 7 || s.Refusals != 2 {
		t.Errorf("got %+v, want 7 refused and lost", s)
	}
	// The port counts as closed now; the next datagram finds out that it is not.
	r.report(1)
	r.transport.Flush()
	testkit.Eventually(t, "the probe", func() bool { r.transport.Tick(); return r.stats().Sent == 1 })
}

// Without the datagram's first bytes the oldest one in flight is taken.
func TestRefusalWithoutQuote(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: agent.Port(), MaxPacketSize: 65000}, nil)
	r.transport.sock.grace = time.Hour
	for range 3 {
		r.report(1)
		r.transport.Flush()
	}
	r.transport.refuse(unknown)
	if got := r.transport.flight.first().number; got != 2 {
		t.Errorf("oldest in flight: got %d, want 2", got)
	}
	if s := r.stats(); s.Retrying != 1 || s.Queued != 2 {
		t.Errorf("got %+v, want 1 retrying and 2 queued", s)
	}
	r.cancel()
}

// A system that does not quote is asked for the socket's error after each write.
func TestRefusalFromSocketError(t *testing.T) {
	t.Parallel()
	port := testkit.ClosedPort(t)
	r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: port, MaxPacketSize: 65000}, nil)
	r.transport.sock.exact = false
	for range 5 {
		r.report(10)
		r.transport.Flush()
	}
	if s := r.stats(); s.Refused != 50 || s.Sent != 0 {
		t.Errorf("got %+v, want 50 refused", s)
	}
	agent := testkit.NewSink(t, port)
	testkit.Eventually(t, "sent", func() bool { r.transport.Tick(); return r.stats().Sent == 50 })
	testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == 50 })
}

// When Close's time is over, nothing waits any more and the counts add up.
func TestCloseAtTheEndOfLife(t *testing.T) {
	t.Parallel()
	r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: testkit.ClosedPort(t), MaxPacketSize: 65000}, nil)
	r.report(5)
	r.transport.Flush()
	r.cancel()
	r.report(5)
	start := time.Now()
	r.transport.Close()
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("Close took %v", took)
	}
	s := r.stats()
	testkit.CheckBalance(t, s)
	if s.Refused != 10 || s.Retrying != 0 {
		t.Errorf("got %+v, want 10 refused", s)
	}
}

func TestDatagramTooLongForTheSystem(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	r, l := startUDP(t, config.Agent{Host: "127.0.0.1", Port: agent.Port(), MaxPacketSize: 70_000}, nil)
	r.report(1500)
	r.transport.Flush()
	testkit.Eventually(t, "settled", func() bool { r.transport.Tick(); return r.stats().Queued == 0 })
	s := r.stats()
	testkit.CheckBalance(t, s)
	if s.Failed == 0 || s.Sent == 0 || s.Refused != 0 {
		t.Errorf("got %+v, want some failed and the rest sent", s)
	}
	l.Want(t, "level=WARN", "spans not sent", "message too long")
}

// A write may return the error of an earlier datagram. Then it did not send its
// own, which has to be kept, whether or not the system tells which one it was.
func TestWriteReturnsEarlierError(t *testing.T) {
	t.Parallel()
	for _, exact := range []bool{true, false} {
		port := testkit.ClosedPort(t)
		r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: port, MaxPacketSize: 65000}, nil)
		r.transport.sock.exact = exact
		if err := r.transport.sock.write(99, []byte{thrift.CompactProtocol, thrift.CompactCall, 99}); err != nil {
			t.Fatal(err)
		}
		r.report(3)
		r.transport.seal()
		if s := r.stats(); s.Refused != 3 || s.Retrying != 3 || s.Refusals != 1 {
			t.Errorf("exact %v: got %+v, want 3 kept after 1 refusal", exact, s)
		}
		agent := testkit.NewSink(t, port)
		testkit.Eventually(t, "sent", func() bool { r.transport.Tick(); return r.stats().Sent == 3 })
		testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == 3 })
	}
}

// A datagram that the system has no room for is kept for the next try.
func TestBusyWrite(t *testing.T) {
	t.Parallel()
	agent := testkit.NewSink(t, 0)
	r, _ := startUDP(t, config.Agent{Host: "127.0.0.1", Port: agent.Port(), MaxPacketSize: 65000}, nil)
	setDeadline := func(at time.Time) {
		t.Helper()
		if err := r.transport.sock.conn.SetWriteDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	setDeadline(time.Unix(1, 0))
	r.report(3)
	r.transport.Flush()
	if s := r.stats(); s.Queued != 3 || len(r.transport.backlog.list) != 1 {
		t.Errorf("got %+v, want 3 queued", s)
	}
	setDeadline(time.Time{})
	testkit.Eventually(t, "sent", func() bool { r.transport.Tick(); return r.stats().Sent == 3 })
	testkit.Eventually(t, "the spans", func() bool { return len(agent.Spans(t)) == 3 })
}
