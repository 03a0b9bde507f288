package through

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
	"github.com/otdemo/otdemo/pkg/doctor/internal/transport"
)

// reportParents sends the caller's spans of the traces that the application
// joined, by the configured path, so that these traces are complete: a span
// whose parent is missing has a warning in Jaeger's UI. Other probes check this
// path, so errors do not matter here.
func (v *session) reportParents(ctx context.Context, env *probe.Env, seen *observations) {
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: probe.CheckService}}
	for _, c := range v.joins {
		if _, ok := seen.joined[c.name]; !ok {
			continue
		}
		env.Sent.Add(c.caller.trace, true)
		batch.Spans = append(batch.Spans, &jaeger.Span{
			TraceIdHigh:   int64(c.caller.trace.High),
			TraceIdLow:    int64(c.caller.trace.Low),
			SpanId:        int64(c.caller.span),
			OperationName: probe.IDThrough + " " + c.name,
			Flags:         send.FlagSampled,
			StartTime:     c.start.UnixMicro(),
			Duration:      c.took.Microseconds(),
		})
	}
	if len(batch.Spans) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probe.NetworkTimeout)
	defer cancel()
	if env.Config().UsesCollector() {
		sendParents(ctx, env, send.RawSpan{Batch: batch})
		return
	}
	data, err := send.RawSpan{Batch: batch}.Datagram(ctx)
	if err != nil {
		return
	}
	conn, err := env.Dial(ctx, "udp", env.AgentAddr())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(data)
}

// sendParents sends spans to the collector as the configured tracer would. It
// sends none to Appdash, whose trace ids have 64 bits.
func sendParents(ctx context.Context, env *probe.Env, spans send.RawSpan) {
	in := send.ProtocolOf(&env.Target)
	endpoint, err := env.Collector()
	if err != nil || in.Scheme == probe.SchemeTCP {
		return
	}
	if in.Scheme == probe.SchemeGRPC {
		call := transport.GRPCURL(endpoint)
		_, _ = send.CallGRPC(ctx, env, call, send.OTLPMessage(spans), true)
		return
	}
	body, err := in.Body(ctx, spans)
	if err != nil {
		return
	}
	_, _ = send.PostBody(ctx, env, in, endpoint, body, true)
}
