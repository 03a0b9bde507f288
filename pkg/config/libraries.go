package config

import (
	"slices"
	"strings"
)

// OTelVariables returns the sorted names of the variables in environ, a list of
// "KEY=value", that configure how OpenTelemetry's SDK makes and sends spans. Those of
// metrics and logs are not included.
func OTelVariables(environ []string) []string {
	return newEnviron(environ).otelTraces()
}

// JaegerVariables returns the names of jaeger-client-go's variables that are set,
// sorted.
func JaegerVariables(environ []string) []string {
	return newEnviron(environ).jaegerClient()
}

// OtherLibraryVariables returns the sorted names of the variables of tracing libraries
// and exporters for which otdemo has no tracer.
func OtherLibraryVariables(environ []string) []string {
	var names []string
	env := newEnviron(environ)
	for _, prefix := range []string{
		"AWS_XRAY_", "DD_", "ELASTIC_APM_", "NEW_RELIC_", "OTEL_EXPORTER_JAEGER_", "OTEL_EXPORTER_ZIPKIN_", "SIGNALFX_", "ZIPKIN_",
	} {
		names = append(names, env.prefixed(prefix)...)
	}
	return env.withoutLinks(names)
}

func (e environ) otelTraces() []string {
	return slices.DeleteFunc(e.withoutLinks(e.prefixed(otelPrefix)), func(name string) bool {
		rest := strings.TrimPrefix(name, otelPrefix)
		for _, prefix := range []string{"EXPORTER_OTLP_METRICS_", "EXPORTER_OTLP_LOGS_"} {
			if strings.HasPrefix(rest, prefix) {
				return true
			}
		}
		for _, prefix := range []string{
			"EXPORTER_OTLP_", "TRACES_", "SDK_DISABLED", "SERVICE_NAME", "RESOURCE_ATTRIBUTES", "PROPAGATORS", "BSP_", "SPAN_",
		} {
			if strings.HasPrefix(rest, prefix) {
				return false
			}
		}
		return true
	})
}

func (e environ) jaegerClient() []string {
	var names []string
	for _, key := range Keys() {
		for _, name := range key.Jaeger {
			if e.get(name) != "" {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return e.withoutLinks(slices.Compact(names))
}

// withoutLinks removes the variables that Kubernetes sets.
func (e environ) withoutLinks(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return serviceLink(name, e.get(name)) })
}

// chooseTracer sets tracer otel if no tracer is set and the environment is that of a
// service with OpenTelemetry's SDK. A flag with the address for spans is a choice too:
// it is for the default tracer.
func (l *loader) chooseTracer(src Source) {
	_, inFile := l.origins[keyTracer]
	typed := slices.ContainsFunc(src.Flags, func(f Flag) bool {
		return slices.Contains([]string{keyTracer, keyAgentHost, keyAgentPort, keyCollectorEndpoint}, f.Key)
	})
	if inFile || typed || l.env.get(l.byName[keyTracer].Otdemo) != "" || len(l.env.jaegerClient()) > 0 {
		return
	}
	if names := l.env.otelTraces(); len(names) > 0 {
		l.set(l.byName[keyTracer], TracerOTel, Origin{LayerOTel, strings.Join(names, ", ")})
	}
}

// warnIgnored warns about variables that are not numbers, of those that the SDK reads
// itself. It ignores them with a line in its log, and so does our tracer.
func (l *loader) warnIgnored() {
	const timeout = "10s"
	limits := []struct{ name, used string }{
		{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512 spans"},
		{"OTEL_BSP_EXPORT_TIMEOUT", "30s"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", timeout},
		{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", timeout},
	}
	if n, ok := milliseconds(l.env.get("OTEL_EXPORTER_OTLP_TIMEOUT")); ok {
		limits[len(limits)-1].used = n.String()
	}
	for _, v := range limits {
		text := l.env.get(v.name)
		if _, ok := milliseconds(text); ok || text == "" {
			continue
		}
		l.warnNoNumber(v.name, text, v.used+" is used")
	}
}

// warnNoNumber warns about a variable that is not a number, and what is used instead.
// Most SDKs use milliseconds, and users write a unit.
func (l *loader) warnNoNumber(name, text, instead string) {
	hint := "unset " + name
	if n, ok := inMilliseconds(text); ok {
		hint = "did you mean " + name + "=" + n + "?"
	}
	why := "because it is not a number, as in OpenTelemetry's SDK"
	if isNumber(text) {
		why = "because it must be at least 1"
	}
	l.warn(hint, "%s: %s is ignored, %s; %s", name, quote(text), why, instead)
}
