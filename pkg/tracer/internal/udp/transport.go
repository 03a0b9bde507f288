// Package udp delivers spans to an agent over UDP, and finds out which datagrams did
// not arrive. Start at New: a Transport packs spans into datagrams, and a sender below
// it sends them, keeps those that were refused and sends them again.
package udp

import (
	"context"
	"log/slog"
	"net"
	"strconv"

	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/thrift"
)

// Transport sends compact thrift to an agent. It encodes spans and packs them into
// datagrams of the agent's size, which a sender delivers. It implements
// transport, from one goroutine.
type Transport struct {
	*sender
	encoder *thrift.Encoder

	// The current batch.
	process    []byte
	spans      []byte
	n          int
	capacity   int // bytes of spans that fit a datagram
	lastNumber uint32

	sizeLog reporter.Throttle
}

// Options are what a Transport needs.
type Options struct {
	Agent    config.Agent
	resolver resolver // nil is net.DefaultResolver
	Counters *reporter.Counters
	Log      *slog.Logger
	// Ctx ends all waits; what is unsent then is given up.
	Ctx context.Context
}

// New makes a transport, which begins to look up the agent at once.
func New(o Options) *Transport {
	o.Log = o.Log.With("target", Target(o.Agent))
	return &Transport{sender: newSender(o), encoder: thrift.NewCompact()}
}

// Target is the agent's address as it is configured.
func Target(a config.Agent) string {
	return "udp " + net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// Append implements reporter.Transport. It writes a datagram when span no longer
// fits the current one, and may then wait for room in the agent's receive
// buffer, for stallTimeout at the longest.
func (t *Transport) Append(span *jaeger.Span) {
	if t.process == nil {
		t.prepare(span)
	}
	before := len(t.spans)
	encoded, err := t.encoder.AppendSpan(t.spans, span)
	if err != nil {
		t.fail(1, reporter.InFlight, err)
		return
	}
	t.spans = encoded[:before]
	size := len(encoded) - before
	if size > t.capacity {
		t.tooLarge(span, size)
		return
	}
	if len(encoded) > t.capacity {
		t.seal()
		encoded = encoded[:copy(encoded, encoded[before:])]
	}
	t.spans = encoded
	t.n++
}

// prepare encodes the process, which all batches repeat.
func (t *Transport) prepare(span *jaeger.Span) {
	t.process = t.encoder.AppendProcess(nil, span)
	t.capacity = t.Agent.MaxPacketSize - thrift.CompactOverhead - len(t.process)
	if t.capacity < thrift.SmallestSpan {
		t.Log.Error("process tags leave no room for spans in a datagram",
			"process_size", len(t.process), "max_packet_size", t.Agent.MaxPacketSize)
	}
}

// tooLarge counts a span that fits no datagram, and logs it: the cause is the
// span, or process tags that leave no room for any.
func (t *Transport) tooLarge(span *jaeger.Span, size int) {
	t.Counters.Move(1, reporter.InFlight, reporter.TooLarge)
	if !t.sizeLog.Allow() {
		return
	}
	t.Log.Warn("span too large for a datagram", "operation", span.OperationName(),
		"trace_id", span.SpanContext().TraceID().String(), "size", size, "room", max(t.capacity, 0),
		"process_size", len(t.process), "max_packet_size", t.Agent.MaxPacketSize,
		"too_large", t.Counters.Count(reporter.TooLarge))
}

// Flush implements reporter.Transport. It never sends an empty batch, which
// crashes some Jaegers.
func (t *Transport) Flush() {
	t.seal()
	t.Tick()
}

// seal makes the current batch a datagram and sends it, or keeps it.
func (t *Transport) seal() {
	if t.n == 0 {
		return
	}
	t.lastNumber++
	payload := t.spare.get(thrift.CompactOverhead + len(t.process) + len(t.spans))
	payload = thrift.AppendEmitBatch(payload, t.lastNumber, thrift.Batch{
		Process: t.process, Spans: [][]byte{t.spans}, N: t.n, SeqNo: int64(t.lastNumber), Stats: t.Counters.Losses(),
	})
	d := &datagram{number: t.lastNumber, spans: t.n, payload: payload, in: reporter.InFlight}
	t.spans, t.n = t.spans[:0], 0
	t.deliver(d)
}

// Close implements reporter.Transport, see sender.close.
func (t *Transport) Close() {
	t.seal()
	t.close()
}
