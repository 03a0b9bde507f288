package through

import (
	"context"

	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// reportParents sends the caller's spans of the traces that the application
// joined, by the configured path, so that these traces are complete: a span
// whose parent is missing has a warning in Jaeger's UI. Other probes check this
// path, so errors do not matter here.
func (s *observations) reportParents(ctx context.Context, env *probe.Env) {
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: probe.CheckService}}
	for _, c := range s.joins {
		if _, ok := s.joined[c.name]; !ok {
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
	spans := send.RawSpan{Batch: batch}
	if !env.Config().UsesCollector() {
		if data, err := spans.Encode(ctx, send.CompactProtocol); err == nil {
			_ = send.WriteUDP(ctx, env, env.AgentAddr(), data)
		}
		return
	}
	// None to Appdash, whose trace ids have 64 bits.
	in := send.ProtocolOf(&env.Target)
	if endpoint, err := env.Collector(); err == nil && in.Scheme != probe.SchemeTCP {
		in.Send(ctx, env, endpoint, spans, true)
	}
}
