package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/lab"
	"github.com/otdemo/otdemo/integration/process"
)

// machineEnvironments are the environments that need machines of their own. Jaeger is at its
// default ports there, so the checks need no flags but those that are wrong.
func machineEnvironments() []environment {
	return slices.Concat([]environment{
		{"beside 1.62", jaeger162(), slices.Concat(faultCases162(), faultCasesOfConfig())},
		{"beside 2.13", jaeger213, faultCases213()},
		{"nothing runs", machineAlone, faultCasesAlone()},
	}, settingEnvironments(), networkEnvironments(), firewallEnvironments(), throughEnvironments())
}

// settingEnvironments have a Jaeger that was told to behave in another way.
func settingEnvironments() []environment {
	return []environment{
		{"base path", jaeger162("--query.base-path=/jaeger"), []faultCase{
			{
				cause: "Q-00", how: "Jaeger 1.62 with --query.base-path=/jaeger",
				exit: 3, hop: "query", code: "query-not-json", hint: "--query-url http://localhost:16686/jaeger",
			},
			well("Jaeger 1.62 with a base path that is given", "--query-url", "http://localhost:16686/jaeger"),
		}},
		{"tenants", jaeger162("--multi-tenancy.enabled=true"), []faultCase{
			{
				cause: "ST-05", how: "Jaeger 1.62 with --multi-tenancy.enabled",
				exit: 3, hop: "query", code: "query-unauthorized", hint: "x-tenant",
			},
		}},
		{"agent cut off", jaeger162("--reporter.grpc.host-port=127.0.0.1:1"), []faultCase{{
			cause: "A-01", how: "the agent in Jaeger 1.62 with --reporter.grpc.host-port=127.0.0.1:1",
			exit: 1, hop: "network", code: "storage-not-received", hint: "--collector-endpoint http://localhost:14268/api/traces",
			maybe: []string{"forward them to its collector"},
		}}},
		{"small packets", jaeger162("--processor.jaeger-compact.server-max-packet-size=1400"), []faultCase{{
			cause: "A-05", how: "the agent in Jaeger 1.62 with --processor.jaeger-compact.server-max-packet-size=1400",
			hop: "delivery", code: "canary-large-lost", hint: "--collector-endpoint",
			maybe: []string{"fragments", "MTU"},
		}}},
		{"strategies", jaegerWithStrategies, []faultCase{{
			cause: "S-08", how: "a strategies file that keeps nothing of this service",
			env:  []string{"JAEGER_SAMPLER_TYPE=remote", "JAEGER_SERVICE_NAME=shop"},
			exit: 1, hop: "sampling", code: "strategy-keeps-nothing", hint: keepAll,
		}}},
		{"no UDP receivers", jaeger2With(`[jaeger]`, `{thrift_http: {endpoint: "0.0.0.0:14268"}}`, "tcp/14268"), []faultCase{{
			cause: "V-05", how: "Jaeger 2.13 whose jaeger receiver has thrift_http only",
			exit: 1, hop: "network", code: "udp-refused", hint: "--collector-endpoint http://localhost:14268/api/traces",
		}}},
		{"receiver not in the pipeline", jaeger2With(`[otlp]`, `{thrift_compact: {}, thrift_http: {}}`, "tcp/4318"), []faultCase{
			{
				cause: "V-05", how: "Jaeger 2.13 with a jaeger receiver that no pipeline lists",
				exit: 1, hop: "network", code: "udp-refused", hint: "6831",
			},
			{
				cause: "V-05", how: "Jaeger 2.13 with a jaeger receiver that no pipeline lists, over HTTP",
				flags: []string{"--collector-endpoint", "http://127.0.0.1:14268/api/traces"},
				exit:  1, hop: "network", code: "collector-refused", hint: "14268",
				maybe: []string{"no pipeline lists it", "storage is unreachable"},
			},
		}},
		{"1.76", jaeger176, []faultCase{{
			cause: "V-01", how: "all-in-one 1.76, which has no agent",
			exit: 1, hop: "identity", code: "udp-not-served", hint: "http://localhost:14268/api/traces",
		}}},
		{"storage away", jaegerWithoutStorage, []faultCase{{
			cause: "ES-02", how: "Jaeger 1.62 that waits for an Elasticsearch at localhost:9200",
			exit: 1, hop: "network", code: "udp-refused", hint: "otdemo all-in-one",
		}, {
			cause: "ES-02", how: "Jaeger 1.62 that waits for an Elasticsearch at localhost:9200, over HTTP",
			flags: []string{"--collector-endpoint", "http://127.0.0.1:14268/api/traces"},
			exit:  1, hop: "network", code: "collector-refused", hint: "14268",
			maybe: []string{"storage is unreachable"},
		}}},
	}
}

func jaegerWithStrategies(t *testing.T) place {
	t.Helper()
	file := writeFile(t, "strategies.json", `{
		"default_strategy": {"type": "probabilistic", "param": 1},
		"service_strategies": [{"service": "shop", "type": "probabilistic", "param": 0}]
	}`)
	return jaeger162("--sampling.strategies-file=" + file)(t)
}

// jaeger2With has 2.13 run a configuration of somebody's own, with these
// receivers in the pipeline, and these protocols of the jaeger receiver.
func jaeger2With(pipeline, protocols string, ports ...string) func(*testing.T) place {
	return func(t *testing.T) place {
		t.Helper()
		file := writeFile(t, "jaeger.yaml", strings.NewReplacer("PIPELINE", pipeline, "PROTOCOLS", protocols).Replace(`
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: PIPELINE, processors: [batch], exporters: [jaeger_storage_exporter]}
  telemetry: {metrics: {level: none}, logs: {level: warn}}
extensions:
  jaeger_query: {storage: {traces: memory}}
  jaeger_storage: {backends: {memory: {memory: {max_traces: 1000}}}}
receivers:
  otlp: {protocols: {http: {endpoint: "0.0.0.0:4318"}}}
  jaeger: {protocols: PROTOCOLS}
processors: {batch: {}}
exporters: {jaeger_storage_exporter: {trace_storage: memory}}
`))
		m := lab.NewMachine(t)
		jaegerOn(t, m, jaegers.V213(), settings{args: []string{"--config", file}}, append(ports, "tcp/16686")...)
		return place{in: m.Command}
	}
}

// jaegerWithoutStorage is in the 5 s in which it looks for its storage: it does
// not listen, and will end.
func jaegerWithoutStorage(t *testing.T) place {
	t.Helper()
	m := lab.NewMachine(t)
	jaegerOn(t, m, jaegers.V162(), settings{env: []string{
		"SPAN_STORAGE_TYPE=elasticsearch", "ES_SERVER_URLS=http://localhost:9200",
	}})
	return place{in: m.Command}
}

// jaeger176 is the last all-in-one of Jaeger 1.
func jaeger176(t *testing.T) place {
	t.Helper()
	m := lab.NewMachine(t)
	programOn(t, m, process.Command{
		Path: lab.AllInOne176(t), Args: []string{"--log-level=warn"}, Env: []string{"OTEL_TRACES_SAMPLER=always_off"},
	}, "tcp/14268", "tcp/14269", "tcp/16686")
	return place{in: m.Command}
}
