package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The OTEL_* variables that become keys, as in OpenTelemetry's specification
// ("Environment Variable Specification" and "OpenTelemetry Protocol Exporter").
// The tracer reads the others from the process, as the SDK does: the rest of
// OTEL_BSP_*, the limits, and of OTEL_EXPORTER_OTLP_* the headers, the
// compression, the certificates and the timeouts.
const (
	otelPrefix        = "OTEL_"
	envServiceName    = "OTEL_SERVICE_NAME"
	envResource       = "OTEL_RESOURCE_ATTRIBUTES"
	envSDKDisabled    = "OTEL_SDK_DISABLED"
	envTracesExporter = "OTEL_TRACES_EXPORTER"
	envTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envOTLPEndpoint   = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	envOTLPProtocol   = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envTracesSampler  = "OTEL_TRACES_SAMPLER"
	envSamplerArg     = "OTEL_TRACES_SAMPLER_ARG"
	envPropagators    = "OTEL_PROPAGATORS"
	envScheduleDelay  = "OTEL_BSP_SCHEDULE_DELAY"
	envQueueSize      = "OTEL_BSP_MAX_QUEUE_SIZE"
)

// loadOTel sets the keys of the OTEL_* variables as OpenTelemetry's SDKs would. It is
// for tracer otel only.
func (l *loader) loadOTel() {
	l.loadOTelDisabled()
	l.loadOTelResource()
	l.loadOTelEndpoint()
	l.loadOTelSampler()
	l.loadOTelPropagators()
	if l.otelNumber(envQueueSize, keyQueueSize) {
		l.setVariable(keyQueueSize, Origin{LayerOTel, envQueueSize})
	}
	if l.otelNumber(envScheduleDelay, keyFlushInterval) {
		text, from := l.env[envScheduleDelay], Origin{LayerOTel, envScheduleDelay}
		if d, ok := milliseconds(text); ok {
			l.set(keyFlushInterval, d, from)
		} else {
			l.failValue(keyFlushInterval, from, &problem{
				claim: "must be a number of milliseconds, more than 0", got: quote(text), hint: "the default is " + envScheduleDelay + "=1000",
			})
		}
	}
	l.warnIgnored()
	l.warnMisspelt(otelPrefix, "OpenTelemetry's SDK", func(key Key) []string { return key.OTel }, readBySDK)
}

// otelWord returns the value of a variable whose case does not matter.
func (l *loader) otelWord(variable string) string {
	return strings.ToLower(strings.TrimSpace(l.env[variable]))
}

// otelWords returns a variable whose value is a list of words, each once.
func (l *loader) otelWords(variable string) []string {
	var words []string
	for word := range strings.SplitSeq(l.otelWord(variable), ",") {
		if word = strings.TrimSpace(word); word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// otelNumber reports whether a variable is a number. It warns about another text, which
// the SDK ignores, so that the key keeps its value.
func (l *loader) otelNumber(variable, key string) bool {
	text := l.env[variable]
	if text != "" && !isNumber(text) {
		l.warnNoNumber(variable, text, key+" stays "+l.text(key))
	}
	return isNumber(text)
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

// isNumber reports whether an SDK would parse the text as a whole number.
func isNumber(text string) bool {
	_, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return err == nil
}

// milliseconds reads a positive whole number, at most that of a year.
func milliseconds(text string) (time.Duration, bool) {
	const year = 365 * 24 * time.Hour
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 1 || n > year.Milliseconds() {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}

// loadOTelDisabled sets disabled: only the value true disables the SDK.
func (l *loader) loadOTelDisabled() {
	switch word := l.otelWord(envSDKDisabled); word {
	case "":
	case "true", "false":
		l.set(keyDisabled, word == "true", Origin{LayerOTel, envSDKDisabled})
	default:
		l.warn(didYouMean(envSDKDisabled+"=true"), "%s: %s is treated as false, because only true disables the SDK",
			envSDKDisabled, quote(word))
	}
	exporters, from := l.otelWords(envTracesExporter), Origin{LayerOTel, envTracesExporter}
	switch {
	case len(exporters) == 0, slices.Equal(exporters, []string{"otlp"}):
	case slices.Equal(exporters, []string{"none"}):
		l.set(keyDisabled, true, from)
	default:
		const otlp = envTracesExporter + "=otlp"
		hint := didYouMean(otlp)
		switch exporters[0] {
		case TracerZipkin, TracerJaeger:
			hint = "use --tracer " + exporters[0] + ", or " + otlp
		case "console", "logging":
			hint = "use " + otlp + "; " + l.byName["reporter.log_spans"].Otdemo + "=true logs each span as well"
		}
		l.fail(from, hint, "must be otlp or none, got %s", quote(l.env[envTracesExporter]))
	}
}

// loadOTelResource sets the tags to the resource's attributes, and, unless it has its
// own variable, the service name.
func (l *loader) loadOTelResource() {
	from, service := Origin{LayerOTel, envResource}, Origin{LayerOTel, envServiceName}
	attributes, c := splitTags(l.env[envResource])
	if c != nil {
		c.hint = strings.ReplaceAll(c.hint, "a comma cannot be part of a value", "a comma in a value is %2C")
		l.failValue(keyTags, from, c)
		return
	}
	name := strings.TrimSpace(l.env[envServiceName])
	var tags []Tag
	for _, tag := range attributes {
		if plain, err := url.PathUnescape(tag.Value); err == nil {
			tag.Value = plain
		} else {
			l.warn("write a percent sign as %25", "%s: %s is not percent-encoded and used unchanged", envResource, quote(tag.Value))
		}
		switch {
		case tag.Name != "service.name":
			tags = append(tags, tag)
		case name == "":
			name, service = tag.Value, from
		}
	}
	if name != "" {
		l.set(keyService, name, service)
	}
	if len(tags) > 0 {
		l.set(keyTags, tags, from)
	}
}

// loadOTelPropagators sets the propagation formats. OpenTelemetry's b3 is the single
// header.
func (l *loader) loadOTelPropagators() {
	ours := map[string]string{
		"tracecontext": PropagationW3C, "b3": PropagationB3Single, "b3multi": PropagationB3, "jaeger": PropagationJaeger,
	}
	words, from := l.otelWords(envPropagators), Origin{LayerOTel, envPropagators}
	var formats []string
	for _, word := range words {
		format, ok := ours[word]
		switch {
		case ok:
			formats = append(formats, format)
		case word == "none":
			l.fail(from, "unset "+envPropagators+", or use --tracer noop to make no spans", "none would break every trace at the first call")
			return
		case word != "baggage":
			hint := "use any of tracecontext, baggage, b3, b3multi and jaeger"
			if near := Nearest(word, []string{"tracecontext", "baggage", "b3multi", "jaeger"}); near != "" {
				hint = didYouMean(near)
			}
			l.fail(from, hint, "unknown propagator %s", quote(word))
			return
		}
	}
	baggage, w3c := slices.Contains(words, "baggage"), slices.Contains(formats, PropagationW3C)
	switch {
	case len(words) == 0:
		return
	case len(formats) == 0:
		l.fail(from, didYouMean(envPropagators+"=tracecontext,baggage"), "baggage alone carries no span context")
		return
	case baggage && !w3c:
		l.warn(didYouMean(envPropagators+"=tracecontext,"+strings.Join(words, ",")),
			"%s: the baggage header is not used without tracecontext; each format has its own headers for baggage", envPropagators)
	case w3c && !baggage:
		l.warn("add baggage to "+envPropagators, "%s: with tracecontext the baggage header is sent as well", envPropagators)
	}
	l.set(keyPropagation, formats, from)
}

// readBySDK reports whether a variable, without OTEL_, is similar to a known one but has
// another meaning: those of logs and metrics, and those that the SDK reads itself.
func readBySDK(rest string) bool {
	return hasPrefix(rest, "BLRP_", "LOGS_", "METRICS_", "METRIC_", "EXPORTER_OTLP_LOGS_", "EXPORTER_OTLP_METRICS_", "RESOURCE_ATTRIBUTES_") ||
		slices.Contains([]string{
			"BSP_EXPORT_TIMEOUT", "BSP_MAX_EXPORT_BATCH_SIZE",
			"EXPORTER_OTLP_INSECURE", "EXPORTER_OTLP_TRACES_INSECURE",
			"EXPORTER_OTLP_TIMEOUT", "EXPORTER_OTLP_TRACES_TIMEOUT",
		}, rest)
}
