package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
)

// TestCollectorURL has the way of each tracer's spans, by default and with an
// endpoint that it can use without a warning.
func TestCollectorURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ tracer, endpoint, want string }{
		{"jaeger", "", ""},
		{"jaeger", "http://h:14268/api/traces", "http://h:14268/api/traces"},
		{"zipkin", "", "http://localhost:9411/api/v2/spans"},
		{"zipkin", "https://h/api/v2/spans", "https://h/api/v2/spans"},
		{"otel", "", "http://localhost:4318/v1/traces"},
		{"otel", "https://h/otlp/v1/traces", "https://h/otlp/v1/traces"},
		{"otel", "grpc://h:4317", "grpc://h:4317"},
		{"otel", "grpcs://[::1]:443", "grpcs://[::1]:443"},
		{"appdash", "", "tcp://localhost:7701"},
		{"appdash", "tcp://h:1", "tcp://h:1"},
		{"noop", "", ""},
		{"noop", "tcp://h:1", "tcp://h:1"},
	}
	for _, tt := range tests {
		t.Run(tt.tracer+" "+tt.endpoint, func(t *testing.T) {
			t.Parallel()
			env := []string{"OTDEMO_TRACER=" + tt.tracer, "OTDEMO_REPORTER_COLLECTOR_ENDPOINT=" + tt.endpoint}
			loaded := mustLoad(t, config.Source{Environ: env})
			if got := loaded.Config.CollectorURL(); got != tt.want {
				t.Errorf("CollectorURL = %q, want %q", got, tt.want)
			}
			if got := value(t, loaded, "reporter.collector.endpoint").Text; got != tt.want {
				t.Errorf("shown as %q, want %q", got, tt.want)
			}
			if got, want := loaded.Config.UsesCollector(), tt.want != ""; got != want {
				t.Errorf("UsesCollector = %v, want %v", got, want)
			}
			if got := warned(loaded); len(got) > 0 {
				t.Errorf("warnings: %q", got)
			}
		})
	}
}

// TestFormats wants the list resolved in the configuration and in what `otdemo
// config` shows, whether it is missing or empty.
func TestFormats(t *testing.T) {
	t.Parallel()
	for tracer, want := range map[string]string{
		"jaeger": "jaeger", "zipkin": "b3", "otel": "w3c", "appdash": "appdash", "noop": "jaeger",
	} {
		for _, file := range []string{"", "propagation:\n", "propagation: []\n"} {
			loaded := mustLoad(t, config.Source{Dir: dirWith(t, file+"tracer: "+tracer)})
			if diff := cmp.Diff([]string{want}, loaded.Config.Propagation); diff != "" {
				t.Errorf("%s, %q: Propagation (-want +got):\n%s", tracer, file, diff)
			}
			if got := value(t, loaded, "propagation").Text; got != want {
				t.Errorf("%s, %q: shown as %q, want %q", tracer, file, got, want)
			}
			made := config.Defaults()
			made.Tracer = tracer
			if diff := cmp.Diff([]string{want}, made.Formats()); diff != "" {
				t.Errorf("%s: Formats of a configuration that was made (-want +got):\n%s", tracer, diff)
			}
		}
	}
}

// TestTracerFaults has what a tracer cannot do.
func TestTracerFaults(t *testing.T) {
	t.Parallel()
	tracer := func(name string) []config.Flag {
		return []config.Flag{{Name: "--tracer", Key: "tracer", Value: name}}
	}
	tests := []struct {
		name, file string
		flags      []config.Flag
		want       []string
	}{
		{"zipkin without path", "tracer: zipkin\nreporter.collector.endpoint: http://h:9411", nil, []string{`config.yaml:2: reporter.collector.endpoint must have a path for tracer zipkin, got "http://h:9411"`, "hint: did you mean reporter.collector.endpoint: http://h:9411/api/v2/spans?"}},
		{"zipkin without scheme", "tracer: zipkin\nreporter.collector.endpoint: h:9411", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with http:// or https:// for tracer zipkin, got "h:9411"`, "hint: did you mean reporter.collector.endpoint: http://h:9411/api/v2/spans?"}},
		{"zipkin over gRPC", "tracer: zipkin\nreporter.collector.endpoint: grpc://h:9411", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with http:// or https:// for tracer zipkin, got "grpc://h:9411"`, "hint: such as reporter.collector.endpoint: http://localhost:9411/api/v2/spans"}},
		{"otel without path", "tracer: otel\nreporter.collector.endpoint: https://h:443", nil, []string{`config.yaml:2: reporter.collector.endpoint must have a path for tracer otel, got "https://h:443"`, "hint: did you mean reporter.collector.endpoint: https://h:443/v1/traces?"}},
		{"otel at the gRPC port", "tracer: otel\nreporter.collector.endpoint: https://h:4317", nil, []string{`config.yaml:2: reporter.collector.endpoint must have a path for tracer otel, got "https://h:4317"`, "hint: did you mean reporter.collector.endpoint: grpcs://h:4317?"}},
		{"otel without scheme", "tracer: otel\nreporter.collector.endpoint: h:4317", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with http://, https://, grpc:// or grpcs:// for tracer otel, got "h:4317"`, "hint: did you mean reporter.collector.endpoint: grpc://h:4317?"}},
		{"otel over HTTP without scheme", "tracer: otel\nreporter.collector.endpoint: h:4318", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with http://, https://, grpc:// or grpcs:// for tracer otel, got "h:4318"`, "hint: did you mean reporter.collector.endpoint: http://h:4318/v1/traces?"}},
		{"gRPC with path", "tracer: otel\nreporter.collector.endpoint: grpc://h:4317/v1/traces", nil, []string{`config.yaml:2: reporter.collector.endpoint must not have a path for tracer otel, got "grpc://h:4317/v1/traces"`, "hint: did you mean reporter.collector.endpoint: grpc://h:4317?"}},
		{"gRPC without port", "tracer: otel\nreporter.collector.endpoint: grpc://h", nil, []string{`config.yaml:2: reporter.collector.endpoint must have a port for tracer otel, got "grpc://h"`, "hint: did you mean reporter.collector.endpoint: grpc://h:4317?"}},
		{"appdash without port", "tracer: appdash\nreporter.collector.endpoint: tcp://h", nil, []string{`config.yaml:2: reporter.collector.endpoint must have a port for tracer appdash, got "tcp://h"`, "hint: did you mean reporter.collector.endpoint: tcp://h:7701?"}},
		{"appdash without scheme", "tracer: appdash\nreporter.collector.endpoint: h:7701", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with tcp:// for tracer appdash, got "h:7701"`, "hint: did you mean reporter.collector.endpoint: tcp://h:7701?"}},
		{"endpoint of another tracer", "reporter.collector.endpoint: http://u:hunter2@h:14268/api/traces", tracer("appdash"), []string{`config.yaml:1: reporter.collector.endpoint must start with tcp:// for tracer appdash, got "http://(hidden)@h:14268/api/traces"`, "hint: did you mean --collector-endpoint tcp://localhost:7701 as well?"}},
		{"jaeger over gRPC", "reporter.collector.endpoint: grpc://h:4317", nil, []string{`config.yaml:1: reporter.collector.endpoint must start with http:// or https://, got "grpc://h:4317"`, "hint: such as reporter.collector.endpoint: http://localhost:14268/api/traces"}},
		{"noop with nonsense", "tracer: noop\nreporter.collector.endpoint: ftp://h", nil, []string{`config.yaml:2: reporter.collector.endpoint must start with http://, https://, grpc://, grpcs:// or tcp:// for tracer noop, got "ftp://h"`, "hint: such as reporter.collector.endpoint: http://localhost:14268/api/traces"}},
		{"rate of zipkin", "tracer: zipkin\nsampler: {type: ratelimiting, param: 5}", nil, []string{`config.yaml:2: sampler.type must be const or probabilistic for tracer zipkin, got "ratelimiting"`, "hint: did you mean sampler.type: probabilistic?"}},
		{"rate left behind", "sampler: {type: ratelimiting, param: 5}", tracer("otel"), []string{`config.yaml:1: sampler.type must be const, probabilistic or remote for tracer otel, got "ratelimiting"`, "hint: did you mean --sampler-type probabilistic as well?"}},
		{"strategies of appdash", "tracer: appdash\nsampler.type: remote", nil, []string{`config.yaml:2: sampler.type must be const or probabilistic for tracer appdash, got "remote"`, "hint: did you mean sampler.type: probabilistic?"}},
		{"appdash's headers elsewhere", "propagation: [w3c, appdash]", tracer("zipkin"), []string{"config.yaml:1: propagation must not contain appdash for tracer zipkin", "hint: only tracer appdash supports that format; both tracers support jaeger, w3c, b3 and b3-single"}},
		{"OpenTelemetry's words", "propagation: [tracecontext, B3Multi]", nil, []string{`config.yaml:1: propagation must be jaeger, w3c, b3, b3-single or appdash, got "tracecontext"`, "hint: did you mean propagation: [w3c,b3]?"}},
		{"near word", "propagation: [w3c, b3single, b4]", nil, []string{`config.yaml:1: propagation must be jaeger, w3c, b3, b3-single or appdash, got "b3single"`, "hint: did you mean propagation: [w3c,b3-single,b3]?"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Source{Dir: dirWith(t, tt.file), Flags: tt.flags})
			if diff := cmp.Diff(tt.want, said(err)); diff != "" {
				t.Errorf("Load says (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTracerWarnings has what is odd with tracers other than jaeger.
func TestTracerWarnings(t *testing.T) {
	t.Parallel()
	const passedOver = "hint: did you mean OTDEMO_REPORTER_COLLECTOR_ENDPOINT="
	tests := []struct {
		name, file string
		env        []string
		want       []string
	}{
		{"otel at Jaeger's collector", "tracer: otel\nreporter.collector.endpoint: http://h:14268/api/traces", nil, []string{"config.yaml:2: reporter.collector.endpoint has port 14268, Jaeger's port for thrift over HTTP; OTLP over HTTP is on 4318", "hint: did you mean reporter.collector.endpoint: http://h:4318/v1/traces?"}},
		{"otel at Zipkin's port", "tracer: otel\nreporter.collector.endpoint: http://h:9411/api/v2/spans", nil, []string{"config.yaml:2: reporter.collector.endpoint has port 9411, Jaeger's port for Zipkin over HTTP; OTLP over HTTP is on 4318", "hint: did you mean reporter.collector.endpoint: http://h:4318/v1/traces?"}},
		{"HTTP at the gRPC port", "tracer: otel\nreporter.collector.endpoint: http://h:4317/v1/traces", nil, []string{"config.yaml:2: reporter.collector.endpoint has port 4317, Jaeger's port for OTLP over gRPC; OTLP over HTTP is on 4318", "hint: did you mean reporter.collector.endpoint: grpc://h:4317?"}},
		{"gRPC at the HTTP port", "tracer: otel\nreporter.collector.endpoint: grpcs://h:4318", nil, []string{"config.yaml:2: reporter.collector.endpoint has port 4318, Jaeger's port for OTLP over HTTP; OTLP over gRPC is on 4317", "hint: did you mean reporter.collector.endpoint: https://h:4318/v1/traces?"}},
		{"another's path", "tracer: zipkin\nreporter.collector.endpoint: https://h/api/traces", nil, []string{"config.yaml:2: reporter.collector.endpoint has path /api/traces, which is for Jaeger's thrift; Zipkin uses /api/v2/spans", "hint: did you mean reporter.collector.endpoint: https://h/api/v2/spans?"}},
		{"Zipkin's old path", "tracer: zipkin\nreporter.collector.endpoint: http://h:9411/api/v1/spans", nil, []string{"config.yaml:2: reporter.collector.endpoint has path /api/v1/spans, which is for Zipkin's first format; Zipkin uses /api/v2/spans", "hint: did you mean reporter.collector.endpoint: http://h:9411/api/v2/spans?"}},
		{"jaeger at Appdash", "reporter.collector.endpoint: http://h:7701/api/traces", nil, []string{"config.yaml:1: reporter.collector.endpoint has port 7701, the port of Appdash's collector; thrift over HTTP is on 14268", "hint: did you mean reporter.collector.endpoint: http://h:14268/api/traces?"}},
		{"appdash at the agent", "tracer: appdash\nreporter.collector.endpoint: tcp://h:6831", nil, []string{"config.yaml:2: reporter.collector.endpoint has port 6831, Jaeger's port for compact thrift over UDP; Appdash's collector is on 7701", "hint: did you mean reporter.collector.endpoint: tcp://h:7701?"}},
		{
			"JAEGER_* addresses", "tracer: zipkin",
			[]string{"JAEGER_AGENT_HOST=a:1", "JAEGER_ENDPOINT=x", "JAEGER_USER=u", "JAEGER_SAMPLING_ENDPOINT=x", "JAEGER_SERVICE_NAME=shop"},
			[]string{
				"JAEGER_ENDPOINT, JAEGER_AGENT_HOST: not used, because tracer is zipkin; spans go to http://localhost:9411/api/v2/spans",
				passedOver + "http://localhost:9411/api/v2/spans?",
			},
		},
		{
			"JAEGER_AGENT_HOST", "tracer: appdash",
			[]string{"JAEGER_AGENT_HOST=::1", "JAEGER_AGENT_PORT=x"},
			[]string{"JAEGER_AGENT_HOST, JAEGER_AGENT_PORT: not used, because tracer is appdash; spans go to tcp://localhost:7701", passedOver + "'tcp://[::1]:7701'?"},
		},
		{
			"JAEGER_ENDPOINT", "tracer: otel",
			[]string{"JAEGER_ENDPOINT=http://u:hunter2@c:14268/api/traces", "JAEGER_AGENT_HOST=a"},
			[]string{"JAEGER_ENDPOINT, JAEGER_AGENT_HOST: not used, because tracer is otel; spans go to http://localhost:4318/v1/traces", passedOver + "http://c:4318/v1/traces?"},
		},
		{"JAEGER_* addresses beside an endpoint", "tracer: appdash\nreporter.collector.endpoint: tcp://h:1", []string{"JAEGER_AGENT_HOST=a"}, nil},
		{"JAEGER_* addresses with OTEL_*", "tracer: otel", []string{"JAEGER_AGENT_HOST=a", "OTEL_EXPORTER_OTLP_ENDPOINT=http://h:4318"}, nil},
		{
			"agent of this run", "tracer: appdash\nreporter.agent.port: 1",
			[]string{"OTDEMO_REPORTER_AGENT_HOST=h"},
			[]string{"OTDEMO_REPORTER_AGENT_HOST: reporter.agent.host is not used, because tracer is appdash", passedOver + "tcp://localhost:7701?"},
		},
		{"agent's host for its strategies", "tracer: otel\nsampler.type: remote", []string{"OTDEMO_REPORTER_AGENT_HOST=h"}, nil},
		{"credentials over HTTP", "tracer: zipkin\nreporter.collector: {user: u, password: hunter2}", nil, nil},
		{"credentials over TCP", "tracer: appdash\nreporter.collector: {user: u, password: hunter2}", nil, []string{"config.yaml:2: reporter.collector.user is not used: Appdash's collector has no authentication"}},
		{"credentials over gRPC", "tracer: otel\nreporter.collector: {endpoint: 'grpcs://h:4317', user: u, password: hunter2}", nil, nil},
		{"short ids of otel", "tracer: otel\ntrace_id_128bit: false", []string{"OTDEMO_TRACE_ID_128BIT=false"}, []string{"OTDEMO_TRACE_ID_128BIT: trace_id_128bit is not used: the trace ids of tracer otel always have 128 bits"}},
		{"long ids of appdash", "tracer: appdash", []string{"OTDEMO_TRACE_ID_128BIT=true"}, []string{"OTDEMO_TRACE_ID_128BIT: trace_id_128bit is not used: the trace ids of tracer appdash have 64 bits"}},
		{"long ids of zipkin", "tracer: zipkin", []string{"OTDEMO_TRACE_ID_128BIT=true"}, nil},
		{"Zipkin's own query API", "tracer: zipkin\nquery.url: http://h:9411", nil, nil},
		{"Zipkin's query API with otel", "tracer: otel\nquery.url: http://h:9411", nil, []string{"config.yaml:2: query.url has port 9411, Jaeger's port for Zipkin over HTTP; the query API is on 16686", "hint: did you mean query.url: http://h:16686?"}},
		{"OTEL_* with another tracer", "tracer: zipkin", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=x", "OTEL_TRACE_SAMPLER=x"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			loaded := mustLoad(t, config.Source{Dir: dirWith(t, tt.file), Environ: tt.env})
			if diff := cmp.Diff(tt.want, warned(loaded)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
