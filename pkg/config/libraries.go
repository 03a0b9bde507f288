package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// OTelVariables returns the sorted names of the variables in environ, a list of
// "KEY=value", that configure how OpenTelemetry's SDK makes and sends spans. Those of
// metrics and logs are not included.
func OTelVariables(environ []string) []string {
	return slices.DeleteFunc(newEnviron(environ).prefixed(otelPrefix), func(name string) bool {
		rest := strings.TrimPrefix(name, otelPrefix)
		return hasPrefix(rest, "EXPORTER_OTLP_METRICS_", "EXPORTER_OTLP_LOGS_") ||
			!hasPrefix(rest, "EXPORTER_OTLP_", "TRACES_", "SDK_DISABLED", "SERVICE_NAME", "RESOURCE_ATTRIBUTES", "PROPAGATORS", "BSP_", "SPAN_")
	})
}

// JaegerVariables returns the sorted names of jaeger-client-go's variables that are set.
func JaegerVariables(environ []string) []string {
	var known []string
	for _, key := range Keys() {
		known = append(known, key.Jaeger...)
	}
	return slices.DeleteFunc(newEnviron(environ).prefixed(jaegerPrefix), func(name string) bool { return !slices.Contains(known, name) })
}

// OtherLibraryVariables returns the sorted names of the variables of tracing libraries
// and exporters for which otdemo has no tracer.
func OtherLibraryVariables(environ []string) []string {
	return slices.DeleteFunc(newEnviron(environ).prefixed(""), func(name string) bool {
		return !hasPrefix(name, "AWS_XRAY_", "DD_", "ELASTIC_APM_", "NEW_RELIC_", "OTEL_EXPORTER_JAEGER_",
			"OTEL_EXPORTER_ZIPKIN_", "SIGNALFX_", "ZIPKIN_")
	})
}

// chooseTracer sets tracer otel if no tracer is set and the environment is that of a
// service with OpenTelemetry's SDK. A flag with the address for spans is a choice too:
// it is for the default tracer.
func (l *loader) chooseTracer(src *Source) {
	_, inFile := l.origins[keyTracer]
	typed := slices.ContainsFunc(src.Flags, func(f Flag) bool {
		return slices.Contains([]string{keyTracer, keyAgentHost, keyAgentPort, keyCollectorEndpoint}, f.Key)
	})
	if inFile || typed || l.env[l.byName[keyTracer].Otdemo] != "" || len(JaegerVariables(src.Environ)) > 0 {
		return
	}
	if names := OTelVariables(src.Environ); len(names) > 0 {
		l.set(keyTracer, TracerOTel, Origin{LayerOTel, strings.Join(names, ", ")})
	}
}

// warnIgnored warns about variables that are not numbers, of those that the SDK reads
// itself. It ignores them with a line in its log, and so does our tracer.
func (l *loader) warnIgnored() {
	timeout := "10s"
	if n, ok := milliseconds(l.env["OTEL_EXPORTER_OTLP_TIMEOUT"]); ok {
		timeout = n.String()
	}
	for _, v := range []struct{ name, used string }{
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512 spans"},
		{"OTEL_BSP_EXPORT_TIMEOUT", "30s"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", timeout},
	} {
		text := l.env[v.name]
		if _, ok := milliseconds(text); !ok && text != "" {
			l.warnNoNumber(v.name, text, v.used+" is used")
		}
	}
}

// warnNoNumber warns about a variable that is not a number, and what is used instead.
// Most SDKs use milliseconds, and users write a unit.
func (l *loader) warnNoNumber(name, text, instead string) {
	hint := "unset " + name
	if d, err := time.ParseDuration(text); err == nil && d >= time.Millisecond {
		hint = didYouMean(fmt.Sprintf("%s=%d", name, d.Milliseconds()))
	}
	why := "because it is not a number, as in OpenTelemetry's SDK"
	if isNumber(text) {
		why = "because it must be at least 1"
	}
	l.warn(hint, "%s: %s is ignored, %s; %s", name, quote(text), why, instead)
}
