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

	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/internal/redact"
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

// appdashSender sends batches to Appdash's collector. It stands in for
// appdash.RemoteCollector, which cannot tell what arrived: the collector answers
// nothing, and the first writes to a connection that has gone succeed. Nor do its
// dialing and writing ever time out.
//
// It gives each batch a connection, says that it has ended and waits for
// the collector to end it as well. Appdash's does that when it has read all, and
// breaks the connection when it could not. It belongs to one goroutine.
type appdashSender struct{ address string }

// appdashBatches returns an error if the endpoint is not tcp://host:port.
func appdashBatches(cfg config.Config, opts env) (batchOptions[[]byte], error) {
	endpoint := cfg.CollectorURL()
	u, err := url.Parse(endpoint)
	if err != nil {
		return batchOptions[[]byte]{}, fmt.Errorf("reporter.collector.endpoint is no URL, got %q: %w", redact.URL(endpoint), redact.Error(err))
	}
	if u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" {
		return batchOptions[[]byte]{}, hint.New(fmt.Errorf("reporter.collector.endpoint must be tcp://host:port with tracer appdash, got %q", redact.URL(endpoint)),
			"Appdash's own is --collector-endpoint tcp://localhost:7701")
	}
	return batchOptions[[]byte]{
		sender:       &appdashSender{address: u.Host},
		log:          opts.logger.With("address", u.Host),
		maxSpans:     appdashBatchSpans,
		maxBytes:     appdashBatchBytes,
		maxSpanBytes: appdashSpanBytes,
	}, nil
}

// prepare implements sender.
func (l *appdashSender) prepare(packets [][]byte) func(context.Context) *sendError {
	return func(ctx context.Context) *sendError { return l.try(ctx, packets) }
}

// close implements sender; no connection outlasts its batch.
func (*appdashSender) close() {}

// try sends a batch over a connection of its own.
func (l *appdashSender) try(closed context.Context, packets [][]byte) *sendError {
	ctx, cancel := context.WithTimeout(closed, sendTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return &sendError{reason: appdashReason(closed, ctx, err), cause: err, retryable: true}
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	rest := net.Buffers(slices.Clone(packets)) // WriteTo consumes it
	if _, err = rest.WriteTo(conn); err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		return &sendError{reason: appdashReason(closed, ctx, err), cause: err, retryable: true}
	}
	// An error while reading leaves a shorter start, which is all it is for.
	answer, err := io.ReadAll(io.LimitReader(conn, bodyStart))
	switch {
	case len(answer) > 0:
		return &sendError{reason: "answered, so it is no Appdash collector (wrong port?)", body: oneLine(answer)}
	case err != nil:
		// The collector that is only slow has the spans: another try would store
		// them twice.
		return &sendError{reason: appdashReason(closed, ctx, err), cause: err, retryable: ctx.Err() == nil}
	}
	return nil
}

func appdashReason(closed, ctx context.Context, err error) string {
	switch {
	case closed.Err() != nil:
		return "the tracer was closed before the collector ended the connection"
	case ctx.Err() != nil:
		return fmt.Sprintf("the collector did not end the connection within %v", sendTimeout)
	default:
		return err.Error()
	}
}

// The fields of CollectPacket, Appdash's internal/wire/collector.proto, with
// protobuf's wire types. Span id and annotations are groups.
const (
	appdashSpanIDStart     = 1<<3 | 3
	appdashSpanIDEnd       = 1<<3 | 4
	appdashTrace           = 2<<3 | 1
	appdashSpan            = 3<<3 | 1
	appdashParent          = 4<<3 | 1
	appdashAnnotationStart = 5<<3 | 3
	appdashAnnotationEnd   = 5<<3 | 4
	appdashKey             = 6<<3 | 2
	appdashValue           = 7<<3 | 2
)

// appendAppdashPacket appends a CollectPacket with its length before it. A root
// has a parent too, 0: Appdash's collector panics without.
func appendAppdashPacket(b []byte, id appdash.SpanID, list []appdash.Annotation) []byte {
	p := []byte{appdashSpanIDStart, appdashTrace}
	p = binary.LittleEndian.AppendUint64(p, uint64(id.Trace))
	p = binary.LittleEndian.AppendUint64(append(p, appdashSpan), uint64(id.Span))
	p = binary.LittleEndian.AppendUint64(append(p, appdashParent), uint64(id.Parent))
	p = append(p, appdashSpanIDEnd)
	for _, a := range list {
		p = binary.AppendUvarint(append(p, appdashAnnotationStart, appdashKey), uint64(len(a.Key)))
		p = binary.AppendUvarint(append(append(p, a.Key...), appdashValue), uint64(len(a.Value)))
		p = append(append(p, a.Value...), appdashAnnotationEnd)
	}
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}
