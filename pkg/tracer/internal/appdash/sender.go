package appdash

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
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// Bounds of what is sent to Appdash.
const (
	// batchSpans is how many spans share a connection. With fewer, the ports
	// of ended connections would run out below the rate of the other tracers.
	batchSpans = 1000
	batchBytes = 1 << 20
	// spanBytes is maxMessageSize of Appdash's collector, with its length
	// before it.
	spanBytes = 1<<20 - binary.MaxVarintLen32
)

// sender sends batches to Appdash's collector. It stands in for
// appdash.RemoteCollector, which cannot tell what arrived: the collector answers
// nothing, and the first writes to a connection that has gone succeed. Nor do its
// dialing and writing ever time out.
//
// It gives each batch a connection, says that it has ended and waits for
// the collector to end it as well. Appdash's does that when it has read all, and
// breaks the connection when it could not. It belongs to one goroutine.
type sender struct{ address string }

// batches returns an error if the endpoint is not tcp://host:port.
func batches(cfg config.Config, opts reporter.Env) (reporter.BatchOptions[[]byte], error) {
	endpoint := cfg.CollectorURL()
	u, err := url.Parse(endpoint)
	if err != nil {
		return reporter.BatchOptions[[]byte]{}, fmt.Errorf("reporter.collector.endpoint is no URL, got %q: %w", redact.URL(endpoint), redact.Error(err))
	}
	if u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" {
		return reporter.BatchOptions[[]byte]{}, hint.New(fmt.Errorf("reporter.collector.endpoint must be tcp://host:port with tracer appdash, got %q", redact.URL(endpoint)),
			"Appdash's own is --collector-endpoint tcp://localhost:7701")
	}
	return reporter.BatchOptions[[]byte]{
		Sender:       &sender{address: u.Host},
		Log:          opts.Logger.With("address", u.Host),
		MaxSpans:     batchSpans,
		MaxBytes:     batchBytes,
		MaxSpanBytes: spanBytes,
	}, nil
}

// Prepare implements sender.
func (l *sender) Prepare(packets [][]byte) func(context.Context) *reporter.SendError {
	return func(ctx context.Context) *reporter.SendError { return l.try(ctx, packets) }
}

// Close implements sender; no connection outlasts its batch.
func (*sender) Close() {}

// try sends a batch over a connection of its own.
func (l *sender) try(closed context.Context, packets [][]byte) *reporter.SendError {
	ctx, cancel := context.WithTimeout(closed, reporter.SendTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return &reporter.SendError{Reason: reason(closed, ctx, err), Cause: err, Retryable: true}
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	rest := net.Buffers(slices.Clone(packets)) // WriteTo consumes it
	if _, err = rest.WriteTo(conn); err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		return &reporter.SendError{Reason: reason(closed, ctx, err), Cause: err, Retryable: true}
	}
	// An error while reading leaves a shorter start, which is all it is for.
	answer, err := io.ReadAll(io.LimitReader(conn, httpsend.BodyStart))
	switch {
	case len(answer) > 0:
		return &reporter.SendError{Reason: "answered, so it is no Appdash collector (wrong port?)", Body: httpsend.OneLine(answer)}
	case err != nil:
		// The collector that is only slow has the spans: another try would store
		// them twice.
		return &reporter.SendError{Reason: reason(closed, ctx, err), Cause: err, Retryable: ctx.Err() == nil}
	}
	return nil
}

func reason(closed, ctx context.Context, err error) string {
	switch {
	case closed.Err() != nil:
		return "the tracer was closed before the collector ended the connection"
	case ctx.Err() != nil:
		return fmt.Sprintf("the collector did not end the connection within %v", reporter.SendTimeout)
	default:
		return err.Error()
	}
}

// The fields of CollectPacket, Appdash's internal/wire/collector.proto, with
// protobuf's wire types. Span id and annotations are groups.
const (
	wireSpanIDStart     = 1<<3 | 3
	wireSpanIDEnd       = 1<<3 | 4
	wireTrace           = 2<<3 | 1
	wireSpan            = 3<<3 | 1
	wireParent          = 4<<3 | 1
	wireAnnotationStart = 5<<3 | 3
	wireAnnotationEnd   = 5<<3 | 4
	wireKey             = 6<<3 | 2
	wireValue           = 7<<3 | 2
)

// appendPacket appends a CollectPacket with its length before it. A root
// has a parent too, 0: Appdash's collector panics without.
func appendPacket(b []byte, id appdash.SpanID, list []appdash.Annotation) []byte {
	p := []byte{wireSpanIDStart, wireTrace}
	p = binary.LittleEndian.AppendUint64(p, uint64(id.Trace))
	p = binary.LittleEndian.AppendUint64(append(p, wireSpan), uint64(id.Span))
	p = binary.LittleEndian.AppendUint64(append(p, wireParent), uint64(id.Parent))
	p = append(p, wireSpanIDEnd)
	for _, a := range list {
		p = binary.AppendUvarint(append(p, wireAnnotationStart, wireKey), uint64(len(a.Key)))
		p = binary.AppendUvarint(append(append(p, a.Key...), wireValue), uint64(len(a.Value)))
		p = append(append(p, a.Value...), wireAnnotationEnd)
	}
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}
