package canary

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The codes of what is found here.
const (
	CodeLargeDelivered  probe.Code = "canary-large-delivered"
	CodeLargeLost       probe.Code = "canary-large-lost"
	codeLargeNotSent    probe.Code = "canary-large-not-sent"
	codeLargeNotAwaited probe.Code = "canary-large-not-awaited"
)

const (
	// largeSpan is about the size of the large span in bytes: close to the 65000
	// that a datagram of jaeger-client-go's may have, and some 41 fragments on an
	// Ethernet.
	largeSpan = 60_000
	// smallPacket passes every network. With a packet size limited to it there
	// is nothing to check.
	smallPacket = 1472
	// spanOverhead is the size of the large span without its log.
	spanOverhead = 200
)

// LargeProbe sends a span that fills a datagram. A network that drops
// fragments loses just those, and a busy service's batches are as large.
func LargeProbe() probe.Probe {
	return probe.Probe{
		ID:        probe.IDLarge,
		Hop:       probe.HopDelivery,
		Title:     "a span that fills a datagram arrives",
		Needs:     []string{probe.IDUDP, probe.IDQuery},
		Unbounded: true,
		Advisory:  true,
		Codes:     []probe.Code{CodeLargeDelivered, CodeLargeLost, codeLargeNotSent, codeLargeNotAwaited},
		Run:       runCanaryLarge,
	}
}

func runCanaryLarge(ctx context.Context, env *probe.Env) probe.Finding {
	agent := env.Config().Reporter.Agent
	small, sent := probe.Result[send.SentSpan](env, probe.IDUDP)
	switch {
	case env.Config().UsesCollector():
		return probe.NotUsed("spans are not sent in datagrams, so datagram size does not limit them")
	case agent.MaxPacketSize <= smallPacket:
		return probe.NotUsed("packets have at most %d bytes, because of reporter.agent.max_packet_size", agent.MaxPacketSize)
	case !sent:
		return probe.NotUsed("no small span was sent to compare with")
	}
	span := send.NewRawSpan(probe.IDLarge, time.Now())
	filler := strings.Repeat("x", min(largeSpan, agent.MaxPacketSize)-spanOverhead)
	span.Batch.Spans[0].Logs = []*jaeger.Log{{
		Timestamp: span.Batch.Spans[0].StartTime, Fields: []*jaeger.Tag{{Key: "filler", VType: jaeger.TagType_STRING, VStr: &filler}},
	}}
	packet, err := span.Encode(ctx, send.CompactProtocol)
	if err != nil {
		return probe.Unknown(codeLargeNotSent, "%v", err)
	}
	saw := fmt.Sprintf("sent a span of %d bytes to udp %s (trace %s)", len(packet), small.Addr, span.ID)
	// A network that drops fragments loses just this one.
	env.Sent.Add(span.ID, true)
	if err := send.WriteUDP(ctx, env, small.Addr, packet); err != nil {
		return largeNotSent(len(packet), small.Addr, err).Saw(saw)
	}
	return awaitLarge(ctx, env, span.ID, small, len(packet)).Saw(saw)
}

func largeNotSent(size int, addr string, err error) probe.Finding {
	if !errors.Is(err, syscall.EMSGSIZE) {
		return probe.Unknown(codeLargeNotSent, "cannot send a datagram of %d bytes to %s: %s", size, addr, probe.Reason(err))
	}
	f := probe.Warn(codeLargeNotSent, "this machine cannot send a datagram of %d bytes (EMSGSIZE): large spans and full batches are lost", size)
	if runtime.GOOS == "darwin" {
		f = f.Hint("sudo sysctl -w net.inet.udp.maxdgram=65536")
	}
	return f.Hint(hintPacketSize).
		Perhaps("macOS sends at most 9216 bytes by default", "sysctl net.inet.udp.maxdgram").
		Perhaps("the interface's MTU is smaller and fragmentation is off", "ip route get "+probe.HostOf(addr))
}

// hintPacketSize keeps a datagram within the payload of one Ethernet frame.
const hintPacketSize = "OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=1472"

// awaitLarge waits for the small span first. If that one is not found, the
// missing large one proves nothing; if it is, the wait for the large one
// begins.
func awaitLarge(ctx context.Context, env *probe.Env, id trace.TraceID, small send.SentSpan, size int) probe.Finding {
	client, err := env.NewQuery()
	if err != nil {
		return probe.Unknown(codeLargeNotAwaited, "%v", err)
	}
	defer client.Close()
	ctx, cancel := withoutFallback(ctx)
	defer cancel()
	start := time.Now()
	if _, err := client.WaitTrace(ctx, small.Trace, nil); err != nil {
		return probe.Unknown(codeLargeNotAwaited,
			"a small span sent to udp %s was not found either, so the large one proves nothing", small.Addr).Saw(err.Error())
	}
	wait, stop := context.WithTimeout(ctx, LostAfter)
	defer stop()
	_, err = client.WaitTrace(wait, id, nil)
	switch {
	case err == nil:
		return probe.OK(CodeLargeDelivered, "a span of %d bytes arrives", size)
	case !errors.Is(err, query.ErrNotFound), ctx.Err() != nil:
		return probe.Unknown(codeLargeNotAwaited, "a span of %d bytes was not read back: %v", size, err)
	}
	host := probe.HostOf(small.Addr)
	return probe.Warn(CodeLargeLost, "a small span sent to udp %s arrives, but one of %d bytes was not found after %s",
		small.Addr, size, probe.RoundTime(time.Since(start))).
		Hint("--collector-endpoint "+send.ThriftURL(env.Config().Reporter.Agent.Host), hintPacketSize).
		Saw(err.Error()).
		Perhaps("a firewall, a NAT or an overlay network drops the fragments of large packets", "ping -c 3 -s 60000 "+host).
		Perhaps("the path MTU is smaller, and the ICMP message that reports it is dropped", "tracepath -n "+host).
		Perhaps("the receive buffer on Jaeger's host is too small for it", "sysctl net.core.rmem_default (on Jaeger's host)").
		Perhaps("the storage rejects large spans", probe.HintLogs)
}
