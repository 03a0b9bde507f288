package doctor

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// reportParents sends the caller's spans of the traces that the application
// joined, the configured way, so that what the check leaves behind is whole: a
// span whose parent is missing has a warning in Jaeger's UI. That this works is
// what other probes are for, so errors do not matter here.
func (v *visit) reportParents(ctx context.Context, env *Env, seen *sightings) {
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: checkService}}
	for _, c := range v.joins {
		if _, ok := seen.joined[c.name]; !ok {
			continue
		}
		env.sent.add(c.caller.trace, true)
		batch.Spans = append(batch.Spans, &jaeger.Span{
			TraceIdHigh:   int64(c.caller.trace.High),
			TraceIdLow:    int64(c.caller.trace.Low),
			SpanId:        int64(c.caller.span),
			OperationName: idThrough + " " + c.name,
			Flags:         flagSampled,
			StartTime:     c.start.UnixMicro(),
			Duration:      c.took.Microseconds(),
		})
	}
	if len(batch.Spans) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, networkTimeout)
	defer cancel()
	if env.config().UsesCollector() {
		sendParents(ctx, env, handmade{batch: batch})
		return
	}
	data, err := handmade{batch: batch}.datagram(ctx)
	if err != nil {
		return
	}
	conn, err := env.Dial(ctx, "udp", env.agentAddr())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(data)
}

// sendParents sends spans to the collector as the configured tracer would. To
// Appdash it sends none, whose spans are told apart by numbers of 64 bits.
func sendParents(ctx context.Context, env *Env, spans handmade) {
	in := intakeOf(&env.Target)
	endpoint, err := env.collector()
	if err != nil || in.scheme == schemeTCP {
		return
	}
	if in.scheme == schemeGRPC {
		call := grpcURL(endpoint)
		_, _ = callGRPC(ctx, env, call, otlpMessage(spans), true)
		return
	}
	body, err := in.body(ctx, spans)
	if err != nil {
		return
	}
	_, _ = postBody(ctx, env, in, endpoint, body, true)
}
