package canary

import (
	"context"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probetest"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
	"github.com/otdemo/otdemo/pkg/trace"
)

var smallID = trace.TraceID{Low: 0xabc}

// afterSmall is what agent-udp would have published about the small span to
// addr.
func afterSmall(addr string) map[string]probe.Outcome {
	return map[string]probe.Outcome{
		probe.IDUDP: {Finding: probe.Found(probe.StatusOK, transport.CodeUDPSilent, "x"), Published: send.SentSpan{Trace: smallID, Addr: addr}},
	}
}

// tracesThat is a query API that has the traces for whose ids have returns
// true.
func tracesThat(t *testing.T, have func(trace.TraceID) bool) string {
	t.Helper()
	return probetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		id, err := trace.ParseTraceID(strings.TrimPrefix(r.URL.Path, "/api/traces/"))
		if err != nil {
			t.Errorf("unexpected request for %s", r.URL)
		}
		if !have(id) {
			http.Error(w, probetest.NotFoundBody, http.StatusNotFound)
			return
		}
		_ = trace.EncodeTraces(w, []trace.Trace{{ID: id, Spans: []trace.Span{spanOf(id)}}}, nil)
	}).URL
}

func TestCanaryLarge(t *testing.T) {
	t.Parallel()
	all := func(trace.TraceID) bool { return true }
	small := func(id trace.TraceID) bool { return id == smallID }
	none := func(trace.TraceID) bool { return false }
	tests := map[string]struct {
		have   func(trace.TraceID) bool
		within time.Duration
		status probe.Status
		code   probe.Code
		fact   string
		hint   string
	}{
		"both arrive": {all, probe.DefaultTimeout, probe.StatusOK, CodeLargeDelivered, "a span of 599", ""},
		"the large one is lost": {
			small, probe.DefaultTimeout, probe.StatusWarn, CodeLargeLost, "a small span sent to udp ADDR arrives, but one of 599",
			"--collector-endpoint http://127.0.0.1:14268/api/traces",
		},
		"neither": {
			none, time.Second, probe.StatusUnknown, codeLargeNotAwaited,
			"a small span sent to udp ADDR was not found either, so the large one proves nothing", "",
		},
		"too little time": {small, time.Second, probe.StatusUnknown, codeLargeNotAwaited, "a span of 599", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent := probetest.ListenUDP(t)
			addr := agent.LocalAddr().String()
			target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "query.url", tracesThat(t, tt.have)))
			f, _ := probetest.ExamineWithin(t, tt.within, LargeProbe(), target, afterSmall(addr))
			if start := strings.ReplaceAll(tt.fact, "ADDR", addr); f.Status != tt.status || f.Code != tt.code || !strings.HasPrefix(f.Fact, start) {
				t.Errorf("got %s %s %q, want %s %s %q...", f.Status, f.Code, f.Fact, tt.status, tt.code, start)
			}
			if got := probe.First(f.Hints); got != tt.hint {
				t.Errorf("got hint %q, want %q", got, tt.hint)
			}
			packet, _ := probetest.Receive(t, agent)
			if len(packet) < largeSpan-spanOverhead || len(packet) > largeSpan || !probetest.WholeBatch(t, packet, send.CompactProtocol) {
				t.Errorf("sent %d bytes, want a whole batch of nearly %d", len(packet), largeSpan)
			}
		})
	}
}

func TestCanaryLargeKeepsToThePacketSize(t *testing.T) {
	t.Parallel()
	agent := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "reporter.agent.max_packet_size", "9000",
		"query.url", tracesThat(t, func(trace.TraceID) bool { return true })))
	probetest.Examine(t, LargeProbe(), target, afterSmall(agent.LocalAddr().String()))
	if packet, _ := probetest.Receive(t, agent); len(packet) > 9000 || len(packet) < 9000-spanOverhead {
		t.Errorf("sent %d bytes, want nearly 9000", len(packet))
	}
	target = probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1", "reporter.agent.max_packet_size", "1472"))
	f, _ := probetest.Examine(t, LargeProbe(), target, afterSmall(agent.LocalAddr().String()))
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "packets have at most 1472 bytes, because of reporter.agent.max_packet_size", "")
}

func TestCanaryLargeIsForUDP(t *testing.T) {
	t.Parallel()
	target := probetest.Outside(probetest.Load(t, "reporter.collector.endpoint", "http://127.0.0.1:14268/api/traces"))
	f, _ := probetest.Examine(t, LargeProbe(), target, nil)
	probetest.Expect(t, f, probe.StatusSkip, probe.CodeNotUsed, "spans are not sent in datagrams, so datagram size does not limit them", "")
}

// shortConn refuses datagrams larger than net.inet.udp.maxdgram, as macOS does.
type shortConn struct{ net.Conn }

func (c shortConn) Write(p []byte) (int, error) {
	if len(p) > 9216 {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", syscall.EMSGSIZE)}
	}
	return c.Conn.Write(p)
}

func TestCanaryLargeThatCannotBeSent(t *testing.T) {
	t.Parallel()
	agent := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t, "reporter.agent.host", "127.0.0.1"))
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		return shortConn{conn}, err
	}
	f, _ := probetest.Examine(t, LargeProbe(), target, afterSmall(agent.LocalAddr().String()))
	const end = "bytes (EMSGSIZE): large spans and full batches are lost"
	if f.Status != probe.StatusWarn || f.Code != codeLargeNotSent || !strings.HasSuffix(f.Fact, end) {
		t.Errorf("got %s %s %q, want ...%q", f.Status, f.Code, f.Fact, end)
	}
	if got := f.Hints[len(f.Hints)-1]; got != hintPacketSize {
		t.Errorf("got hints %q, want %q", f.Hints, hintPacketSize)
	}
	target.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	if f, _ = probetest.Examine(t, LargeProbe(), target, afterSmall("127.0.0.1:1")); f.Status != probe.StatusUnknown || f.Code != codeLargeNotSent {
		t.Errorf("got %s %s %q, want it unknown", f.Status, f.Code, f.Fact)
	}
}

func TestCanaryUnderHalfOfItsID(t *testing.T) {
	t.Parallel()
	agent := probetest.ListenUDP(t)
	target := probetest.Outside(probetest.Load(t,
		"reporter.agent.host", "127.0.0.1", "reporter.agent.port", probetest.PortFrom(t, agent.LocalAddr().String()), "trace_id_128bit", "true",
		"query.url", tracesThat(t, func(id trace.TraceID) bool { return id.High == 0 })))
	f, env := probetest.ExamineWithin(t, 2*time.Second, Probe(), target, nil)
	probetest.Expect(t, f, probe.StatusWarn, CodeCanaryTruncated, "a span arrives at udp "+agent.LocalAddr().String()+
		" with its trace id truncated to 64 bits: services with longer ids lose their traces", "OTDEMO_TRACE_ID_128BIT=false")
	if _, ok := env.Published.(Delivery); !ok {
		t.Error("the span is not called delivered")
	}
}
