package otel

import (
	"log/slog"
	"strings"

	"github.com/go-logr/logr"
	otelapi "go.opentelemetry.io/otel"
)

// logSDK has the SDK's own log and errors go to log, in the place of stderr. Both are
// global in OpenTelemetry: the latest tracer's log has them.
func logSDK(log *slog.Logger) {
	otelapi.SetLogger(logr.New(sdkLog{log}))
	otelapi.SetErrorHandler(otelapi.ErrorHandlerFunc(func(err error) {
		log.Warn("OpenTelemetry's SDK reports an error", "error", err)
	}))
}

// sdkLog is a logr.LogSink for errors, as the SDK's own is. It leaves out what package
// config and otlpTLS report, and what the SDK quotes of headers, which carry tokens.
type sdkLog struct{ log *slog.Logger }

func (sdkLog) Init(logr.RuntimeInfo) {}

func (sdkLog) Enabled(level int) bool { return level == 0 }

func (s sdkLog) Info(_ int, msg string, _ ...any) { s.log.Info("OpenTelemetry's SDK", "detail", msg) }

func (s sdkLog) Error(err error, msg string, keysAndValues ...any) {
	switch {
	case msg == "parse duration", strings.Contains(msg, " tls "):
		return
	case strings.Contains(msg, "header"):
		keysAndValues, err = nil, nil
	}
	line := []any{"detail", msg}
	if err != nil {
		line = append(line, "error", err)
	}
	s.log.Warn("OpenTelemetry's SDK reports an error", append(line, keysAndValues...)...)
}

func (s sdkLog) WithValues(keysAndValues ...any) logr.LogSink {
	return sdkLog{s.log.With(keysAndValues...)}
}

func (s sdkLog) WithName(string) logr.LogSink { return s }
