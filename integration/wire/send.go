// Package wire talks to a Jaeger without any code of otdemo's on the way but the
// form of a trace, so that what otdemo sends and reads can be compared with what
// Jaeger itself makes of a span. Start at SendUDP, SendHTTP and ReadTrace.
package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	"github.com/uber/jaeger-client-go/thrift-gen/agent"
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	// requestTimeout bounds one HTTP exchange with a Jaeger on this machine.
	requestTimeout = 5 * time.Second
	// maxBody bounds what is read of an answer, in bytes.
	maxBody = 16 << 20
)

// SendUDP sends t in compact thrift to a Jaeger agent, a datagram for each
// process in t. Nil says nothing about delivery: the kernel took the datagrams.
func SendUDP(ctx context.Context, hostPort string, t trace.Trace) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", hostPort)
	if err != nil {
		return fmt.Errorf("dial agent: %w", err)
	}
	defer conn.Close()
	for _, batch := range batches(t) {
		buf := thrift.NewTMemoryBuffer()
		client := agent.NewAgentClientFactory(buf, thrift.NewTCompactProtocolFactoryConf(nil))
		if err := client.EmitBatch(ctx, batch); err != nil {
			return fmt.Errorf("encode batch: %w", err)
		}
		if _, err := conn.Write(buf.Bytes()); err != nil {
			return fmt.Errorf("send datagram: %w", err)
		}
	}
	return nil
}

// SendHTTP posts t in binary thrift to a Jaeger collector, a request for each
// process in t, and returns an error unless each is answered with 202.
func SendHTTP(ctx context.Context, url string, t trace.Trace) error {
	for _, batch := range batches(t) {
		buf := thrift.NewTMemoryBuffer()
		if err := batch.Write(ctx, thrift.NewTBinaryProtocolConf(buf, nil)); err != nil {
			return fmt.Errorf("encode batch: %w", err)
		}
		if err := post(ctx, url, buf); err != nil {
			return err
		}
	}
	return nil
}

func post(ctx context.Context, url string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-thrift")
	resp, err := newClient().Do(req)
	if err != nil {
		return fmt.Errorf("send batch: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		reason, _ := io.ReadAll(io.LimitReader(resp.Body, 512)) // what there is of it
		return fmt.Errorf("send batch to %s: %s: %s", url, resp.Status, reason)
	}
	return nil
}

// newClient keeps no connection, so that none outlives a test.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   requestTimeout,
	}
}

// batches groups the spans by process, in the order of the first span of each.
func batches(t trace.Trace) []*jaeger.Batch {
	var out []*jaeger.Batch
	byProcess := make(map[*trace.Process]*jaeger.Batch)
	for i := range t.Spans {
		s := &t.Spans[i]
		batch, known := byProcess[s.Process]
		if !known {
			batch = &jaeger.Batch{Process: &jaeger.Process{
				ServiceName: s.Process.Service,
				Tags:        thriftTags(s.Process.Tags),
			}}
			byProcess[s.Process] = batch
			out = append(out, batch)
		}
		batch.Spans = append(batch.Spans, thriftSpan(s))
	}
	return out
}

// thriftSpan writes the parent twice, as jaeger-client-go does: as the span's
// parent id and among its references.
func thriftSpan(s *trace.Span) *jaeger.Span {
	out := &jaeger.Span{
		TraceIdHigh:   int64(s.TraceID.High),
		TraceIdLow:    int64(s.TraceID.Low),
		SpanId:        int64(s.SpanID),
		ParentSpanId:  int64(s.ParentID()),
		OperationName: s.Operation,
		Flags:         int32(s.Flags),
		StartTime:     s.Start.UnixMicro(),
		Duration:      s.Duration.Microseconds(),
		Tags:          thriftTags(s.Tags),
	}
	for _, ref := range s.References {
		refType := jaeger.SpanRefType_CHILD_OF
		if ref.Type == trace.FollowsFrom {
			refType = jaeger.SpanRefType_FOLLOWS_FROM
		}
		out.References = append(out.References, &jaeger.SpanRef{
			RefType:     refType,
			TraceIdHigh: int64(ref.TraceID.High),
			TraceIdLow:  int64(ref.TraceID.Low),
			SpanId:      int64(ref.SpanID),
		})
	}
	for _, l := range s.Logs {
		out.Logs = append(out.Logs, &jaeger.Log{Timestamp: l.Time.UnixMicro(), Fields: thriftTags(l.Fields)})
	}
	return out
}

func thriftTags(tags []trace.Tag) []*jaeger.Tag {
	out := make([]*jaeger.Tag, len(tags))
	for i, tag := range tags {
		out[i] = &jaeger.Tag{Key: tag.Key}
		switch v := tag.Value; v.Kind() {
		case trace.KindString:
			out[i].VType, out[i].VStr = jaeger.TagType_STRING, new(v.String())
		case trace.KindBool:
			out[i].VType, out[i].VBool = jaeger.TagType_BOOL, new(v.Bool())
		case trace.KindInt64:
			out[i].VType, out[i].VLong = jaeger.TagType_LONG, new(v.Int64())
		case trace.KindFloat64:
			out[i].VType, out[i].VDouble = jaeger.TagType_DOUBLE, new(v.Float64())
		case trace.KindBinary:
			out[i].VType, out[i].VBinary = jaeger.TagType_BINARY, v.Bytes()
		}
	}
	return out
}
