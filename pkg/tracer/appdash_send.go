package tracer

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/pkg/config"
)

// Bounds of what is sent to Appdash.
const (
	// appdashBatchSpans is how many spans share a connection. With fewer, the ports
	// of ended connections would run out below the rate of the other tracers.
	appdashBatchSpans = 1000
	appdashBatchBytes = 1 << 20
	// appdashSpanBytes is maxMessageSize of Appdash's collector, with its length
	// before it.
	appdashSpanBytes = 1<<20 - binary.MaxVarintLen32
)

// appdashLink sends batches to Appdash's collector. It stands in for
// appdash.RemoteCollector, which cannot tell what arrived: the collector answers
// nothing, and the first writes to a connection that has gone succeed. Nor do its
// dialing and writing ever time out.
//
// The link gives each batch a connection, says that it has ended and waits for
// the collector to end it as well. Appdash's does that when it has read all, and
// breaks the connection when it could not. It belongs to one goroutine.
type appdashLink struct {
	retrier
	address string
}

// appdashBatches returns an error if the endpoint is not tcp://host:port.
func appdashBatches(cfg config.Config, opts Options, r retrier) (batchOptions, error) {
	endpoint := cfg.CollectorURL()
	u, err := url.Parse(endpoint)
	if err != nil {
		return batchOptions{}, fmt.Errorf("reporter.collector.endpoint is no URL, got %q: %w", withoutUser(endpoint), bareError(err))
	}
	if u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" {
		return batchOptions{}, &hinted{
			fmt.Errorf("reporter.collector.endpoint must be tcp://host:port with tracer appdash, got %q", withoutUser(endpoint)),
			"Appdash's own is --collector-endpoint tcp://localhost:7701",
		}
	}
	link := &appdashLink{retrier: r, address: u.Host}
	return batchOptions{
		log:          opts.Logger.With("address", u.Host),
		maxSpans:     appdashBatchSpans,
		maxBytes:     appdashBatchBytes,
		maxSpanBytes: appdashSpanBytes,
		send:         link.send,
	}, nil
}

// send delivers a batch, trying again as long as that has a point.
func (l *appdashLink) send(packets [][]byte) error {
	return l.deliver(func() *sendError { return l.try(packets) })
}

// try sends a batch over a connection of its own.
func (l *appdashLink) try(packets [][]byte) *sendError {
	ctx, cancel := context.WithTimeout(l.life, sendTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return &sendError{reason: l.reason(ctx, err), cause: err, again: true}
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	rest := net.Buffers(slices.Clone(packets)) // WriteTo consumes it
	if _, err = rest.WriteTo(conn); err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		return &sendError{reason: l.reason(ctx, err), cause: err, again: true}
	}
	// An error while reading leaves a shorter start, which is all it is for.
	answer, err := io.ReadAll(io.LimitReader(conn, bodyStart))
	switch {
	case len(answer) > 0:
		return &sendError{reason: "answered, so it is no Appdash collector (wrong port?)", body: oneLine(answer)}
	case err != nil:
		// The collector that is only slow has the spans: another try would store
		// them twice.
		return &sendError{reason: l.reason(ctx, err), cause: err, again: ctx.Err() == nil}
	}
	return nil
}

func (l *appdashLink) reason(ctx context.Context, err error) string {
	switch {
	case l.life.Err() != nil:
		return "the tracer was closed before the collector ended the connection"
	case ctx.Err() != nil:
		return fmt.Sprintf("the collector did not end the connection within %v", sendTimeout)
	default:
		return err.Error()
	}
}

// The fields of CollectPacket, Appdash's internal/wire/collector.proto. Span id and
// annotations are groups.
const (
	packetSpanID     = 1
	spanIDTrace      = 2 // then span and parent
	packetAnnotation = 5
	annotationKey    = 6
	annotationValue  = 7
)

// appendAppdashPacket appends a CollectPacket with its length before it. A root
// has a parent too, 0: Appdash's collector panics without.
func appendAppdashPacket(b []byte, id appdash.SpanID, list []appdash.Annotation) []byte {
	p := make([]byte, 0, 512) // on the stack, where a usual packet fits
	p = protowire.AppendTag(p, packetSpanID, protowire.StartGroupType)
	for i, n := range [...]appdash.ID{id.Trace, id.Span, id.Parent} {
		p = protowire.AppendTag(p, protowire.Number(spanIDTrace+i), protowire.Fixed64Type)
		p = protowire.AppendFixed64(p, uint64(n))
	}
	p = protowire.AppendTag(p, packetSpanID, protowire.EndGroupType)
	for _, a := range list {
		p = protowire.AppendTag(p, packetAnnotation, protowire.StartGroupType)
		p = protowire.AppendString(protowire.AppendTag(p, annotationKey, protowire.BytesType), a.Key)
		p = protowire.AppendBytes(protowire.AppendTag(p, annotationValue, protowire.BytesType), a.Value)
		p = protowire.AppendTag(p, packetAnnotation, protowire.EndGroupType)
	}
	return protowire.AppendBytes(b, p)
}
