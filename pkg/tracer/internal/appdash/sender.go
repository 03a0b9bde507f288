package appdash

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"sourcegraph.com/sourcegraph/appdash"

	"github.com/otdemo/otdemo/internal/hint"
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
// appdash.RemoteCollector, which cannot find out what arrived: the collector sends no
// response, and the first writes to a connection that is gone succeed. Nor do its
// dialing and writing ever time out.
//
// It opens a connection for each batch, closes its writing half and waits for the
// collector to close it as well. Appdash's does that when it has read all, and breaks
// the connection when it could not.
type sender string // the collector's address

// collectorAddress returns an error if the endpoint is not tcp://host:port.
func collectorAddress(cfg config.Config) (string, error) {
	raw := cfg.CollectorURL()
	u, err := httpsend.ParseURL(httpsend.EndpointKey, raw)
	if err != nil {
		return "", err
	}
	if u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" {
		return "", hint.New(httpsend.URLError(httpsend.EndpointKey, "be tcp://host:port with tracer appdash", raw),
			"Appdash's own is --collector-endpoint tcp://localhost:7701")
	}
	return u.Host, nil
}

func (s sender) Prepare(packets [][]byte) func(context.Context) *reporter.SendError {
	return func(ctx context.Context) *reporter.SendError { return s.try(ctx, packets) }
}

// Close does nothing: no connection outlasts its batch.
func (sender) Close() {}

func (s sender) try(closed context.Context, packets [][]byte) *reporter.SendError {
	ctx, cancel := context.WithTimeout(closed, reporter.SendTimeout)
	defer cancel()
	failed := func(err error, retryable bool) *reporter.SendError {
		e := &reporter.SendError{Reason: err.Error(), Cause: err, Retryable: retryable}
		switch {
		case closed.Err() != nil:
			e.Reason = "the tracer was closed before the collector ended the connection"
		case ctx.Err() != nil:
			e.Reason = fmt.Sprintf("the collector did not end the connection within %v", reporter.SendTimeout)
		}
		return e
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", string(s))
	if err != nil {
		return failed(err, true)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	rest := net.Buffers(slices.Clone(packets)) // WriteTo consumes it
	if _, err = rest.WriteTo(conn); err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		return failed(err, true)
	}
	// An error while reading leaves a shorter start, which is all it is for.
	answer, err := io.ReadAll(io.LimitReader(conn, httpsend.BodyStart))
	switch {
	case len(answer) > 0:
		return &reporter.SendError{Reason: "answered, so it is no Appdash collector (wrong port?)", Body: httpsend.OneLine(answer)}
	case err != nil:
		// The collector that is only slow has the spans: another try would store
		// them twice.
		return failed(err, ctx.Err() == nil)
	}
	return nil
}

// appendPacket appends a CollectPacket of Appdash's internal/wire/collector.proto, in
// which span id and annotations are groups, with its length before it. A root has a
// parent too, 0: Appdash's collector panics without.
func appendPacket(b []byte, id appdash.SpanID, list []appdash.Annotation) []byte {
	const spanID, trace, annotation, key, value = 1, 2, 5, 6, 7
	p := protowire.AppendTag(nil, spanID, protowire.StartGroupType)
	for i, v := range []appdash.ID{id.Trace, id.Span, id.Parent} {
		p = protowire.AppendTag(p, trace+protowire.Number(i), protowire.Fixed64Type)
		p = protowire.AppendFixed64(p, uint64(v))
	}
	p = protowire.AppendTag(p, spanID, protowire.EndGroupType)
	for _, a := range list {
		p = protowire.AppendTag(p, annotation, protowire.StartGroupType)
		p = protowire.AppendString(protowire.AppendTag(p, key, protowire.BytesType), a.Key)
		p = protowire.AppendBytes(protowire.AppendTag(p, value, protowire.BytesType), a.Value)
		p = protowire.AppendTag(p, annotation, protowire.EndGroupType)
	}
	return protowire.AppendBytes(b, p)
}
