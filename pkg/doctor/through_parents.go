package doctor

import (
	"bytes"
	"context"
	"io"
	"net/http"

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
		postParents(ctx, env, handmade{batch: batch})
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

func postParents(ctx context.Context, env *Env, spans handmade) {
	body, err := spans.body(ctx)
	if err != nil {
		return
	}
	collector := env.config().Reporter.Collector
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, collector.Endpoint, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/x-thrift")
	if collector.User != "" {
		req.SetBasicAuth(collector.User, collector.Password)
	}
	client := env.httpClient()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	_ = resp.Body.Close()
}
