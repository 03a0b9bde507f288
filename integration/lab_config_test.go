package integration

import "strings"

// keepAll is the hint for a sampler that keeps too little.
const keepAll = "--sampler-type const --sampler-param 1"

// faultCasesOfConfig are those that the configuration alone makes.
func faultCasesOfConfig() []faultCase {
	sample := func(cause, code string, exit int, env ...string) faultCase {
		return faultCase{
			cause: cause, how: strings.Join(env, " ") + ", Jaeger 1.62", env: env,
			exit: exit, hop: "sampling", code: code, hint: keepAll,
		}
	}
	refuse := func(cause, hint string, env ...string) faultCase {
		return faultCase{cause: cause, how: strings.Join(env, " "), env: env, exit: 2, hint: hint}
	}
	const endpoint = "JAEGER_ENDPOINT=http://127.0.0.1:14268/api/traces"
	warn := func(cause, hop, code, hint string, env ...string) faultCase {
		return faultCase{cause: cause, how: strings.Join(env, " "), env: env, hop: hop, code: code, hint: hint}
	}
	return []faultCase{
		warn("S-01", "config", "client-env-keeps-nothing", "JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1", "JAEGER_SAMPLER_TYPE=const"),
		warn("S-01", "config", "client-env-keeps-nothing", "JAEGER_SAMPLER_TYPE=const JAEGER_SAMPLER_PARAM=1", "JAEGER_SERVICE_NAME=shop"),
		warn("R-05", "config", "reporter-queue-small", "OTDEMO_REPORTER_QUEUE_SIZE=10000", "JAEGER_REPORTER_MAX_QUEUE_SIZE=100"),
		warn("I-01", "config", "reporter-flush-slow", "OTDEMO_REPORTER_FLUSH_INTERVAL=1s", "JAEGER_REPORTER_FLUSH_INTERVAL=1m"),
		warn("A-05", "config", "reporter-packet-large", "OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65000", "OTDEMO_REPORTER_AGENT_MAX_PACKET_SIZE=65507"),
		warn("I-05", "config", "service-name-misleading", "--service shop", "JAEGER_SERVICE_NAME=empty-service-name"),
		sample("S-01", "sampler-keeps-nothing", 1, "JAEGER_SAMPLER_TYPE=const", "JAEGER_SAMPLER_PARAM=0"),
		sample("S-02", "sampler-keeps-few", 0, "JAEGER_SAMPLER_TYPE=probabilistic", "JAEGER_SAMPLER_PARAM=0.001"),
		sample("S-02", "strategy-keeps-few", 0, "JAEGER_SAMPLER_TYPE=remote"),
		sample("S-04", "strategy-unreachable", 1, "JAEGER_SAMPLER_TYPE=remote", "JAEGER_SAMPLER_PARAM=0", "JAEGER_SAMPLING_ENDPOINT=http://127.0.0.1:5779/sampling"),
		sample("S-04", "strategy-unreachable", 0, "JAEGER_SAMPLER_TYPE=remote", "JAEGER_SAMPLER_PARAM=0.5", "JAEGER_SAMPLING_ENDPOINT=http://127.0.0.1:5778/nosuch"),
		sample("S-04", "strategy-unreadable", 1, "JAEGER_SAMPLER_TYPE=remote", "JAEGER_SAMPLER_PARAM=0", "JAEGER_SAMPLING_ENDPOINT=http://127.0.0.1:16686/sampling"),
		sample("S-07", "sampler-keeps-nothing", 1, "JAEGER_SAMPLER_TYPE=ratelimiting", "JAEGER_SAMPLER_PARAM=0"),
		refuse("S-04", "http://127.0.0.1:5778/sampling", "JAEGER_SAMPLING_ENDPOINT=127.0.0.1:5778/sampling"),
		refuse("I-04", "JAEGER_DISABLED", "JAEGER_DISABLED=yes please"),
		refuse("I-11", "ratelimiting", "JAEGER_SAMPLER_TYPE=rate_limiting"),
		refuse("I-11", "between 0 and 1", "JAEGER_SAMPLER_TYPE=probabilistic", "JAEGER_SAMPLER_PARAM=100"),
		refuse("I-11", "JAEGER_TAGS", "JAEGER_TAGS=a"),
		refuse("R-06", "http://127.0.0.1:14268/api/traces", "JAEGER_ENDPOINT=127.0.0.1:14268/api/traces"),
		refuse("R-08", "JAEGER_PASSWORD", endpoint, "JAEGER_USER=me"),
		{cause: "I-04", how: "JAEGER_DISABLED=true", env: []string{"JAEGER_DISABLED=true"}, exit: 1, hop: "config", code: "tracer-disabled", hint: "JAEGER_DISABLED"},
		{cause: "V-02", how: "JAEGER_AGENT_HOST beside JAEGER_ENDPOINT", env: []string{endpoint, "JAEGER_AGENT_HOST=jaeger"}, hop: "config", code: "config-warnings", hint: "unset JAEGER_ENDPOINT"},
		{
			cause: "V-02", how: "OTEL_EXPORTER_OTLP_ENDPOINT of a closed port, and no JAEGER_*", env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9999"},
			exit: 1, hop: "network", code: "collector-refused", hint: "docker run -p",
		},
		{
			cause: "V-02", how: "OTEL_EXPORTER_OTLP_ENDPOINT of a closed port beside JAEGER_AGENT_HOST",
			env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9999", "JAEGER_AGENT_HOST=localhost"},
			hop: "config", code: "otel-env-unused", hint: "--tracer otel",
		},
		{cause: "V-02", how: "JAEGER_AGENT_HOSTS=jaeger, misspelt", env: []string{"JAEGER_AGENT_HOSTS=jaeger"}, hop: "config", code: "config-warnings", hint: "JAEGER_AGENT_HOST"},
		{cause: "V-02", how: "JAEGER_REPORTER_QUEUE_SIZE=5, misspelt", env: []string{"JAEGER_REPORTER_QUEUE_SIZE=5"}, hop: "config", code: "config-warnings", hint: "JAEGER_REPORTER_MAX_QUEUE_SIZE"},
	}
}
