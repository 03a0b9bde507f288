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
	if text := l.env.get(envQueueSize); text != "" && !isNumber(text) {
		l.warnNoNumber(envQueueSize, text, keyQueueSize+" stays "+l.text(keyQueueSize))
	} else if text != "" {
		l.setText(l.byName[keyQueueSize], text, Origin{LayerOTel, envQueueSize})
	}
	if text := l.env.get(envScheduleDelay); text != "" {
		l.setOTelDelay(text)
	}
	l.warnIgnored()
	l.warnMisspeltOTel()
}

// otelWord returns the value of a variable whose case does not matter.
func (l *loader) otelWord(variable string) string {
	return strings.ToLower(strings.TrimSpace(l.env.get(variable)))
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

// loadOTelDisabled sets disabled: only the value true disables the SDK.
func (l *loader) loadOTelDisabled() {
	key := l.byName[keyDisabled]
	switch word := l.otelWord(envSDKDisabled); word {
	case "":
	case "true", "false":
		l.set(key, word == "true", Origin{LayerOTel, envSDKDisabled})
	default:
		l.warn("did you mean "+envSDKDisabled+"=true?", "%s: %s is treated as false, because only true disables the SDK",
			envSDKDisabled, quote(word))
	}
	exporters, from := l.otelWords(envTracesExporter), Origin{LayerOTel, envTracesExporter}
	switch {
	case len(exporters) == 0, slices.Equal(exporters, []string{"otlp"}):
	case slices.Equal(exporters, []string{"none"}):
		l.set(key, true, from)
	default:
		f := &Fault{
			Origin: from, Text: "must be otlp or none, got " + quote(l.env.get(envTracesExporter)),
			hint: "did you mean " + envTracesExporter + "=otlp?",
		}
		switch exporters[0] {
		case TracerZipkin, TracerJaeger:
			f.hint = "use --tracer " + exporters[0] + ", or " + envTracesExporter + "=otlp"
		case "console", "logging":
			f.hint = "use " + envTracesExporter + "=otlp; " + l.byName["reporter.log_spans"].Otdemo + "=true logs each span as well"
		}
		l.fail(f)
	}
}

// loadOTelResource sets the tags to the resource's attributes, and, unless it has its
// own variable, the service name.
func (l *loader) loadOTelResource() {
	text, from := l.env.get(envResource), Origin{LayerOTel, envResource}
	service := Origin{LayerOTel, envServiceName}
	name := strings.TrimSpace(l.env.get(envServiceName))
	var tags []Tag
	if strings.TrimSpace(text) != "" {
		for pair := range strings.SplitSeq(text, ",") {
			attribute, value, ok := strings.Cut(pair, "=")
			if !ok {
				_, c := parseTags(text, environ{})
				c.hint = strings.ReplaceAll(c.hint, "a comma cannot be part of a value", "a comma in a value is %2C")
				l.failValue(l.byName[keyTags], from, c)
				return
			}
			tag := Tag{Name: strings.TrimSpace(attribute), Value: l.unescape(strings.TrimSpace(value))}
			switch {
			case tag.Name != "service.name":
				tags = append(tags, tag)
			case name == "":
				name, service = tag.Value, from
			}
		}
	}
	if name != "" {
		l.set(l.byName[keyService], name, service)
	}
	if len(tags) > 0 {
		l.set(l.byName[keyTags], tags, from)
	}
}

// unescaped decodes the percent encoding of an attribute's value.
func (l *loader) unescape(value string) string {
	plain, err := url.PathUnescape(value)
	if err != nil {
		l.warn("write a percent sign as %25", "%s: %s is not percent-encoded and used unchanged", envResource, quote(value))
		return value
	}
	return plain
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
		if !ok && word != "baggage" {
			l.failOTelPropagator(word)
			return
		}
		if ok {
			formats = append(formats, format)
		}
	}
	const both = "did you mean " + envPropagators + "=tracecontext,baggage?"
	baggage, w3c := slices.Contains(words, "baggage"), slices.Contains(formats, PropagationW3C)
	switch {
	case len(words) == 0:
		return
	case len(formats) == 0:
		l.fail(&Fault{Origin: from, Key: keyPropagation, Text: "baggage alone carries no span context", hint: both})
		return
	case baggage && !w3c:
		l.warn(fmt.Sprintf("did you mean %s=tracecontext,%s?", envPropagators, strings.Join(words, ",")),
			"%s: the baggage header is not used without tracecontext; each format has its own headers for baggage", envPropagators)
	case w3c && !baggage:
		l.warn("add baggage to "+envPropagators, "%s: with tracecontext the baggage header is sent as well", envPropagators)
	}
	l.set(l.byName[keyPropagation], formats, from)
}

func (l *loader) failOTelPropagator(word string) {
	f := &Fault{
		Origin: Origin{LayerOTel, envPropagators}, Key: keyPropagation,
		Text: fmt.Sprintf("unknown propagator %s", quote(word)),
		hint: "use any of tracecontext, baggage, b3, b3multi and jaeger",
	}
	if near := Nearest(word, []string{"tracecontext", "baggage", "b3multi", "jaeger"}); near != "" {
		f.hint = fmt.Sprintf("did you mean %s?", near)
	}
	if word == "none" {
		f.Text = "none would break every trace at the first call"
		f.hint = "unset " + envPropagators + ", or use --tracer noop to make no spans"
	}
	l.fail(f)
}

func (l *loader) setOTelDelay(text string) {
	key, from := l.byName[keyFlushInterval], Origin{LayerOTel, envScheduleDelay}
	d, ok := milliseconds(text)
	switch {
	case ok:
		l.set(key, d, from)
	case !isNumber(text):
		l.warnNoNumber(envScheduleDelay, text, keyFlushInterval+" stays "+l.text(keyFlushInterval))
	default:
		l.failValue(key, from, &problem{
			claim: "must be a number of milliseconds, more than 0", got: quote(text), hint: "the default is " + envScheduleDelay + "=1000",
		})
	}
}

// isNumber reports whether an SDK would parse the text as a whole number.
func isNumber(text string) bool {
	_, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return err == nil
}

// inMilliseconds converts a duration with its unit to the form of an SDK.
func inMilliseconds(text string) (string, bool) {
	d, err := time.ParseDuration(text)
	return strconv.FormatInt(d.Milliseconds(), 10), err == nil && d >= time.Millisecond
}

// text returns the current value.
func (l *loader) text(name string) string { return l.byName[name].Type.format(l.viper.Get(name)) }

// warnMisspeltOTel warns about OTEL_* variables that are similar to a known one and not
// in the specification.
func (l *loader) warnMisspeltOTel() {
	var known []string
	for _, key := range l.keys {
		for _, name := range key.OTel {
			known = append(known, strings.TrimPrefix(name, otelPrefix))
		}
	}
	for _, name := range l.env.prefixed(otelPrefix) {
		rest := strings.TrimPrefix(name, otelPrefix)
		if slices.Contains(known, rest) || readBySDK(rest) || serviceLink(name, l.env.get(name)) {
			continue
		}
		if near := nearestOf(rest, known); near != "" {
			l.warn(fmt.Sprintf("did you mean %s%s?", otelPrefix, near),
				"%s: neither otdemo nor OpenTelemetry's SDK reads this variable", name)
		}
	}
}

// readBySDK reports whether a variable, without OTEL_, is similar to a known one but has
// another meaning: those of logs and metrics, and those that the SDK reads itself.
func readBySDK(rest string) bool {
	for _, prefix := range []string{
		"BLRP_", "LOGS_", "METRICS_", "METRIC_", "EXPORTER_OTLP_LOGS_", "EXPORTER_OTLP_METRICS_", "RESOURCE_ATTRIBUTES_",
	} {
		if strings.HasPrefix(rest, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"BSP_EXPORT_TIMEOUT", "BSP_MAX_EXPORT_BATCH_SIZE",
		"EXPORTER_OTLP_INSECURE", "EXPORTER_OTLP_TRACES_INSECURE",
		"EXPORTER_OTLP_TIMEOUT", "EXPORTER_OTLP_TRACES_TIMEOUT",
	}, rest)
}

// nearestOf is Nearest for names in any order.
func nearestOf(name string, names []string) string {
	slices.Sort(names)
	return Nearest(name, slices.Compact(names))
}
