package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	otdemoPrefix = "OTDEMO_"
	jaegerPrefix = "JAEGER_"
)

// environ is the environment. An empty variable counts as unset, so it is not
// in the map.
type environ map[string]string

func newEnviron(list []string) environ {
	env, seen := environ{}, map[string]bool{}
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if value != "" {
			env[name] = value
		}
	}
	return env
}

// prefixed returns the names that start with prefix, sorted, without those that
// Kubernetes sets.
func (e environ) prefixed(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(e)), func(name string) bool {
		return !strings.HasPrefix(name, prefix) || serviceLink(name, e[name])
	})
}

// present returns those of the variables that are set.
func (e environ) present(variables ...string) []string {
	return slices.DeleteFunc(variables, func(name string) bool { return e[name] == "" })
}

// hasPrefix reports whether s starts with one of the prefixes.
func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// serviceLink reports whether the variable is one of those that Kubernetes sets
// in every pod for each service of its namespace ("Discovering services" in its
// documentation): for a service called otdemo OTDEMO_SERVICE_HOST,
// OTDEMO_PORT_8000_TCP and more. They are not configuration.
func serviceLink(name, value string) bool {
	if strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://") {
		return true
	}
	matched, err := regexp.MatchString(
		`_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$`, name)
	return err == nil && matched
}

// loadOtdemo sets the keys that OTDEMO_* variables name.
func (l *loader) loadOtdemo() {
	var known []string
	for _, key := range l.keys {
		known = append(known, strings.TrimPrefix(key.Otdemo, otdemoPrefix))
		l.setVariable(key.Name, Origin{LayerOtdemo, key.Otdemo})
	}
	for _, name := range l.env.prefixed(otdemoPrefix) {
		rest := strings.TrimPrefix(name, otdemoPrefix)
		if slices.Contains(known, rest) {
			continue
		}
		hint := "unset " + name + "; otdemo config lists the keys; the variable of serve.port, for example, is OTDEMO_SERVE_PORT"
		if near := similar(rest, "_", known); near != "" {
			hint = didYouMean(otdemoPrefix + strings.ReplaceAll(near, " or ", " or "+otdemoPrefix))
		}
		l.fail(Origin{LayerOtdemo, name}, hint, "no configuration key has this variable")
	}
}

// warnMisspelt warns about variables with that prefix that are similar to a known one,
// without being one of the others, which have another meaning. reader is who reads them
// besides otdemo.
func (l *loader) warnMisspelt(prefix, reader string, variables func(Key) []string, other func(rest string) bool) {
	var known []string
	for _, key := range l.keys {
		for _, name := range variables(key) {
			known = append(known, strings.TrimPrefix(name, prefix))
		}
	}
	for _, name := range l.env.prefixed(prefix) {
		rest := strings.TrimPrefix(name, prefix)
		if slices.Contains(known, rest) || other(rest) {
			continue
		}
		if near := Nearest(rest, known); near != "" {
			l.warn(didYouMean(prefix+near), "%s: neither otdemo nor %s reads this variable", name, reader)
		}
	}
}

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
