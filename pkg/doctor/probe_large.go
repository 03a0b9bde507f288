package doctor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/query"
	"github.com/otdemo/otdemo/pkg/trace"
)

const idLarge = "canary-large"

const (
	codeLargeDelivered  Code = "canary-large-delivered"
	codeLargeLost       Code = "canary-large-lost"
	codeLargeNotSent    Code = "canary-large-not-sent"
	codeLargeNotAwaited Code = "canary-large-not-awaited"
)

const (
	// largeSpan is about the size of the large span in bytes: close to the 65000
	// that a datagram of jaeger-client-go's may have, and some 41 fragments on an
	// Ethernet.
	largeSpan = 60_000
	// smallPacket is what passes everywhere: who has lowered the packet size to
	// it has nothing to find out here.
	smallPacket = 1472
	// spanOverhead is what the large span takes beside its log.
	spanOverhead = 200
)

// canaryLarge sends a span that fills a datagram. A network that drops
// fragments loses just those, and a busy service's batches are as large.
func canaryLarge() Probe {
	return Probe{
		ID:      idLarge,
		Hop:     HopDelivery,
		Title:   "a span that fills a datagram arrives, too",
		Needs:   []string{idUDP, idQuery},
		Patient: true,
		Aside:   true,
		Codes:   []Code{codeLargeDelivered, codeLargeLost, codeLargeNotSent, codeLargeNotAwaited},
		Run:     runCanaryLarge,
	}
}

func runCanaryLarge(ctx context.Context, env *Env) Finding {
	agent := env.config().Reporter.Agent
	small, sent := fact[sentSpan](env, idUDP)
	switch {
	case env.config().UsesCollector():
		return notUsed("spans do not go in datagrams, and are not bound by their size")
	case agent.MaxPacketSize <= smallPacket:
		return notUsed("packets have at most %d bytes, by reporter.agent.max_packet_size", agent.MaxPacketSize)
	case !sent:
		return notUsed("no small span was sent to compare with")
	}
	span := newHandmade(idLarge, time.Now())
	size := min(largeSpan, agent.MaxPacketSize) - spanOverhead
	span.batch.Spans[0].Logs = []*jaeger.Log{bigLog(span.batch.Spans[0].StartTime, size)}
	packet, err := span.datagram(ctx)
	if err != nil {
		return found(StatusUnknown, codeLargeNotSent, "%v", err)
	}
	saw := fmt.Sprintf("sent a span of %d bytes to udp %s (trace %s)", len(packet), small.addr, span.id)
	// A network that drops fragments loses just this one.
	env.sent.add(span.id, true)
	if err := writeUDP(ctx, env, small.addr, packet); err != nil {
		return largeNotSent(len(packet), small.addr, err).saw(saw)
	}
	return awaitLarge(ctx, env, span.id, small, len(packet)).saw(saw)
}

// bigLog is a log of one field with a value of size bytes.
func bigLog(at int64, size int) *jaeger.Log {
	filler := strings.Repeat("otdemo check-jaeger ", size/20+1)[:size]
	return &jaeger.Log{Timestamp: at, Fields: []*jaeger.Tag{
		{Key: "filler", VType: jaeger.TagType_STRING, VStr: &filler},
	}}
}

// writeUDP sends a datagram and does not wait for a refusal.
func writeUDP(ctx context.Context, env *Env, addr string, packet []byte) error {
	conn, err := env.Dial(ctx, "udp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.Write(packet)
	return err
}

func largeNotSent(size int, addr string, err error) Finding {
	if !errors.Is(err, syscall.EMSGSIZE) {
		return found(StatusUnknown, codeLargeNotSent, "a datagram of %d bytes to %s cannot be sent: %s", size, addr, reason(err))
	}
	f := found(StatusWarn, codeLargeNotSent,
		"this machine sends no datagram of %d bytes (EMSGSIZE): large spans and full batches are lost", size)
	if runtime.GOOS == "darwin" {
		f = f.hint("sudo sysctl -w net.inet.udp.maxdgram=65536")
	}
	return f.hint(hintPacketSize).maybe(
		Cause{Text: "macOS sends 9216 bytes at most unless told otherwise", Command: "sysctl net.inet.udp.maxdgram"},
		Cause{Text: "the interface's MTU is smaller and fragmentation is off", Command: "ip route get " + hostOf(addr)},
	)
}

// hintPacketSize keeps a datagram within the payload of one Ethernet frame.
const hintPacketSize = "OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=1472"

// awaitLarge waits for the small span first: where that one is not found, the
// large one's absence says nothing, and where it is, patience begins.
func awaitLarge(ctx context.Context, env *Env, id trace.TraceID, small sentSpan, size int) Finding {
	client, err := env.newQuery()
	if err != nil {
		return found(StatusUnknown, codeLargeNotAwaited, "%v", err)
	}
	defer client.Close()
	ctx, cancel := withoutFallback(ctx)
	defer cancel()
	start := time.Now()
	if _, err := client.WaitTrace(ctx, small.trace, nil); err != nil {
		return found(StatusUnknown, codeLargeNotAwaited,
			"not even a small span to udp %s is there, so the large one tells nothing", small.addr).saw(err.Error())
	}
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	_, err = client.WaitTrace(wait, id, nil)
	switch {
	case err == nil:
		return found(StatusOK, codeLargeDelivered, "a span of %d bytes arrives, too", size)
	case !errors.Is(err, query.ErrNotFound), ctx.Err() != nil:
		return found(StatusUnknown, codeLargeNotAwaited, "a span of %d bytes was not read back: %v", size, err)
	}
	host := hostOf(small.addr)
	return found(StatusWarn, codeLargeLost, "a small span to udp %s arrives, and one of %d bytes is not there after %s",
		small.addr, size, roundTime(time.Since(start))).
		hint("--collector-endpoint "+thriftURL(env.config().Reporter.Agent.Host), hintPacketSize).
		saw(err.Error()).
		maybe(
			Cause{Text: "a firewall, a NAT or an overlay network drops the fragments of large packets", Command: "ping -c 3 -s 60000 " + host},
			Cause{Text: "the MTU is smaller on the way, and the ICMP that would say so is dropped", Command: "tracepath -n " + host},
			Cause{Text: "the receive buffer of Jaeger's host is too small for it", Command: "sysctl net.core.rmem_default (on Jaeger's host)"},
			Cause{Text: "the storage rejects large spans", Command: "docker logs --tail 50 jaeger"},
		)
}
