package tracer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/plural"
)

// otlpTransport sends spans with one of the SDK's OTLP exporters, a batch at a
// time, and books what the collector says to each. What may pass is tried again,
// with our pauses and not the exporters', which give up at the first closed port.
// A batch with a span that no request takes is divided until only that one is lost.
// Text that is not UTF-8 costs no span: encodable replaces it.
type otlpTransport struct {
	otlpOptions
	limits   otlpLimits
	exporter sdktrace.SpanExporter
	batch    []sdktrace.ReadOnlySpan
	resource utf8Resource
	// release gives back what Shutdown of the exporter leaves; it may be nil.
	release          func()
	failLog, sizeLog throttle
	warnLog          throttle
}

type otlpOptions struct {
	// url has the scheme http, https, grpc or grpcs.
	url       string
	collector config.Collector
	ledger    *ledger
	log       *slog.Logger
	// retrier's patience is set by newOTLPTransport.
	retrier
}

// errUnencodable says that a batch holds what protobuf cannot carry.
var errUnencodable = errors.New("span cannot be encoded")

func newOTLPTransport(o otlpOptions) (*otlpTransport, error) {
	u, err := parseOTLPURL(o.url)
	if err != nil {
		return nil, err
	}
	if u.User != nil && o.collector.User == "" {
		o.collector.User = u.User.Username()
		o.collector.Password, _ = u.User.Password()
	}
	u.User = nil
	o.log = o.log.With("url", u.String())
	t := &otlpTransport{otlpOptions: o}
	t.limits = readOTLPLimits()
	t.patience = t.limits.export
	if strings.HasPrefix(u.Scheme, "grpc") {
		t.exporter, err = newGRPCExporter(u, t)
	} else {
		t.exporter, t.release, err = newHTTPExporter(u, t)
	}
	if err != nil {
		return nil, fmt.Errorf("exporter to %s: %w", u, err)
	}
	return t, nil
}

// parseOTLPURL refuses what the exporters would cut off without a word.
func parseOTLPURL(raw string) (*url.URL, error) {
	const key = "reporter.collector.endpoint"
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is no URL, got %q: %w", key, withoutUser(raw), bareError(err))
	}
	shown := withoutUser(raw)
	switch {
	case u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "grpc" && u.Scheme != "grpcs":
		return nil, &hinted{
			fmt.Errorf("%s must start with http://, https://, grpc:// or grpcs:// and a host, got %q", key, shown),
			"write http://localhost:4318/v1/traces or grpc://localhost:4317",
		}
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s must have no query with tracer otel, which would not send it, got %q", key, shown)
	case u.Scheme[0] == 'g' && strings.Trim(u.Path, "/") != "":
		return nil, &hinted{
			fmt.Errorf("%s must have no path with %s, got %q", key, u.Scheme, shown),
			"leave it off, or write http for OTLP over HTTP",
		}
	case u.Scheme[0] == 'g' && u.Port() == "":
		return nil, &hinted{
			fmt.Errorf("%s must have a port with %s, got %q", key, u.Scheme, shown), "collectors listen on 4317",
		}
	}
	return u, nil
}

// Append implements transport. It uploads the batch when it is full, and may then
// wait as long as Flush.
func (t *otlpTransport) Append(span sdktrace.ReadOnlySpan) (int, error) {
	t.batch = append(t.batch, encodable(span, &t.resource))
	if len(t.batch) < t.limits.batch {
		return 0, nil
	}
	return t.Flush()
}

// Flush implements transport. It waits for the collector, at the longest
// otlpLimits.export and one request.
func (t *otlpTransport) Flush() (int, error) {
	n := len(t.batch)
	if n == 0 {
		return 0, nil
	}
	err := t.upload(t.batch)
	clear(t.batch)
	t.batch = t.batch[:0]
	return n, err
}

// upload books each of spans.
func (t *otlpTransport) upload(spans []sdktrace.ReadOnlySpan) error {
	err := t.deliver(func() *sendError { return t.try(spans) })
	if err == nil {
		t.ledger.move(len(spans), held, sent)
		t.failLog.reset()
		return nil
	}
	if partial, ok := errors.AsType[*partialSuccess](err); ok {
		t.down = false
		return t.accepted(len(spans), partial)
	}
	tooLong := errors.Is(err, errTooLarge)
	switch {
	case (tooLong || errors.Is(err, errUnencodable)) && len(spans) > 1:
		half := len(spans) / 2
		return errors.Join(t.upload(spans[:half]), t.upload(spans[half:]))
	case tooLong:
		t.tooLarge(spans[0], err)
	default:
		t.fail(len(spans), err)
	}
	return err
}

// try uploads spans once.
func (t *otlpTransport) try(spans []sdktrace.ReadOnlySpan) *sendError {
	ctx, cancel := context.WithTimeout(t.life, t.limits.request)
	defer cancel()
	err := t.exporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	if judged, ok := errors.AsType[*sendError](err); ok {
		return judged
	}
	// The exporter's own refusals come without a type.
	e := &sendError{reason: err.Error(), cause: err}
	switch {
	case strings.Contains(e.reason, "too large: exceeded"):
		e.cause = errTooLarge
	case errors.Is(err, proto.Error):
		e.cause = errUnencodable
	}
	return e
}

// accepted books a batch that the collector took with a reservation.
func (t *otlpTransport) accepted(n int, p *partialSuccess) error {
	rejected := int(min(max(p.rejected, 0), int64(n)))
	t.ledger.move(n-rejected, held, sent)
	if rejected > 0 {
		t.fail(rejected, p)
		return p
	}
	if t.warnLog.allow(time.Now()) {
		t.log.Warn("spans accepted with a warning", "spans", n, "reason", p.message)
	}
	return nil
}

// fail books spans that will not be tried again, and says why.
func (t *otlpTransport) fail(n int, err error) {
	t.ledger.move(n, held, failed)
	if t.failLog.allow(time.Now()) {
		logFailed(t.log, n, err, t.ledger)
	}
}

func (t *otlpTransport) tooLarge(span sdktrace.ReadOnlySpan, err error) {
	t.ledger.move(1, held, tooLarge)
	if t.sizeLog.allow(time.Now()) {
		t.log.Warn("span too large for a request", "operation", span.Name(),
			"trace_id", span.SpanContext().TraceID().String(), "reason", err,
			"too_large", t.ledger.count(tooLarge))
	}
}

// Close implements transport.
func (t *otlpTransport) Close() error {
	_, _ = t.Flush() // booked and logged
	err := t.exporter.Shutdown(context.Background())
	if t.release != nil {
		t.release()
	}
	return err
}

// tick implements transport; there is nothing to do between batches.
func (t *otlpTransport) tick() time.Duration { return 0 }

// wake implements transport.
func (t *otlpTransport) wake() <-chan struct{} { return nil }

// partialSuccess is a collector's answer to a request of which it took a part, or
// all of it with a warning.
type partialSuccess struct {
	rejected int64
	message  string
}

func (p *partialSuccess) Error() string {
	return fmt.Sprintf("the collector rejected %s: %s", plural.Of(p.rejected, "span", "spans"), p.message)
}

// judgePartial returns nil for an answer without reservation. The exporters report
// it too, but as an error whose type is internal.
func judgePartial(answer *coltracepb.ExportTraceServiceResponse) *sendError {
	p := answer.GetPartialSuccess()
	if p.GetRejectedSpans() == 0 && p.GetErrorMessage() == "" {
		return nil
	}
	partial := &partialSuccess{rejected: p.GetRejectedSpans(), message: oneLine([]byte(p.GetErrorMessage()))}
	return &sendError{reason: partial.Error(), cause: partial}
}
