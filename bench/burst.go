package main

import (
	"fmt"
	"io"

	"github.com/opentracing/opentracing-go"
	jaegerclient "github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/transport"

	"github.com/otdemo/otdemo/pkg/trace"
)

// burst is a number of finished spans without tags, to be sent as fast as
// jaeger-client-go's own transports can, which is the same for every backend.
type burst struct {
	all    []*jaegerclient.Span
	traces []trace.TraceID
	tracer io.Closer
}

// newBurst makes so many traces of so many spans each, a root and its children.
func newBurst(traces, spans int) *burst {
	tracer, closer := jaegerclient.NewTracer("burst",
		jaegerclient.NewConstSampler(true), jaegerclient.NewNullReporter())
	b := &burst{tracer: closer}
	for range traces {
		root := tracer.StartSpan("root").(*jaegerclient.Span)
		for range spans - 1 {
			child := tracer.StartSpan("child", opentracing.ChildOf(root.Context())).(*jaegerclient.Span)
			child.Finish()
			b.all = append(b.all, child)
		}
		root.Finish()
		b.all = append(b.all, root)
		id := root.SpanContext().TraceID()
		b.traces = append(b.traces, trace.TraceID{High: id.High, Low: id.Low})
	}
	return b
}

func (b *burst) close() { _ = b.tracer.Close() }

// sendUDP sends all spans to hostPort in datagrams of up to 65000 bytes, without a
// pause, and returns once the last is handed to the kernel.
func (b *burst) sendUDP(hostPort string) error {
	sender, err := jaegerclient.NewUDPTransport(hostPort, 0)
	if err != nil {
		return fmt.Errorf("send to %s: %w", hostPort, err)
	}
	return b.send(sender)
}

// sendHTTP posts all spans to url, 100 at a time, one request after another. A
// batch that is not accepted is an error.
func (b *burst) sendHTTP(url string) error {
	return b.send(transport.NewHTTPTransport(url))
}

func (b *burst) send(sender jaegerclient.Transport) error {
	defer sender.Close()
	for _, span := range b.all {
		if _, err := sender.Append(span); err != nil {
			return fmt.Errorf("send the burst: %w", err)
		}
	}
	if _, err := sender.Flush(); err != nil {
		return fmt.Errorf("send the burst: %w", err)
	}
	return nil
}
