package otel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer/internal/httpsend"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
)

// sender sends spans with one of the SDK's OTLP exporters, a batch at a
// time. Retries are the batcher's: the exporters give up at the first closed port.
type sender struct {
	log *slog.Logger
	// authorization is the header of basic auth, "" for none.
	authorization string
	// withoutHeaders leaves out those of OTEL_EXPORTER_OTLP_HEADERS.
	withoutHeaders bool
	limits         otlpLimits
	exporter       sdktrace.SpanExporter
	// release gives back what Shutdown of the exporter leaves.
	release func()
}

func newSender(cfg config.Config, log *slog.Logger) (*sender, error) {
	u, err := parseOTLPURL(cfg.CollectorURL())
	if err != nil {
		return nil, err
	}
	if err := checkFiles(); err != nil {
		return nil, err
	}
	t := &sender{withoutHeaders: cfg.Reporter.Collector.WithoutHeaders, limits: readOTLPLimits(), release: func() {}}
	t.authorization = httpsend.Authorization(u, cfg.Reporter.Collector)
	t.log = log.With("url", u.String())
	logSDK(t.log)
	tlsConfig := otlpTLS(t.log) // which reports what cannot be read
	var client otlptrace.Client
	if strings.HasPrefix(u.Scheme, "grpc") {
		client = newGRPCClient(u, t) // which reads the files itself
	} else {
		client, t.release = newHTTPClient(u, t, tlsConfig)
	}
	if t.exporter, err = otlptrace.New(context.Background(), client); err != nil {
		return nil, fmt.Errorf("exporter to %s: %w", u, err)
	}
	return t, nil
}

// parseOTLPURL rejects what the exporters would cut off silently.
func parseOTLPURL(raw string) (*url.URL, error) {
	u, err := httpsend.ParseURL(httpsend.EndpointKey, raw)
	if err != nil {
		return nil, err
	}
	var must, advice string
	overGRPC := strings.HasPrefix(u.Scheme, "grpc")
	switch {
	case u.Host == "" || !slices.Contains([]string{"http", "https", "grpc", "grpcs"}, u.Scheme):
		must = "start with http://, https://, grpc:// or grpcs:// and a host"
		advice = "write http://localhost:4318/v1/traces or grpc://localhost:4317"
	case u.RawQuery != "" || u.Fragment != "":
		must, advice = "have no query with tracer otel, which would not send it", "leave it off"
	case overGRPC && strings.Trim(u.Path, "/") != "":
		must, advice = "have no path with "+u.Scheme, "leave it off, or write http for OTLP over HTTP"
	case overGRPC && u.Port() == "":
		must, advice = "have a port with "+u.Scheme, "collectors listen on 4317"
	default:
		return u, nil
	}
	return nil, hint.New(httpsend.URLError(httpsend.EndpointKey, must, raw), advice)
}

func (t *sender) Prepare(spans []sdktrace.ReadOnlySpan) func(context.Context) *reporter.SendError {
	return func(ctx context.Context) *reporter.SendError { return t.try(ctx, spans) }
}

func (t *sender) try(ctx context.Context, spans []sdktrace.ReadOnlySpan) *reporter.SendError {
	ctx, cancel := context.WithTimeout(ctx, t.limits.request)
	defer cancel()
	err := t.exporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	if judged, ok := errors.AsType[*reporter.SendError](err); ok {
		return judged
	}
	// The exporter's own refusals come without a type.
	e := &reporter.SendError{Reason: err.Error(), Cause: err}
	if strings.Contains(e.Reason, "too large: exceeded") {
		e.Cause = reporter.ErrTooLarge
	}
	return e
}

func (t *sender) Close() {
	if err := t.exporter.Shutdown(context.Background()); err != nil {
		t.log.Warn("exporter not closed cleanly", "error", err)
	}
	t.release()
}

// partialError returns nil for an answer without reservation. The exporters report
// it too, but as an error whose type is internal.
func partialError(answer *coltracepb.ExportTraceServiceResponse) *reporter.SendError {
	p := answer.GetPartialSuccess()
	if p.GetRejectedSpans() == 0 && p.GetErrorMessage() == "" {
		return nil
	}
	partial := &reporter.PartialSuccess{Rejected: p.GetRejectedSpans(), Message: httpsend.OneLine([]byte(p.GetErrorMessage()))}
	return &reporter.SendError{Reason: partial.Error(), Cause: partial}
}
