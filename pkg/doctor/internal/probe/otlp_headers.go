package probe

import (
	"net/url"
	"strings"
)

// The variables from which OTLP's exporters read headers; the second adds to
// and overrides the first ("OpenTelemetry Protocol Exporter" 1.50).
const (
	envHeaders       = "OTEL_EXPORTER_OTLP_HEADERS"
	envTracesHeaders = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
)

// otlpHeaders returns the headers that OpenTelemetry's exporter sends with
// spans in an environment of "KEY=value". The SDK for Go reads only one of the
// variables.
func otlpHeaders(environ []string) map[string]string {
	list := lookupEnv(environ, envTracesHeaders)
	if list == "" {
		list = lookupEnv(environ, envHeaders)
	}
	headers := make(map[string]string)
	for pair := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || strings.ContainsAny(name, ": \r\n") || name == "" {
			continue
		}
		if text, err := url.PathUnescape(value); err == nil {
			headers[strings.TrimSpace(name)] = strings.TrimSpace(text)
		}
	}
	return headers
}

// lookupEnv returns the value of a variable, "" when it is not set.
func lookupEnv(environ []string, name string) string {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
