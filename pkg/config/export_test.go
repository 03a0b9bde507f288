package config

import (
	"fmt"
	"strings"
)

// What only docs/configuration.md has; TestDocs makes it.

// String returns the word that docs/configuration.md uses.
func (t Type) String() string {
	names := [...]string{
		"string", "secret", "host", "URL", "true or false", "whole number", "number", "duration",
		"list of words", "list of tags",
	}
	return names[t]
}

// Allowed returns the values or the range of a key, with the unit; "" when any value of
// the type is valid.
func (k Key) Allowed() string {
	text := map[string]string{
		keySamplerType: "const, probabilistic; ratelimiting with tracer jaeger; remote with tracer jaeger or otel",
		keySamplerParam: "const: 0 or 1; probabilistic: 0 to 1; ratelimiting: traces per second, 0 or more; " +
			"remote: 0 to 1, until the strategy server answers",
		"reporter.agent.max_packet_size": fmt.Sprintf("%d to %d bytes", minPacketSize, maxPacketSize),
		keyCollectorEndpoint: "jaeger: http or https, such as http://localhost:14268/api/traces, instead of UDP to the agent; " +
			"zipkin: http or https, by default http://localhost:9411/api/v2/spans; " +
			"otel: http or https, by default http://localhost:4318/v1/traces, or grpc or grpcs without a path, such as grpc://localhost:4317; " +
			"appdash: tcp, by default tcp://localhost:7701",
		keyQueueSize: fmt.Sprintf("1 to %d spans", maxQueueSize),
		keyPropagation: "jaeger (uber-trace-id), w3c (traceparent, baggage), b3 (x-b3-traceid ...), b3-single (b3), and with tracer appdash " +
			"appdash; the tracer's own is jaeger, b3 for zipkin, w3c for otel, appdash for appdash",
	}[k.Name]
	switch {
	case text != "":
		return text
	case len(k.values) > 0:
		return strings.Join(k.values, ", ")
	case k.Type == TypeInt:
		return fmt.Sprintf("%d to %d", k.min, k.max)
	case k.Type == TypeDuration:
		return "more than 0, with its unit: 500ms, 1s, 1m30s"
	}
	return ""
}
